"""Servers that cut a prompt to their own context without a word: what their counts give away. Pure.

Ollama keeps a context of 2,048 or 4,096 tokens unless its own settings say more, drops what does not fit, and takes no
word on it through Chat Completions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core.events import Altered
from aiapp.core.tokens import CHARACTERS_PER_TOKEN
from aiapp.core.usage import Usage

SMALLEST_CONTEXT, LARGEST_CONTEXT = 2048, 262_144
FAR_BELOW = 2
"""How many times fewer tokens than its characters suggest make a prompt suspect: no usual language takes so few."""


def characters_of(payload: Mapping[str, Any]) -> int:
    """How long the texts of a payload's messages are; images and files are left out."""
    return sum(_length(message.get("content")) for message in payload["messages"])


def truncated(characters: int, usage: Usage, *, at_the_limit: bool) -> Altered | None:
    """What the counts say of a prompt of so many characters; `at_the_limit` is whether the answer was cut off too."""
    read, written = usage.input_tokens, usage.output_tokens
    if read is None:
        return None
    thought = characters // CHARACTERS_PER_TOKEN
    if thought > SMALLEST_CONTEXT and read * FAR_BELOW < thought:
        reason = f"the server counted {read:,} tokens of a prompt of about {thought:,}"
        return Altered("messages", f"{reason}: it may have read only a part of it")
    if at_the_limit and written is not None and _is_a_context(read + written):
        reason = f"prompt and answer together are {read + written:,} tokens, as many as a server's context may have"
        return Altered("messages", f"{reason}: one or both may be cut off")
    return None


def _is_a_context(tokens: int) -> bool:
    """Whether a server may have been set to so many: a power of two."""
    return SMALLEST_CONTEXT <= tokens <= LARGEST_CONTEXT and tokens.bit_count() == 1


def _length(content: str | list[dict[str, Any]] | None) -> int:
    if isinstance(content, str) or content is None:
        return len(content or "")
    return sum(len(block.get("text") or "") for block in content)
