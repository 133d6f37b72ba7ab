"""What an example is: pieces of a conversation, and how much each counts in the loss."""

from __future__ import annotations

import hashlib
import re
from typing import TypeAlias, cast

from aiapp.transformer.tokenizer import Role

Piece: TypeAlias = tuple[str, float]
"""A text, and its weight: 0 is read, 1 must be said, in between is continued as prose."""
Example: TypeAlias = list[Piece]

BEGIN, END, SYSTEM, USER, ASSISTANT, TOOL = (
    "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>",
)  # fmt: skip
REFUSAL = "Not in the documents."

_TURN = re.compile(r"<\|(system|user|assistant|tool)\|>(<\|call\|>)?(.*?)<\|end\|>", re.DOTALL)


def conversation(example: Example) -> tuple[list[tuple[Role, str]], str]:
    """The turns of an example up to its last answer, and that answer."""
    turns: list[tuple[Role, str]] = []
    for role, call, text in _TURN.findall("".join(text for text, _ in example)):
        turns.append(("call" if call else cast(Role, role), text))
    return turns[:-1], turns[-1][1]


def held_out(text: str) -> bool:
    """Whether a text belongs to the tenth that is never trained on; its own letters decide."""
    return hashlib.sha256(text.encode()).digest()[0] < 26
