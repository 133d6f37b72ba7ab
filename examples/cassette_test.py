"""A test of your own code against a recorded answer, as it stands in your repository: no key, no network.

python -m pytest examples/cassette_test.py

The first run of a test records, with your key. This recording is of a server on one machine that speaks OpenAI's wire,
for the example must run without a key.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aiapp import Client
from aiapp.testing import Cassette, NotRecorded

CASSETTE = Path(__file__).with_name("cassette_test.json")


def tag(client: Client, letter: str) -> str:
    """Your code: one word for a customer's letter."""
    return client.complete(f"One word for this letter: {letter}").text.strip().lower()


def test_a_letter_is_tagged() -> None:
    with Cassette(CASSETTE, "openai:some-model") as cassette:
        assert tag(Client(provider=cassette), "It arrived broken.") == "complaint"


def test_what_was_not_recorded_is_not_asked() -> None:
    with pytest.raises(NotRecorded, match="It arrived whole"):
        tag(Client(provider=Cassette(CASSETTE, "openai:some-model")), "It arrived whole.")


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
