"""Service tiers in our words, whatever a provider calls them: `standard`, `batch`, `flex`, `priority`, `fast`, ..."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS: Mapping[str, str | None] = {
    "default": "standard",
    "on_demand": "standard",  # Groq
    "standard_only": "standard",  # Anthropic, of a request
    "fast": "priority",  # OpenAI's other name for it: one price, and an answer says `priority` for both
    "auto": None,  # what was asked for, not how it was served
}


def served_tier(word: object) -> str | None:
    """The tier that a provider says it served, None where it says none; a word that is not known stays as it is."""
    return _WORDS.get(word, word) if isinstance(word, str) and word else None
