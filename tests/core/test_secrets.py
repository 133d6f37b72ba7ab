"""Which names hold secrets, and values without them."""

from __future__ import annotations

import pytest

from aiapp.core.secrets import REDACTED, names_a_secret, without_secrets

NAMES = [
    "api_key",
    "x-api-key",
    "apiKey",
    "aws_secret_access_key",
    "Authorization",
    "password",
    "session_token",
    "Cookie",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["max_tokens", "monkey", "tokens", "text", "model"])
def test_a_name_of_anything_else(name: str) -> None:
    assert not names_a_secret(name)


def test_secrets_are_taken_out_at_any_depth_and_nothing_else_is() -> None:
    given = {"extra_headers": {"Authorization": "Bearer x", "X-Trace": "t"}, "list": [{"api_key": "k"}, 1], "key": None}
    assert without_secrets(given) == {
        "extra_headers": {"Authorization": REDACTED, "X-Trace": "t"},
        "list": [{"api_key": REDACTED}, 1],
        "key": None,
    }
    assert without_secrets({"api_key": None}) == {"api_key": None}
