"""Which names hold secrets, and values without them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aiapp.core.secrets import (
    REDACTED,
    apart,
    bare_url,
    names_a_secret,
    names_headers,
    struck_out,
    without_secrets,
)
from aiapp.tracking.redaction import Redaction

NAMES = [
    "api_key",
    "x-api-key",
    "apiKey",
    "aws_secret_access_key",
    "Authorization",
    "password",
    "session_token",
    "Cookie",
    "subscription-key",
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
    ("https://user:p@ss@h/a", f"https://{REDACTED}@h/a"),
    ("https://h/a?password=abc12", f"https://h/a?password={REDACTED}"),
    ("https://h/a;token=abc#access_token=d", f"https://h/a;token={REDACTED}#access_token={REDACTED}"),
    ("https://h/a?b=2;token=abc&to=http://i?sig=d", f"https://h/a?b=2;token={REDACTED}&to=http://i?sig={REDACTED}"),
    ('{"url":"https://h/a?token=abc","mail":"me@h"}', f'{{"url":"https://h/a?token={REDACTED}","mail":"me@h"}}'),
    (r'"{\"a\":\"http://h?token=abc\"}"', rf'"{{\"a\":\"http://h?token={REDACTED}\"}}"'),
    ('{"url":"https://h","mail":"me@h"}', None),
    ("ssh://git@github.com/a/b", None),
    ("https://h/a@b?page=2&key=abc", None),
    ("mail me@h.example, or ask http://h/", None),
]


@pytest.mark.parametrize(("text", "shown"), IN_URLS)
def test_what_opens_a_url_is_taken_out_of_any_text(text: str, shown: str | None) -> None:
    assert without_secrets({"a": [text]}) == {"a": [shown or text]}
    assert without_secrets([text], by_name=False) == [shown or text]


IN_PARAMETERS = [
    *("api-key", "api_key", "apiKey", "x-api-key", "access_key", "AWSSecretKey", "subscription-key", "KEY", "key"),
    *("token", "refresh_token", "id_token", "sessionToken", "X-Amz-Security-Token", "client_secret", "password"),
    *("sig", "Signature", "X-Amz-Signature", "X-Goog-Signature"),
]


@pytest.mark.parametrize("name", IN_PARAMETERS)
def test_a_parameter_of_a_url_is_secret_by_the_names_that_are_secret_elsewhere(name: str) -> None:
    assert without_secrets(f"https://h/a?b=1&{name}=s3cret&c=2") == f"https://h/a?b=1&{name}={REDACTED}&c=2"
    assert Redaction().text(f"https://h/a?{name}=s3cret") == f"https://h/a?{name}={REDACTED}"


def _unspaced(text: str) -> str:
    return "".join(text.split())


@given(st.text(st.characters(exclude_characters='/?#"<>') | st.sampled_from("@:"), min_size=1).map(_unspaced))
def test_no_password_is_in_a_text(password: str) -> None:
    mark = "hunter2"
    text = f"see https://user:{mark}{password}{mark}@host.example/path and the rest"
    for shown in (without_secrets(text), Redaction().text(text)):
        assert shown == f"see https://{REDACTED}@host.example/path and the rest"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)).map(lambda one: (one[0], one[0] + one[1]))))
def test_what_any_span_covers_is_struck_out_and_nothing_else_is(spans: list[tuple[int, int]]) -> None:
    text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    covered = {place for start, end in spans for place in range(start, end)}
    left = struck_out(text, apart(spans)).replace(REDACTED, "")
    assert left == "".join(letter for place, letter in enumerate(text) if place not in covered)


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("http://user:hunter2@10.0.0.1/x?token=SECRETSECRET#top", "http://10.0.0.1/x"),
        ("https://h:8000/a/b", "https://h:8000/a/b"),
        ("https://u@[::1]:9/a", "https://[::1]:9/a"),
        ("https://h/a@b", "https://h/a@b"),
        ("https://h/a;token=SECRETSECRET", "https://h/a"),
        ("http://u@v/hunter2@h", f"http://{REDACTED}"),
        ("http://user:hun/ter2@h/x", f"http://{REDACTED}"),
        ("http://user:hun?ter2@h/x", f"http://{REDACTED}"),
        ("http://user:hun#ter2@h/x", f"http://{REDACTED}"),
        ("user:hunter2@h", "h"),
        ("not a url", "not a url"),
    ],
)
def test_a_url_as_it_may_be_shown(url: str, bare: str) -> None:
    assert bare_url(url) == bare


@given(st.text(st.characters() | st.sampled_from("@:/?#"), min_size=1), st.sampled_from(["http://", "ftp://", ""]))
def test_no_password_is_in_a_bare_url(password: str, scheme: str) -> None:
    mark = "hunter2"
    assume(scheme or "://" not in f":{password}")  # that would be a scheme
    assert mark not in bare_url(f"{scheme}user:{password}{mark}@host.example/path")
