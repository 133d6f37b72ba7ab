"""What becomes of a schema's demands that no grammar of the provider's enforces. Pure."""

from __future__ import annotations

from aiapp.core.response import Change

ANNOTATIONS = frozenset({"default", "examples", "example", "deprecated", "readOnly", "writeOnly"})
"""Keywords that demand nothing."""


def unenforced(field: str, reason: str, *, checked: bool) -> Change:
    """A demand that is not enforced: lost, unless the answer is `checked` when it is read.

    That of a type is, by `JsonSchema.fits`; that of a schema which the caller wrote is not.
    """
    return Change(field, reason if checked else f"{reason}; the answer is not checked either", lost=not checked)
