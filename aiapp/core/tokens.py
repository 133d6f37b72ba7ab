"""How many tokens a text takes where nothing better is known than its length."""

from __future__ import annotations

import math

CHARACTERS_PER_TOKEN = 4
"""The usual rule for English prose; code and other languages take more tokens."""


def estimated_tokens(text: str) -> int:
    """The characters of a text over `CHARACTERS_PER_TOKEN`, rounded up."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)
