"""Answers that have not the form of their API, over the real SDKs: each ends in an answer or in a typed error."""

from __future__ import annotations

import asyncio
import base64
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest

from aiapp.client.client import Client
from aiapp.client.sqlite_cache import SqliteCache
from aiapp.core.errors import ConnectionFailed, InvalidResponse, ProviderError, Unavailable
from aiapp.core.events import Event, fold
from aiapp.core.messages import user
from aiapp.core.parts import ToolCall
from aiapp.core.request import Request
from aiapp.core.serialisation import from_json, to_json
from aiapp.core.usage import Usage
from aiapp.providers.hosted import HostedProvider
from aiapp.providers.openai.sdk import OpenAISdkProvider
from aiapp.testing.wires import CHAT, MESSAGES, RESPONSES, Said, Wire
from tests.providers import wire
from tests.providers.openai import wires

Opener = Callable[[wire.Handler], Any]
ASK = Request((user("hi"),))
WRONG: tuple[Any, ...] = (None, True, 7, "x", [None], {"a": 1})
WIRES: list[Any] = [
    pytest.param(wires.responses, RESPONSES, id="responses"),
    pytest.param(wires.chat, CHAT, id="chat"),
    pytest.param(wire.anthropic, MESSAGES, id="messages"),
]
ANSWERS = (
    Said(
        "Hello there",
        thinking="Well",
        tool_calls=(ToolCall("c1", "look", '{"at": "it"}'), ToolCall("c2", "go", "{}")),
        usage=Usage(20, 5, 3, 2, 1, long_cache_write_tokens=1),
        piece=50,
    ),
    Said(refusal="I will not", piece=50),
)
SOURCED: dict[str, dict[str, Any]] = {
    "responses": wire.OPENAI
    | {
        "output": [
            wire.SAID
            | {"content": [{"type": "output_text", "text": "a", "annotations": [{"url": "https://a.example"}]}]},
            {"type": "web_search_call", "id": "w", "action": {"type": "search"}},
        ],
        "tools": [{"type": "image_generation", "model": "painter"}],
        "tool_usage": {"web_search": {"num_requests": 1}, "image_gen": {"input_tokens": 1, "total_tokens": 3}},
        "input_transformations": [{"type": "reasoning", "id": "r", "action": "dropped", "reason": "old"}],
        "incomplete_details": {"reason": "max_output_tokens"},
        "status": "incomplete",
    },
    "chat": wires.whole(
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                {"type": "text", "text": "a"},
            ],
            "annotations": [{"type": "url_citation", "url_citation": {"url": "https://a.example"}}],
            "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "hm"}],
        },
        "stop",
        {"prompt_tokens": 5, "completion_tokens": 1, "server_tool_use": {"web_search_requests": 1}},
    ),
    "messages": wire.ANTHROPIC
    | {
        "content": [
            {"type": "text", "text": "a", "citations": [{"cited_text": "b", "source": "c", "start_char_index": 1}]},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        ],
        "stop_reason": "refusal",
        "stop_details": {"category": "cyber", "explanation": "no"},
        "usage": {
            "input_tokens": 5,
            "output_tokens": 1,
            "server_tool_use": {"web_search_requests": 1},
            "iterations": [{"type": "message", "model": "m", "input_tokens": 5, "output_tokens": 1}],
            "service_tier": "standard",
            "inference_geo": "us",
        },
        "input_transformations": [{"type": "thinking_dropped", "path": "p", "reason": "old"}],
    },
}


class Server:
    """Answers whatever it is told to."""

    def __init__(self) -> None:
        self.status, self.kind, self.body = 200, "application/json", b""

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(self.status, headers={"content-type": self.kind}, content=self.body)


def spoilt(value: Any) -> Iterator[Any]:
    """The value with one place of it left out, or replaced by what does not belong there."""
    if isinstance(value, dict):
        whole: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        for name, inner in whole.items():
            yield {one: whole[one] for one in whole if one != name}
            for other in (*WRONG, *spoilt(inner)):
                yield whole | {name: other}
    elif isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        for place, inner in enumerate(items):
            yield items[:place] + items[place + 1 :]
            for other in (*WRONG, *spoilt(inner)):
                yield [*items[:place], other, *items[place + 1 :]]


def spoilt_streams(events: list[dict[str, Any]]) -> Iterator[list[Any]]:
    for place, event in enumerate(events):
        for other in spoilt(event):
            yield [*events[:place], other, *events[place + 1 :]]


def some(bodies: Iterable[bytes]) -> list[bytes]:
    """As many as take a second, always the same."""
    made = list(bodies)
    return Random(0).sample(made, min(len(made), 600))


def told(events: Iterable[Mapping[str, Any]], of: Wire) -> bytes:
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events) + of.terminator


def check(events: Iterable[Event]) -> None:
    """What was made of an answer is kept, and read again, as it is."""
    kept = tuple(events)
    assert from_json(tuple[Event, ...], to_json(kept)) == kept
    fold(kept)


async def whole(provider: HostedProvider[Any]) -> None:
    check(await provider.acomplete(provider.prepare(ASK)))


async def streamed(provider: HostedProvider[Any]) -> None:
    check([event async for event in provider.astream(provider.prepare(ASK))])


async def ended(ask: Callable[[], Any], server: Server, bodies: Iterable[bytes]) -> int:
    """Ask for each of the bodies; how many were no answer."""
    failed = 0
    for body in bodies:
        server.body = body
        try:
            await ask()
        except ProviderError:
            failed += 1
        except BaseException as error:
            error.add_note(body.decode())
            raise
    return failed


@pytest.mark.parametrize(("opener", "of"), WIRES)
def test_a_whole_answer_that_is_spoilt_anywhere_ends_in_an_answer_or_in_a_typed_error(opener: Opener, of: Wire) -> None:
    server = Server()
    provider = opener(server.handle)
    answers = (*(of.whole(said) for said in ANSWERS), SOURCED[of.name])
    bodies = (json.dumps(answer).encode() for right in answers for answer in spoilt(right))
    assert asyncio.run(ended(lambda: whole(provider), server, some(bodies))) > 20


@pytest.mark.parametrize(("opener", "of"), WIRES)
def test_so_does_a_stream_of_which_one_event_is(opener: Opener, of: Wire) -> None:
    server = Server()
    server.kind = "text/event-stream"
    provider = opener(server.handle)
    bodies = (told(events, of) for said in ANSWERS for events in spoilt_streams(of.events(said)))
    assert asyncio.run(ended(lambda: streamed(provider), server, some(bodies))) > 20


@pytest.mark.parametrize(("opener", "of"), WIRES)
@pytest.mark.parametrize("status", [400, 429, 500])
def test_so_does_a_failure(opener: Opener, of: Wire, status: int) -> None:
    server = Server()
    server.status = status
    provider = opener(server.handle)
    failure = of.failure(status)
    failure["error"]["details"] = {"error_code": "x"}
    bodies = [json.dumps(one).encode() for one in spoilt(failure)]
    assert asyncio.run(ended(lambda: whole(provider), server, bodies)) == len(bodies)


VECTORS: dict[str, Any] = {
    "data": [{"index": 0, "embedding": [0.5, 1.0]}, {"index": 1, "embedding": [1.0, 0.5]}],
    "model": "e-1",
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}


@pytest.mark.parametrize("opener", [wires.responses, wires.chat])
def test_so_do_vectors(opener: Callable[[wire.Handler], OpenAISdkProvider]) -> None:
    server = Server()
    provider = opener(server.handle)

    async def embed() -> None:
        vectors = await provider.aembed(["a", "b"], None)
        assert [len(vector) for vector in vectors.vectors] == [2, 2]
        assert vectors.usage in (Usage(2, 0), Usage(None, 0), Usage(7, 0))

    bodies = (json.dumps(answer).encode() for answer in spoilt(VECTORS))
    assert asyncio.run(ended(embed, server, bodies)) > 20


def embedded(*embeddings: Any) -> list[list[float]]:
    data = [{"index": place, "embedding": one} for place, one in enumerate(embeddings)]
    provider = wires.responses(lambda _: httpx2.Response(200, content=json.dumps({"data": data}).encode()))
    return [list(vector) for vector in asyncio.run(provider.aembed(["x"] * len(embeddings), None)).vectors]


def in_base64(*numbers: float) -> str:
    return base64.b64encode(array("f", numbers).tobytes()).decode()


NO_VECTORS: list[Any] = [
    (("@@@",), "base64"),
    (("AAA",), "padding"),
    (("AAAA",), "multiple"),
    (("",), "vectors of 0 numbers"),
    (([],), "vectors of 0 numbers"),
    (([0.5], [0.5, 1.0]), "vectors of 1 and 2 numbers"),
    (([0.5, float("nan")],), "no number"),
    (([1e300],), "no number"),
    ((in_base64(0.5, float("nan")),), "no number"),
    ((in_base64(0.5, float("-inf")),), "no number"),
]


@pytest.mark.parametrize(("embeddings", "wrong"), NO_VECTORS)
def test_vectors_that_are_none_are_invalid(embeddings: tuple[Any, ...], wrong: str) -> None:
    with pytest.raises(InvalidResponse, match=wrong):
        embedded(*embeddings)


def test_the_largest_numbers_are_numbers() -> None:
    largest = [3.4028234663852886e38, -3.4028234663852886e38]
    assert embedded(largest, in_base64(*largest)) == [largest, largest]


def counted(of: Wire, count: Any) -> dict[str, Any]:
    """An answer whose output is counted so."""
    answer = of.whole(Said("Hello", usage=Usage(20, 5, 0, 0, 0)))
    name = "completion_tokens" if of is CHAT else "output_tokens"
    return answer | {"usage": answer["usage"] | {name: count}}


@pytest.mark.parametrize(("opener", "of"), WIRES)
@pytest.mark.parametrize(
    ("count", "read"), [(12.0, 12), (3.5, None), ("12", None), (True, None), (-1, None), ({}, None)]
)
def test_a_count_that_is_none_is_unknown_and_its_answer_is_kept(
    opener: Opener, of: Wire, count: Any, read: int | None, tmp_path: Path
) -> None:
    asked: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json=counted(of, count))

    with SqliteCache(tmp_path / "answers.db") as cache:
        client = Client(provider=opener(handle), cache=cache)
        for _ in range(2):
            response = client.complete("hi")
            assert (response.text, response.usage.input_tokens, response.usage.output_tokens) == ("Hello", 20, read)
    assert len(asked) == 1


@pytest.mark.parametrize(("opener", "of"), WIRES)
@pytest.mark.parametrize("usage", ["n/a", [], 7])
def test_so_is_what_stands_where_the_counts_would(opener: Opener, of: Wire, usage: Any) -> None:
    answer = of.whole(Said("Hello")) | {"usage": usage}
    response = Client(provider=opener(lambda _: httpx2.Response(200, json=answer))).complete("hi")
    assert (response.text, response.usage, response.receipt.cost) == ("Hello", Usage(), None)


@pytest.mark.parametrize("name", ["cache_read_input_tokens", "cache_creation_input_tokens"])
def test_a_total_of_which_one_part_is_no_count_is_unknown(name: str) -> None:
    answer = wire.ANTHROPIC | {"usage": wire.ANTHROPIC["usage"] | {name: "many"}}
    response = Client(provider=wire.anthropic(lambda _: httpx2.Response(200, json=answer))).complete("hi")
    assert (response.usage.input_tokens, response.usage.output_tokens) == (None, 20)


def test_so_is_an_output_to_which_reasoning_would_be_added() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": "some"}}
    answer = wires.whole({"content": "Hello"}, "stop", usage)
    response = Client(provider=wires.chat(lambda _: httpx2.Response(200, json=answer), "xai")).complete("hi")
    assert response.usage == Usage(5, None)


MALFORMED: list[Any] = [
    (wires.chat, {"choices": [None]}),
    (wires.chat, {"choices": [{"message": {"content": 5}}]}),
    (wires.chat, {"choices": [{"message": {"content": "x", "tool_calls": [None]}}]}),
    (wires.responses, {"output": None}),
    (wires.responses, {"output": [{"type": "message", "content": [{"type": "output_text", "text": ["x"]}]}]}),
    (wires.responses, {"output": [{"type": "function_call", "call_id": None, "name": "look", "arguments": "{}"}]}),
    (wire.anthropic, {"content": [None]}),
    (wire.anthropic, {"content": [{"type": "text", "text": 5}]}),
    (wire.anthropic, {"content": [{"type": "tool_use", "name": "look", "input": {}}]}),
]


@pytest.mark.parametrize(("opener", "answer"), MALFORMED)
def test_what_is_wrong_is_named_with_its_request(opener: Opener, answer: Any) -> None:
    ids = {"x-request-id": "req_1", "request-id": "req_1"}
    provider = opener(lambda _: httpx2.Response(200, json=answer, headers=ids))
    with pytest.raises(InvalidResponse, match="the answer has") as raised:
        asyncio.run(whole(provider))
    assert raised.value.request_id == "req_1"


NO_TEXT = {"choices": [{"delta": {"content": 5}}]}
BEGUN: list[Any] = [
    (wires.responses, [*wire.OPENAI_STREAM[:3], {"type": "response.output_text.delta"}], r"delta .*KeyError: 'delta'"),
    (wire.anthropic, [*wire.ANTHROPIC_STREAM[:8], {"type": "content_block_delta"}], "delta .*KeyError: 'index'"),
    (wires.chat, [wires.chunk({"content": "Hello"}), NO_TEXT], "an event of the stream .*int in place of a text"),
]


@pytest.mark.parametrize(("opener", "events", "wrong"), BEGUN)
def test_so_is_the_event_of_a_stream_and_what_came_before_it_is_shown(opener: Opener, events: Any, wrong: str) -> None:
    provider = opener(wires.answering({}, events))
    shown: list[Event] = []

    async def read() -> None:
        async for one in provider.astream(provider.prepare(ASK)):
            shown.append(one)

    with pytest.raises(InvalidResponse, match=wrong):
        asyncio.run(read())
    assert fold(shown).text.startswith("Hello")


@pytest.mark.parametrize(("opener", "of"), WIRES)
def test_what_a_reader_of_a_stream_throws_into_it_comes_out_as_it_is(opener: Opener, of: Wire) -> None:
    server = Server()
    server.kind, server.body = "text/event-stream", told(of.events(ANSWERS[0]), of)
    provider = opener(server.handle)

    async def read() -> None:
        events = provider.astream(provider.prepare(ASK))
        await anext(events)
        await anext(events)
        await events.athrow(KeyError("mine"))

    with pytest.raises(KeyError, match="mine"):
        asyncio.run(read())


@pytest.mark.parametrize("opener", [wires.responses, wires.chat, wire.anthropic])
def test_json_that_is_nested_without_end_is_no_answer(opener: Opener) -> None:
    server = Server()
    server.body = b"[" * 100_000
    provider = opener(server.handle)
    with pytest.raises(InvalidResponse, match="not a JSON object"):
        asyncio.run(whole(provider))
    server.kind, server.body = "text/event-stream", b"data: " + server.body + b"\n\n"
    with pytest.raises(InvalidResponse, match="not a JSON object"):
        asyncio.run(streamed(provider))


@pytest.mark.parametrize("streaming", [False, True])
def test_no_answer_makes_the_error_repeat_the_key(streaming: bool) -> None:
    failing = {"error": {"message": f"not with {wire.KEY}"}}
    nameless = {"type": f"response.{wire.KEY}", "choices": [None]}
    for answer, kind in ((failing, Unavailable), (nameless, InvalidResponse)):
        provider = wires.chat(wires.answering(answer, [answer]))
        with pytest.raises(kind) as raised:
            asyncio.run(streamed(provider) if streaming else whole(provider))
        assert wire.KEY not in f"{raised.value} {raised.value!r} {raised.value.message} {raised.value.__cause__!r}"


@pytest.mark.parametrize("place", range(400, 520, 7))
def test_a_message_that_is_shortened_amid_the_key_tells_nothing_of_it(place: int) -> None:
    said = f"{'x' * place}{wire.KEY}{'y' * 200}"
    for answer in ({"type": said, "choices": [None]}, {"error": {"message": said}}):
        with pytest.raises(ProviderError) as raised:
            asyncio.run(streamed(wires.chat(wires.answering({}, [answer]))))
        assert wire.KEY[:8] not in str(raised.value)


def test_an_answer_that_only_lacks_its_end_broke_off() -> None:
    provider = wires.chat(lambda _: httpx2.Response(200, headers={"content-type": "text/event-stream"}))
    with pytest.raises(ConnectionFailed):
        asyncio.run(streamed(provider))
