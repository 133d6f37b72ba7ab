"""How many tokens a request takes: what the API counts, and an estimate for when it is not asked. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.core.tokens import CHARACTERS_PER_TOKEN
from aiapp.providers.counting import Count

_COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "speed",
)
_OPAQUE = ("data", "signature", "cache_control", "id", "tool_use_id", "type", "role", "media_type", "url")


def countable(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What of a payload the API takes where it only counts."""
    return {name: payload[name] for name in _COUNTED if name in payload}


def estimated(payload: Mapping[str, Any]) -> Count:
    """By the number of characters in instructions, messages and tools; images and files are left out."""
    characters = sum(len(text) for name in ("system", "messages", "tools") for text in _texts(payload.get(name)))
    tokens = math.ceil(characters / CHARACTERS_PER_TOKEN)
    source = f"estimate: characters / {CHARACTERS_PER_TOKEN}, without images and files; its tokenizer is not public"
    return Count("Anthropic Claude", tokens, False, source)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        content: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        for name, one in content.items():
            if name not in _OPAQUE or (name == "data" and content.get("type") == "text"):
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(one)
