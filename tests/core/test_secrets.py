"""Which names hold secrets, and values without them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.secrets import REDACTED, bare_url, names_a_secret, names_headers, without_secrets

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
        "extra_headers": {"Authorization": REDACTED, "X-Trace": REDACTED},
        "list": [{"api_key": REDACTED}, 1],
        "key": None,
    }
    assert without_secrets({"api_key": None}) == {"api_key": None}


@pytest.mark.parametrize("name", ["headers", "extra_headers", "extraHeaders", "Headers"])
def test_any_header_may_be_a_key(name: str) -> None:
    assert names_headers(name)
    assert without_secrets({name: {"X-My": "top", "X-Trace": "t"}}) == {name: {"X-My": REDACTED, "X-Trace": REDACTED}}
    assert without_secrets({name: ["X-My: top"]}) == {name: REDACTED}
    assert not names_headers("header_row")


IN_URLS = [
    ("https://u:hunter2@h/x", f"https://{REDACTED}@h/x"),
    ("HTTP://ghp_token@h", f"HTTP://{REDACTED}@h"),
    ("postgres://u:hunter2@h:5432/db", f"postgres://{REDACTED}@h:5432/db"),
    ("see https://u:p@h, and http://v:q@i/", f"see https://{REDACTED}@h, and http://{REDACTED}@i/"),
    ("https://h/x?a=1&token=SECRETSECRET&b=2#c", f"https://h/x?a=1&token={REDACTED}&b=2#c"),
    (
        "https://b.s3.amazonaws.com/k?X-Amz-Signature=0123456789ab",
        f"https://b.s3.amazonaws.com/k?X-Amz-Signature={REDACTED}",
    ),
    (
        "https://b.blob.core.windows.net/k?sp=r&sig=abc%2Fdef%3D",
        f"https://b.blob.core.windows.net/k?sp=r&sig={REDACTED}",
    ),
    ("ssh://git@github.com/a/b", None),
    ("https://h/a@b?page=2&key=abc", None),
    ("mail me@h.example, or ask http://h/", None),
]


@pytest.mark.parametrize(("text", "shown"), IN_URLS)
def test_what_opens_a_url_is_taken_out_of_any_text(text: str, shown: str | None) -> None:
    assert without_secrets({"a": [text]}) == {"a": [shown or text]}
    assert without_secrets([text], by_name=False) == [shown or text]


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("http://user:hunter2@10.0.0.1/x?token=SECRETSECRET#top", "http://10.0.0.1/x"),
        ("https://h:8000/a/b", "https://h:8000/a/b"),
        ("https://u@[::1]:9/a", "https://[::1]:9/a"),
        ("https://h/a@b", "https://h/a@b"),
        ("http://user:hun/ter2@h/x", f"http://{REDACTED}"),
        ("http://user:hun?ter2@h/x", f"http://{REDACTED}"),
        ("http://user:hun#ter2@h/x", f"http://{REDACTED}"),
        ("user:hunter2@h", "h"),
        ("not a url", "not a url"),
    ],
)
def test_a_url_as_it_may_be_shown(url: str, bare: str) -> None:
    assert bare_url(url) == bare


@given(st.text(min_size=1).filter(lambda text: "@" not in text), st.sampled_from(["http://", "ftp://", ""]))
def test_no_password_is_in_a_bare_url(password: str, scheme: str) -> None:
    mark = "hunter2"
    assert mark not in bare_url(f"{scheme}user:{password}{mark}@host.example/path")
