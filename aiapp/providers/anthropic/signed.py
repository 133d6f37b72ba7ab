"""Signed reasoning, which only the model that signed it takes back: who that was is kept beside it. Pure.

A conversation that was stored before this was kept says nothing of it: such reasoning goes to whichever model is asked,
since it is most often the same one, and a tool's result without the reasoning before its call is refused by some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SIGNED = ("thinking", "redacted_thinking")
_SIGNERS = "signed_by"
"""No field of the API's, and never sent."""


def kept(block: Mapping[str, Any], signers: Sequence[str]) -> dict[str, Any]:
    """A block as the metadata of a part; `signers` are the names of the one model that made it, as asked and served."""
    return {**block, _SIGNERS: list(dict.fromkeys(signers))} if block.get("type") in SIGNED else dict(block)


def is_block(given: object) -> bool:
    """Whether the metadata of a part is a block, as a decoder keeps it; else somebody wrote it by hand."""
    return isinstance(given, Mapping) and isinstance(given.get("type"), str)  # pyright: ignore[reportUnknownMemberType]


def replayed(block: Mapping[str, Any]) -> dict[str, Any]:
    """The block exactly as it came."""
    return {name: value for name, value in block.items() if name != _SIGNERS}


def foreign_signer(block: Mapping[str, Any], model: str) -> str | None:
    """The model that signed a block, where that is another than this one."""
    signers: Sequence[str] = block.get(_SIGNERS) or (model,)
    return None if model in signers else signers[0]
