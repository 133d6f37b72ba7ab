"""What a client, its policies and its verbs are given wrongly is refused by name, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from aiapp.client.attachments import file, image
from aiapp.client.budget import Budget
from aiapp.client.cache import MemoryCache
from aiapp.client.client import Client
from aiapp.client.conversation import Conversation
from aiapp.client.limits import Concurrency, RateLimit
from aiapp.client.retry import Retry
from aiapp.client.sqlite_cache import SqliteCache
from aiapp.core.errors import ConnectionFailed, InvalidInput
from aiapp.core.messages import user
from aiapp.core.request import Request
from aiapp.testing import ScriptedModel

Given: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]


def given(*values: Any, **named: Any) -> Given:
    """Arguments that no type checker would let through."""
    return values, named


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("settings", {}),
        ("settings", {"temperature": 0}),
        ("retry", 3),
        ("retry", 0),
        ("retry", Retry),
        ("timeout", "10"),
        ("timeout", 0),
        ("timeout", True),
        ("timeout", None),
        ("cache", "x.db"),
        ("cache", MemoryCache),
        ("cache", {}),
        ("budget", 1),
        ("concurrency", "8"),
        ("concurrency", 0),
        ("concurrency", True),
        ("concurrency", 2.0),
        ("rate_limit", 60),
        ("strict", "no"),
        ("strict", 1),
        ("strict", None),
        ("fallback", 5),
        ("fallback", None),
        ("middleware", print),
        ("middleware", "log"),
        ("middleware", None),
        ("gates", 3),
        ("api_key", "k"),
        ("base_url", "http://localhost:1"),
    ],
)
def test_a_client_refuses_an_option(field: str, value: Any) -> None:
    model = ScriptedModel("x")
    with pytest.raises(InvalidInput) as caught:
        Client(provider=model, **{field: value}).complete("hi")
    assert caught.value.field == field
    assert caught.value.accepted
    assert model.requests == []


@pytest.mark.parametrize(
    ("field", "make", "arguments"),
    [
        ("model", Client, given(5)),
        ("model", Client, given("")),
        ("model", Client, given("local", provider=ScriptedModel("x"))),
        ("provider", Client, given(provider="openai:any")),
        ("provider", Client, given(provider=ScriptedModel)),
        ("fallback[1]", Client, given("local", fallback=["local", 5])),
        ("middleware[0]", Client, given("local", middleware=[3])),
        ("gates[0]", Client, given("local", gates=[RateLimit])),
        ("base_url", Client, given("local", base_url="http://localhost:1")),
        ("base_url", Client, given("local", base_url="http://u:secret-1@h/v1?token=secret-2")),
        ("base_url", Client, given(provider=ScriptedModel("x"), base_url="http://u:secret-1@h/v1")),
        ("base_url", Client, given("openai:any", api_key="k", base_url=5)),
        ("api_key", Client, given("local", api_key="sk-secret-1234")),
        ("api_key", Client, given("openai:any", api_key=b"sk-secret-1234")),
        ("client", Conversation, given("local")),
        ("messages", Conversation, given(Client("local"), "hi")),
        ("tools[0]", Conversation, given(Client("local"), tools=[print])),
        ("settings", Conversation, given(Client("local"), settings={})),
        ("max_entries", MemoryCache, given("a")),
        ("max_entries", MemoryCache, given(True)),
        ("path", SqliteCache, given(5)),
        ("max_age", SqliteCache, given("answers.db", "1 day")),
        ("deadline", Retry, given(deadline="3")),
        ("first_wait", Retry, given(first_wait=None)),
        ("longest_wait", Retry, given(longest_wait=float("nan"))),
        ("attempts", Retry, given("3")),
        ("attempts", Retry, given(True)),
        ("requests", RateLimit, given("60")),
        ("tokens", RateLimit, given(tokens=1.5)),
        ("per", RateLimit, given(60, per="1")),
        ("concurrency", Concurrency, given("8")),
        ("tokens", Budget, given(tokens="10")),
        ("seconds", Budget, given(seconds="10")),
        ("money", Budget, given([1])),
        ("source", image, given(None)),
        ("source", image, given(bytearray(b"x"))),
        ("source", file, given(5)),
        ("max_bytes", file, given(b"x", max_bytes="1")),
        ("max_bytes", image, given("https://example.com/a.png", max_bytes=0)),
        ("name", file, given(b"x", name=5)),
        ("media_type", file, given(b"x", media_type="")),
        ("fetch", file, given("https://example.com/a.pdf", fetch="no")),
        ("allow_private", image, given("http://127.0.0.1/a.png", fetch=True, allow_private="no")),
        ("timeout", image, given("http://127.0.0.1/a.png", fetch=True, timeout="3")),
        ("timeout", file, given("http://127.0.0.1/a.pdf", fetch=True, timeout=0)),
    ],
)
def test_what_a_client_is_made_of_is_refused(field: str, make: Callable[..., object], arguments: Given) -> None:
    with pytest.raises(InvalidInput) as caught:
        make(*arguments[0], **arguments[1])
    assert caught.value.field == field
    assert "secret" not in str(caught.value) + repr(caught.value.value)


@pytest.mark.parametrize(
    ("field", "verb", "arguments"),
    [
        ("requests", "batch", given("abc")),
        ("requests", "batch", given(None)),
        ("requests", "batch", given(user("hi"))),
        ("requests", "batch", given({"a": 1})),
        ("concurrency", "batch", given(["a"], concurrency="2")),
        ("on_progress", "batch", given(["a"], on_progress=5)),
        ("requests", "forecast", given("abc")),
        ("concurrency", "forecast", given(["a"], concurrency=0)),
        ("answer_tokens", "forecast", given(["a"], answer_tokens="9")),
        ("reasks", "complete", given("hi", output=int, reasks=-1)),
        ("reasks", "complete", given("hi", output=int, reasks="a")),
        ("reasks", "complete", given("hi", reasks=3)),
        ("reasks", "complete", given(Request.of("hi"), output=None, reasks=1)),
        ("output", "complete", given("hi", output=5)),
        ("output", "complete", given("hi", output="Person")),
        ("output", "complete", given("hi", output=print)),
        ("output", "complete", given("hi", output=str.upper)),
        ("output", "complete", given("hi", output={"type": "object"})),
        ("output", "stream", given("hi", output={"type": "object"})),
        ("request", "complete", given(5)),
        ("request", "stream", given(None)),
        ("request", "explain", given(["a"])),
    ],
)
def test_a_verb_refuses_what_it_is_given(field: str, verb: str, arguments: Given) -> None:
    model = ScriptedModel("x")
    with pytest.raises(InvalidInput) as caught:
        getattr(Client(provider=model), verb)(*arguments[0], **arguments[1])
    assert caught.value.field == field
    assert model.requests == []


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("texts", given(None)),
        ("texts", given("a")),
        ("texts[0]", given([1])),
        ("texts[1]", given(["a", None])),
        ("dimensions", given(["a"], dimensions="3")),
        ("dimensions", given(["a"], dimensions=0)),
    ],
)
def test_embedding_refuses_what_is_no_text(field: str, arguments: Given) -> None:
    with pytest.raises(InvalidInput) as caught:
        Client("local").embed(*arguments[0], **arguments[1])
    assert caught.value.field == field


def test_one_fallback_may_be_given_by_its_name() -> None:
    broken = ScriptedModel(ConnectionFailed("gone", provider="s", model="m"))
    assert Client(provider=broken, retry=Retry(attempts=1), fallback="local").complete("Hi").model == "local"


def test_a_wrong_option_is_told_before_a_missing_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InvalidInput, match="SqliteCache"):
        Client("openai:any", cache=str(tmp_path / "x.db"))  # type: ignore[arg-type]
