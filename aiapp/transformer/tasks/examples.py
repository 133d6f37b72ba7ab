"""What an example is: pieces of a conversation, and how much each counts in the loss."""

from __future__ import annotations

from typing import TypeAlias

from aiapp.transformer.template import CALL

Piece: TypeAlias = tuple[str, float]
"""A text, and its weight: 0 is read, 1 must be said, in between is continued as prose."""
Example: TypeAlias = list[Piece]

BEGIN, END, SYSTEM, USER, ASSISTANT, TOOL = (
    "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>",
)  # fmt: skip
SPECIAL = ("<|pad|>", BEGIN, END, SYSTEM, USER, ASSISTANT, TOOL, CALL)
REFUSAL = "Not in the documents."
