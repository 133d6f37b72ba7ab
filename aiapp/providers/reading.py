"""What the fields of an answer are read as, whoever sent it: a server may put anything anywhere. Pure.

Without its texts and names an answer is none. Counts and labels only stand beside it: one that is none is unknown, for
what was answered and paid for is not thrown away over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MALFORMED = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)
"""What decoding raises at an answer that has not the form of its API."""


def fields(value: object) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def as_text(value: object) -> str:
    """A text, which is empty where it is null."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    raise TypeError(f"{type(value).__name__} in place of a text")


def as_name(value: object) -> str:
    """The name or the id of something that is asked for by it."""
    if type(value) is str:
        return value
    raise TypeError(f"{type(value).__name__} in place of a name")


def as_place(value: object) -> int:
    """Where among others something stands."""
    if type(value) is int:
        return value
    raise TypeError(f"{type(value).__name__} in place of an index")


def as_label(value: object) -> str | None:
    """What the server calls something; None where that is no word."""
    return value if type(value) is str and value else None


def as_count(value: object) -> int | None:
    """How many; None, for unknown, where that is no number of things. Some servers write -1 for it."""
    if type(value) is int:
        return value if value >= 0 else None
    return as_count(int(value)) if type(value) is float and value.is_integer() else None
