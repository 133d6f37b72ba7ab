"""What is known of a text without a model: its words, and about how many tokens it takes."""

from __future__ import annotations

import pytest

from aiapp.core.tokens import estimated_tokens
from aiapp.core.words import words


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fours", 2)])
def test_tokens_are_rounded_up(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


def test_words_and_numbers_in_lower_case() -> None:
    assert words("It\u2019s Zo\u00eb's 1,200.50 EUR_x!") == ["it's", "zo\u00eb's", "1,200.50", "eur", "x"]
