"""Cassettes: what was recorded is told again, exactly, without the model; and no secret is ever written."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.catalog.catalogue import catalogue
from aiapp.client.cache import MemoryCache
from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.embeddings import Vectors as EmbeddedVectors
from aiapp.core.errors import InvalidInput, MissingKey, ProviderError, RateLimited
from aiapp.core.events import Event, TextDelta, fold
from aiapp.core.messages import Message, system, user
from aiapp.core.parts import File, Image, Text, ToolCall, ToolResult
from aiapp.core.request import Request, Settings
from aiapp.core.response import Response
from aiapp.core.secrets import without_secrets
from aiapp.core.serialisation import to_plain
from aiapp.core.usage import Usage
from aiapp.providers.anthropic.provider import AnthropicProvider
from aiapp.providers.counting import Count
from aiapp.providers.local.provider import LocalProvider
from aiapp.providers.openai.chat.provider import ChatProvider
from aiapp.providers.openai.provider import OpenAIProvider
from aiapp.providers.openai.vendors import vendors
from aiapp.providers.protocol import Prepared, Provider
from aiapp.testing import Cassette, NotRecorded, Said, ScriptedModel, Vectors, WireServer, faults, tape
from tests.core.test_serialisation import exact, some_events, some_requests

ONCE = Retry(attempts=1)


def recorded(path: Path, script: Any, *asked: Any) -> list[Any]:
    """What a scripted model gives to some requests, recorded."""
    cassette = Cassette(path, ScriptedModel(script), mode="record")
    return [ask(cassette, one) for one in asked]


def ask(cassette: Cassette, asked: Any, *, stream: bool = False) -> Any:
    """The events, or the failure."""

    async def play() -> list[Event] | ProviderError:
        prepared = cassette.prepare(Request.of(asked))
        try:
            if not stream:
                return await cassette.acomplete(prepared)
            return [event async for event in cassette.astream(prepared)]
        except ProviderError as error:
            return error

    return asyncio.run(play())


def replay(path: Path) -> Cassette:
    return Cassette(path, ScriptedModel([]), mode="replay")


def holds_no_secret(events: list[Event]) -> bool:
    """Whether a cassette keeps all of it."""
    plain = to_plain(events)
    return bool(without_secrets(plain) == plain)


@given(
    some_requests, st.lists(some_events, min_size=1, max_size=8).filter(holds_no_secret), st.booleans(), st.booleans()
)
def test_any_answer_is_told_again(request: Request, events: list[Event], streamed: bool, streaming: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        asked = replace(request, messages=request.messages or (user("hi"),))
        assert ask(Cassette(path, ScriptedModel(tuple(events))), asked, stream=streamed) == events
        again = ask(replay(path), replace(asked, prompt="another"), stream=streaming)
        assert exact(tuple(again)) == exact(tuple(events))


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_a_vendors_answers_are_told_without_key_server_or_sdk(vendor: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "hello.json"
    said = Said("Paris is lovely", thinking="Hm", tool_calls=(ToolCall("c1", "look", '{"at": "it"}'),))
    with WireServer([said, "Rome"]) as server:
        cassette = Cassette(path, f"{vendor}:m", api_key="sk-not-a-real-key-1", base_url=server.url)
        with Client(provider=cassette, retry=ONCE) as client:
            first, second = client.complete("France?"), client.stream("Italy?")
            assert "".join(second.text()) == "Rome"
        server.assert_done()
    program = f"""
import json, sys
from aiapp import Client
from aiapp.testing import Cassette, block_network
with block_network(allow_loopback=False), Cassette({str(path)!r}, "{vendor}:m") as cassette:
    client = Client(provider=cassette)
    stream = client.stream("France?")
    list(stream)
    one = stream.response
    print(json.dumps([one.text, [call.arguments for call in one.tool_calls], str(one.usage), one.request_id,
        one.finish.reason, one.model, client.complete("Italy?").text, dict(one.receipt.payload)["model"]]))
assert not [name for name in ("openai", "anthropic", "httpx2") if name in sys.modules]
"""
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=bare, check=False)
    assert done.returncode == 0, done.stderr
    assert first.finish is not None
    assert json.loads(done.stdout) == [
        "Paris is lovely",
        ['{"at": "it"}'],
        str(first.usage),
        first.request_id,
        first.finish.reason,
        first.model,
        "Rome",
        "m",
    ]
    assert "not-a-real-key" not in path.read_text()


class Posing(ScriptedModel):
    """It records under another model's name."""

    def __init__(self, name: str, script: Any) -> None:
        super().__init__(script, free=False)
        self.name, _, self.model = name.partition(":")


@pytest.mark.parametrize("vendor", vendors())
def test_no_vendor_needs_a_key_or_an_address_to_be_told_again(
    vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in [vendors()[vendor].key, vendors()[vendor].base_url_variable, "OPENAI_BASE_URL"]:
        monkeypatch.delenv(variable, raising=False)
    path = tmp_path / "a.json"
    assert Client(provider=Cassette(path, Posing(f"{vendor}:m", "Paris"))).complete("France?").text == "Paris"
    with Cassette(path, f"{vendor}:m") as again:
        assert Client(provider=again).complete("France?").text == "Paris"


@pytest.mark.parametrize("output", [None, dict[str, str]], ids=["text", "typed"])
def test_litellms_answers_are_told_where_it_is_not_installed(
    output: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would leave out of the arguments cannot be known then, and that is said."""
    monkeypatch.setitem(sys.modules, "litellm", None)
    path, answer = tmp_path / "a.json", '{"city": "Paris"}'
    settings = Settings(temperature=0.5, tool_choice="auto")

    def asked(provider: Provider) -> list[Response[Any]]:
        client = Client(provider=provider)
        asks = (Request((user("France?"),)), Request((user("France?"),), settings=settings))
        return [client.complete(one, output=output) for one in asks]

    before = asked(Cassette(path, Posing("litellm:bedrock/x", [answer, answer])))
    with Cassette(path, "litellm:bedrock/x") as again:
        plain, set_up = asked(again)
        assert [plain.text, set_up.text] == [answer, answer]
        assert [plain.output, set_up.output] == [one.output for one in before]
    told = [
        "not installed here" in " ".join(change.reason for change in one.receipt.changes) for one in (plain, set_up)
    ]
    assert told == [output is not None, True]
    assert set_up.receipt.payload["temperature"] == 0.5
    with pytest.raises(errors.MissingDependency):
        Cassette(tmp_path / "b.json", "litellm:bedrock/x")


class Loading(ScriptedModel):
    """It must be loaded before it is asked."""

    loads = 0

    async def aload(self) -> None:
        self.loads += 1

    def prepare(self, request: Request) -> Prepared:
        assert self.loads, "it would load on the event loop"
        return super().prepare(request)


def test_what_is_recorded_is_loaded_before_it_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    model = Loading(["x", "y"])
    client = Client(provider=Cassette(path, model))
    assert [client.complete("hi").text, client.complete("hi").text, model.loads] == ["x", "y", 1]


def test_nothing_is_loaded_to_be_told_again(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    recorded(path, "x", "hi")
    told = Loading([])
    asyncio.run(Cassette(path, told).aload())
    assert told.loads == 0


def test_a_replayed_answer_is_priced_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, prices = tmp_path / "a.json", tmp_path / "catalog.toml"
    monkeypatch.setenv("AIAPP_CATALOG", str(prices))

    said = Said("x", model="gpt-6-sol", usage=Usage(600_000, 400_000, 0, 0, 0))

    def cost(model: str | Provider, dollars: int) -> Decimal | None:
        price = f"price = {{ input = {dollars}, output = {dollars} }}"
        prices.write_text(f'[offers."openai:gpt-6-sol"]\n{price}\n')
        catalogue.cache_clear()
        return Client(provider=Cassette(path, model)).complete("hi").receipt.cost

    try:
        recorded_cost = cost(Posing("openai:gpt-6-sol", said), 3)
        told_cost = cost(Posing("openai:gpt-6-sol", []), 2)
    finally:
        catalogue.cache_clear()
    assert (recorded_cost, told_cost) == (Decimal(3), Decimal(2))


def test_the_file_is_made_to_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    request = Request((system("Be brief."), user("Grüße?")), settings=Settings(max_tokens=9))
    busy = RateLimited("busy", provider="p", model="m", status=429)
    recorded(path, [(TextDelta("Köln"), TextDelta("🙂")), busy], request, "again")
    assert (
        path.read_text(encoding="utf-8")
        == """\
{
  "cassette": 1,
  "model": "scripted:scripted",
  "interactions": [
    {
      "request": {
        "kind": "request",
        "messages": [
          {
            "kind": "message",
            "role": "system",
            "parts": [
              {
                "kind": "text",
                "text": "Be brief."
              }
            ]
          },
          {
            "kind": "message",
            "role": "user",
            "parts": [
              {
                "kind": "text",
                "text": "Grüße?"
              }
            ]
          }
        ],
        "settings": {
          "kind": "settings",
          "max_tokens": 9
        }
      },
      "events": [
        {"kind": "text_delta", "text": "Köln"},
        {"kind": "text_delta", "text": "🙂"}
      ]
    },
    {
      "request": {
        "kind": "request",
        "messages": [
          {
            "kind": "message",
            "role": "user",
            "parts": [
              {
                "kind": "text",
                "text": "again"
              }
            ]
          }
        ]
      },
      "events": [
      ],
      "error": {"kind": "RateLimited", "message": "busy", "provider": "p", "model": "m", "status": 429}
    }
  ]
}
"""
    )
    assert list(tmp_path.iterdir()) == [path]


class Odd(errors.Overloaded):
    """A failure of a provider that is not ours."""


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        RateLimited("busy", provider="p", model="m", status=429, request_id="r", retry_after=7.5),
        errors.ContextOverflow("too long", provider="p", model="m"),
        Odd("full", provider="p", model="m", status=529),
    ],
)
def test_a_failure_is_the_same_failure(error: ProviderError, stream: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert recorded(path, [error, "fine"], "hi", "hi")[0] is error
    cassette = replay(path)
    again = ask(cassette, "hi", stream=stream)
    assert type(again) is (errors.Overloaded if isinstance(error, Odd) else type(error))
    assert (str(again), vars(again)) == (str(error), vars(error))
    assert fold(ask(cassette, "hi")).text == "fine"
    cassette.assert_done()


def read(client: Client, seen: list[str]) -> None:
    for piece in client.stream("hi").text():
        seen.append(piece)


def test_a_stream_that_breaks_breaks_again_at_the_same_place(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with WireServer(faults.Cut(Said("a" * 500), at=3000)) as server:
        cassette = Cassette(path, "openai:m", api_key="k", base_url=server.url)

        def shown(client: Client) -> str:
            seen: list[str] = []
            with pytest.raises(errors.ConnectionFailed):
                read(client, seen)
            client.close()
            return "".join(seen)

        before = shown(Client(provider=cassette, retry=ONCE))
    assert before
    assert shown(Client(provider=Cassette(path, "openai:m"), retry=ONCE)) == before


def test_a_stream_that_was_left_is_told_as_far_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    async def leave(client: Client) -> None:
        stream = client.stream("hi")
        async for piece in stream.atext():
            assert piece == "aaaaa"
            break
        await stream.aclose()

    asyncio.run(leave(Client(provider=Cassette(path, ScriptedModel("a" * 50)))))
    told = ask(replay(path), "hi")
    assert 1 <= len([event for event in told if isinstance(event, TextDelta)]) < 10
    assert fold(told).finish is None
    asyncio.run(leave(Client(provider=replay(path))))


def test_the_same_request_is_answered_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    recorded(path, ["one", "two", "other"], "hi", "hi", "ho")
    cassette = replay(path)
    with pytest.raises(AssertionError, match=r"3 recordings of .* were not asked for"):
        cassette.assert_done()
    assert [fold(ask(cassette, asked)).text for asked in ("ho", "hi", "hi")] == ["other", "one", "two"]
    cassette.assert_done()
    with pytest.raises(NotRecorded, match="holds this request 2 times, and it was asked once more"):
        ask(cassette, "hi")


def test_what_was_not_recorded_is_shown_against_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    story = Request((system("Be brief."), user("A story of a cat")), settings=Settings(temperature=0.5))
    recorded(path, "x", "something else", story)
    client = Client(provider=replay(path), fallback=[ScriptedModel("never asked")])
    with pytest.raises(NotRecorded) as caught:
        client.complete(replace(story, settings=Settings(temperature=0.7)))
    shown = str(caught.value)
    assert f"delete {path}" in shown
    changed = [line for line in shown.splitlines() if line.startswith(("-", "+")) and line[1:3] == "  "]
    assert changed == ['-    "temperature": 0.5', '+    "temperature": 0.7']
    path.write_text('{"cassette": 1, "model": "scripted:scripted", "interactions": []}')
    with pytest.raises(NotRecorded, match="holds no request"):
        ask(replay(path), "hi")


def test_leftovers_are_named_unless_the_test_has_failed_already(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    recorded(path, "x", "asked for", "forgotten")
    with pytest.raises(AssertionError, match="forgotten"), replay(path) as cassette:
        ask(cassette, "asked for")
    with pytest.raises(LookupError), replay(path):
        raise LookupError


def test_answers_are_in_the_order_of_asking_whichever_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def answer(received: Any) -> Any:
        text = received.body["input"][0]["content"][0]["text"]
        return faults.Stall(text, seconds=0.2) if text == "slow" else text

    with WireServer(answer) as server:
        cassette = Cassette(path, "openai:m", api_key="k", base_url=server.url)

        async def both() -> None:
            async with Client(provider=cassette) as client:
                await asyncio.gather(client.acomplete("slow"), client.acomplete("quick"))

        asyncio.run(both())
    kept = json.loads(path.read_text())["interactions"]
    assert [one["request"]["messages"][0]["parts"][0]["text"] for one in kept] == ["slow", "quick"]


def test_what_differs_from_run_to_run_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def undated(request: Request) -> Request:
        return replace(request, messages=tuple(one for one in request.messages if one.role != "system"))

    monday, tuesday = (Request((system(f"Today is {day}."), user("hi"))) for day in ("Monday", "Tuesday"))
    model = ScriptedModel(["hello"])
    ask(Cassette(path, model, normalise=undated), monday)
    assert model.requests == [monday]  # the model gets all of it
    assert fold(ask(Cassette(path, model, normalise=undated), tuesday)).text == "hello"
    assert "Monday" not in path.read_text()


def test_modes(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(InvalidInput, match="mode `auto` or `record` makes it"):
        Cassette(path, "openai:m", mode="replay")
    with pytest.raises(MissingKey):
        Cassette(path, "openai:m")
    assert recorded(path, "old", "hi")
    assert not Cassette(path, ScriptedModel([])).recording
    recorded(path, "new", "hi")
    assert fold(ask(replay(path), "hi")).text == "new"
    with pytest.raises(InvalidInput, match="auto, record, replay"):
        Cassette(path, "local", mode="rewind")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidInput, match=r"model.*scripted:scripted, whose answers these are"):
        Cassette(path, "openai:m")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("{", "no JSON", "Expecting value"),
        ('"cassette": 1', '"cassette": 2', "its format is 2"),
        ('"finish"', '"finale"', "finale"),
        ('"role": "user"', '"role": "boss"', r"request\.messages\[0\]\.role"),
        ('"interactions"', '"others"', "interactions"),
    ],
)
def test_a_broken_file_is_named(old: str, new: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    recorded(path, "x", "hi")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InvalidInput, match=rf"cassette: .*a\.json.*{named}"):
        replay(path)


def test_what_fails_otherwise_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(LookupError):
        recorded(path, LookupError("a bug"), "hi")
    assert not path.exists()


# Secrets.

SECRET = "correct-horse-battery"
around = st.text(max_size=6)
holding = st.tuples(around, around).map(SECRET.join)
texts = around | holding


def in_pieces(text: str, cuts: list[int]) -> list[TextDelta]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [TextDelta(text[start:end]) for start, end in pairwise(places)]


some_opaque = st.dictionaries(texts, texts | st.lists(texts, max_size=2), max_size=2)
some_turns = st.tuples(
    st.builds(ToolCall, texts, texts, texts, some_opaque),
    st.builds(ToolResult, texts, texts),
).map(user)


@given(some_turns, some_opaque, st.binary(max_size=5), holding, st.lists(st.integers(0, 40)))
def test_a_secret_of_the_environment_never_lands_in_the_file(
    turn: Message, extra: dict[str, Any], data: bytes, answer: str, cuts: list[int]
) -> None:
    file = File("text/plain", "a.txt", data + SECRET.encode() + data)
    request = Request((turn, user([file])), settings=Settings(extra=extra))
    deltas = in_pieces(answer, cuts)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOME_VENDOR_API_KEY", SECRET)
        path = Path(folder, "a.json")
        assert ask(Cassette(path, ScriptedModel(tuple(deltas))), request) == deltas  # the caller gets all of it
        text = path.read_text(encoding="utf-8")
        again = ask(replay(path), request)
    assert SECRET not in text
    assert SECRET not in json.dumps(json.loads(text))
    kept = json.loads(text)["interactions"][0]["request"]["messages"][1]["parts"][0]["data"]
    assert SECRET.encode() not in base64.b64decode(kept)
    assert len(again) == len(deltas)
    assert fold(again).text == answer.replace(SECRET, "[redacted]")


KEYS = {
    "a key in the text": user("my key is sk-proj-abc123def456"),
    "a bearer": user("Authorization: Bearer abcdef0123456789"),
    "a long key": user("sk-abcdefghijklmnopqrstuvwxyz"),
}


@pytest.mark.parametrize("message", KEYS.values(), ids=KEYS.keys())
def test_what_looks_like_a_key_is_taken_out(message: Message, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    recorded(path, message.text, message)
    text = path.read_text()
    assert "[redacted]" in text
    assert not any(secret in text for secret in ("abc123", "abcdef0", "ghijkl"))
    assert "[redacted]" in fold(ask(replay(path), message)).text


def test_what_stands_under_a_secrets_name_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    extra = {
        "extra_headers": {"X-Api-Key": "hunter2", "authToken": "hunter2", "accept": "text"},
        "password": ["hunter2"],
        "prompt_cache_key": "kept",
        "max_tokens": 5,
        "tokens": "kept",
    }
    asked = Request((user("hunter2 is in the text, where no name tells"),), settings=Settings(extra=extra))
    recorded(path, "x", asked)
    kept = json.loads(path.read_text())["interactions"][0]["request"]["settings"]["extra"]
    assert kept == {
        "extra_headers": {"X-Api-Key": "[redacted]", "authToken": "[redacted]", "accept": "[redacted]"},
        "password": "[redacted]",
        "prompt_cache_key": "kept",
        "max_tokens": 5,
        "tokens": "kept",
    }
    other = replace(asked, settings=Settings(extra={**extra, "password": "another"}))
    assert fold(ask(replay(path), other)).text == "x"


def test_what_opens_a_url_and_what_stands_in_headers_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    mcp = {"type": "mcp", "server_url": "https://u:passw0rdpass@h/", "headers": {"X-My": "topsecretvalue"}}
    shown = user([Text("see http://v:hunter2@i/?token=0123456789"), Image("image/png", url="https://w:hunter3@h/a")])
    asked = Request((shown,), settings=Settings(extra={"tools": [mcp]}))
    recorded(path, "it is at ftp://x:hunter4@h/", asked)
    text = path.read_text()
    assert not any(one in text for one in ("passw0rd", "topsecret", "hunter", "0123456789"))
    assert "X-My" in text
    assert fold(ask(replay(path), asked)).text == "it is at ftp://[redacted]@h/"


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("/responses", partial(OpenAIProvider, "m", api_key="an unusual one")),
        ("/messages", partial(AnthropicProvider, "m", api_key="an unusual one\n")),
        ("/chat", partial(ChatProvider, vendors()["groq"], "m", api_key="an unusual one")),
    ],
    ids=["openai", "anthropic", "chat"],
)
def test_the_key_of_a_provider_is_not_written(path: str, make: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    question = "is an unusual one my key?"
    with WireServer([Said("an unusual one is your key")]) as server:
        with Client(provider=Cassette(file, make(base_url=server.url))) as client:
            assert "unusual" in client.complete(question).text
        assert path in server.requests[0].path
    assert "unusual" not in file.read_text()
    with Client(provider=Cassette(file, make(base_url="http://localhost:9"))) as again:
        assert again.complete(question).text == "[redacted] is your key"


def test_prose_about_keys_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    prose = "Bearer authentication, sk-learn, risk-averse-2024-planning, a token of thanks"
    recorded(path, "x", prose)
    assert prose in path.read_text()


def test_a_key_in_a_failure_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    refused = errors.AuthenticationFailed("wrong key: sk-abc123def456", provider="p", model="m", status=401)
    recorded(path, [refused], "hi")
    assert ask(replay(path), "hi").message == "wrong key: [redacted]"


def test_a_conversation_goes_on_from_what_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second turn holds the first one's answer, of which a secret was taken out."""
    path = tmp_path / "a.json"
    monkeypatch.setenv("MY_TOKEN", "long-enough-token")
    for model in (ScriptedModel(["it is long-enough-token", "you are welcome"]), ScriptedModel([])):
        with Cassette(path, model) as cassette:
            client = Client(provider=cassette)
            first = client.complete("what is it?")
            second = client.complete([user("what is it?"), first.message, user("thanks")])
            assert second.text == "you are welcome"


# Vectors and counts.


@pytest.mark.parametrize("vendor", ["openai", "openai-chat"])
def test_vectors_are_told_again(vendor: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    made = Vectors(((0.1, -2.5e-7, 1 / 3), (3.0, 0.0, 1e20)), input_tokens=6)
    with WireServer([made, faults.rate_limited(retry_after=7), made]) as server:
        cassette = Cassette(path, f"{vendor}:m", api_key="k-not-a-real-key", base_url=f"{server.url}/v1")
        with Client(provider=cassette, retry=ONCE) as client:
            first = client.embed(["a", "b"])
            with pytest.raises(RateLimited):
                client.embed(["c"])
            shorter = client.embed(["a", "b"], dimensions=3)
    with Cassette(path, f"{vendor}:m") as again:
        client = Client(provider=again, retry=ONCE)
        told = client.embed(["a", "b"])
        with pytest.raises(RateLimited) as caught:
            client.embed(["c"])
        assert caught.value.retry_after == 7
        assert client.embed(["a", "b"], dimensions=3).vectors == shorter.vectors
        with pytest.raises(NotRecorded, match="embed"):
            client.embed(["never asked"])
    assert (told.vectors, told.usage, told.model, told.request_id) == (
        first.vectors,
        first.usage,
        first.model,
        first.request_id,
    )
    assert [list(array("f", row)) for row in made.vectors] == [list(row) for row in told.vectors]


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1), min_size=1))
def test_any_vector_survives_the_file(rows: list[list[float]]) -> None:
    vectors = tape.vectors_of(json.loads(json.dumps(tape.plain_vectors(EmbeddedVectors(rows, "m", Usage(3, 0))))))
    assert [list(row) for row in vectors.vectors] == rows


def test_counts_are_told_again(tmp_path: Path) -> None:
    """A count that the provider made itself, over the network, is there without it; an estimate is made anew."""
    path = tmp_path / "a.json"
    request = Request((system("Be brief."), user("hi")), prompt="where it came from")
    cassette = Cassette(path, LocalProvider())
    recorded_count = Client(provider=cassette).count_tokens(request)
    with Cassette(path, Uncounting()) as again:
        client = Client(provider=again)
        assert client.count_tokens(replace(request, prompt=None)) == recorded_count
        assert client.explain(request).counted == LocalProvider().count_tokens(request)
        with pytest.raises(NotRecorded):
            client.count_tokens("else")


class Uncounting(LocalProvider):
    """One that must not be asked for a count."""

    async def acount_tokens(self, request: Request) -> Count:
        raise AssertionError("it was asked")


def test_what_the_model_cannot_do_its_cassette_cannot_either(tmp_path: Path) -> None:
    client = Client(provider=Cassette(tmp_path / "a.json", ScriptedModel("x")))
    with pytest.raises(InvalidInput, match="a model that embeds"):
        client.embed(["a"])
    with pytest.raises(InvalidInput, match="counts tokens"):
        client.count_tokens("a")
    explained = client.explain("a")
    assert explained.counted is not None
    assert not explained.counted.exact
    assert not (tmp_path / "a.json").exists()


def test_a_secret_in_a_text_to_embed_is_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "very-secret-indeed")
    path = tmp_path / "a.json"
    Client(provider=Cassette(path, LocalProvider())).embed(["my key is very-secret-indeed"])
    assert "very-secret-indeed" not in path.read_text()
    with Cassette(path, LocalProvider()) as again:
        assert Client(provider=again).embed(["my key is very-secret-indeed"]).vectors


def test_an_answer_that_is_missing_from_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    asked = {"request": {"kind": "embed", "texts": ["a"]}, "events": list[Any]()}
    path.write_text(json.dumps({"cassette": 1, "model": "local", "interactions": [asked]}))
    with pytest.raises(InvalidInput, match="embed has 0 answers"):
        Cassette(path, "local")


def test_a_cache_mixes_no_cassette_with_another_or_with_the_model(tmp_path: Path) -> None:
    cache = MemoryCache()

    def said(provider: Provider) -> str:
        return Client(provider=provider, cache=cache).complete("hello").text

    assert said(ScriptedModel(["the model"])) == "the model"
    assert said(Cassette(tmp_path / "a.json", ScriptedModel(["one"]))) == "one"
    assert said(Cassette(tmp_path / "b.json", ScriptedModel(["two"]))) == "two"
    assert said(Cassette(tmp_path / "a.json", ScriptedModel([]))) == "one"
    assert said(ScriptedModel([])) == "the model"


def test_a_cache_mixes_no_servers_behind_a_cassette(tmp_path: Path) -> None:
    cache, path, said = MemoryCache(), tmp_path / "a.json", list[str]()
    with WireServer("one") as first, WireServer("two") as second:
        for server in (first, second):
            cassette = Cassette(path, "openai:m", mode="record", api_key="k", base_url=f"{server.url}/v1")
            with Client(provider=cassette, cache=cache) as client:
                said.append(client.complete("hello").text)
    assert said == ["one", "two"]


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("path", (None, "local")),
        ("path", (5, "local")),
        ("model", ("a.json", 5)),
        ("model", ("a.json", Client("local"))),
    ],
)
def test_what_makes_no_cassette_is_refused(field: str, arguments: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Cassette(*arguments)
    assert caught.value.field == field
