"""Whose model a name of litellm's is."""

from __future__ import annotations

import re

_OF_OPENAI = re.compile(r"(?:ft:)?(?:gpt-|chatgpt-|o\d|text-embedding-)")


def vendor_of(model: str) -> str:
    """The name before the slash. Where there is none it is `openai` for OpenAI's names; else only litellm knows."""
    vendor, slash, _ = model.partition("/")
    if slash:
        return vendor
    return "openai" if _OF_OPENAI.match(model) else ""
