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


def is_openais(model: str) -> bool:
    """Whether OpenAI's own API answers; others that speak its wire go by `openai` too, with names of their own."""
    vendor = vendor_of(model)
    return vendor == "azure" or (vendor == "openai" and _OF_OPENAI.match(model.rpartition("/")[2]) is not None)


def caches_by_marks(model: str) -> bool:
    """Whether nothing is cached without a mark, as for Claude."""
    return "claude" in model or vendor_of(model) in ("anthropic", "bedrock")
