"""Each fault as the vendors' SDKs and our own client see it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Generator
from typing import Any, Protocol

import anthropic
import httpx2
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.errors import InvalidInput
from aiapp.core.messages import user
from aiapp.core.parts import ToolCall
from aiapp.core.response import Response
from aiapp.providers.anthropic.provider import AnthropicProvider
from aiapp.providers.openai.provider import OpenAIProvider
from aiapp.sync import run
from aiapp.testing import Asked, Said, WireServer, faults, render
from aiapp.testing.replies import Answer, encode
from aiapp.testing.wires import CHAT, EMBEDDINGS, MESSAGES, RESPONSES, Vectors, Wire
from aiapp.testing.wires import WIRES as EVERY_WIRE

TEXT = "Grüße aus Köln: 你好 🙂, und noch etwas mehr Text"
SAID = Said(TEXT)
CALLING = Said("Let me", tool_calls=(ToolCall("call_1", "look", '{"at": "it"}'), ToolCall("call_2", "see", "{}")))


class Talk(Protocol):
    """A question through one SDK on one wire, and the text of the answer."""

    def __call__(self, url: str, stream: bool, timeout: float = 20) -> str: ...


def responses(url: str, stream: bool, timeout: float = 20) -> str:
    with OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0, timeout=timeout) as client:
        if not stream:
            return client.responses.create(model="m", input="hi").output_text
        events = client.responses.create(model="m", input="hi", stream=True)
        return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def chat(url: str, stream: bool, timeout: float = 20) -> str:
    with OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0, timeout=timeout) as client:
        if not stream:
            answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
            return answer.choices[0].message.content or ""
        chunks = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def messages(url: str, stream: bool, timeout: float = 20) -> str:
    with Anthropic(api_key="k", base_url=url, max_retries=0, timeout=timeout) as client:
        if not stream:
            answer = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
            return "".join(block.text for block in answer.content if block.type == "text")
        events = client.messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}], stream=True
        )
        deltas = [event.delta for event in events if event.type == "content_block_delta"]
        return "".join(delta.text for delta in deltas if delta.type == "text_delta")


TALKS: list[Talk] = [responses, chat, messages]
EACH_SDK = pytest.mark.parametrize("talk", TALKS)
EACH_MODE = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
SDKS: dict[Talk, Any] = {responses: openai, chat: openai, messages: anthropic}
STATUSES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    500: "InternalServerError",
    503: "InternalServerError",
    529: "InternalServerError",
}


@EACH_SDK
@EACH_MODE
@pytest.mark.parametrize("status", STATUSES)
def test_statuses(talk: Talk, stream: bool, status: int) -> None:
    with WireServer(faults.Status(status, "no luck", retry_after=7)) as server:
        sdk = SDKS[talk]
        with pytest.raises(getattr(sdk, STATUSES[status]), match="no luck") as caught:
            talk(server.url, stream)
        assert (caught.value.status_code, caught.value.request_id) == (status, "req_1")
        assert caught.value.response.headers["retry-after"] == "7"


@EACH_SDK
def test_a_context_overflow_is_said_in_the_vendors_words(talk: Talk) -> None:
    with WireServer(faults.context_overflow()) as server:
        with pytest.raises(SDKS[talk].BadRequestError, match=r"too long|context window") as caught:
            talk(server.url, False)
        assert getattr(caught.value, "code", None) == (None if talk is messages else "context_length_exceeded")


@EACH_SDK
@EACH_MODE
def test_a_page_with_502(talk: Talk, stream: bool) -> None:
    with WireServer(faults.Page(502)) as server, pytest.raises(SDKS[talk].InternalServerError) as caught:
        talk(server.url, stream)
    assert "sign in" in caught.value.response.text


@EACH_SDK
@EACH_MODE
def test_a_connection_that_closes_without_a_byte(talk: Talk, stream: bool) -> None:
    with WireServer(faults.Dropped()) as server, pytest.raises(SDKS[talk].APIConnectionError):
        talk(server.url, stream)


@EACH_SDK
@EACH_MODE
@pytest.mark.parametrize("at", [0, 1, 200, 600])
def test_a_connection_that_breaks(talk: Talk, stream: bool, at: int) -> None:
    broken = (SDKS[talk].APIConnectionError, httpx2.RemoteProtocolError)
    with WireServer(faults.Cut(Said(TEXT * 20), at)) as server, pytest.raises(broken):
        talk(server.url, stream)


@EACH_SDK
def test_json_that_breaks_off(talk: Talk) -> None:
    with WireServer(faults.Truncated(SAID, at=200)) as server, pytest.raises(ValueError, match=r"string|delimiter"):
        talk(server.url, False)


@EACH_SDK
def test_a_stream_without_an_end_looks_like_a_short_one(talk: Talk) -> None:
    """HTTP says that all went well: only the missing last event tells."""
    reply = render(SAID, Asked(WIRES[talk], stream=True, usage=False))
    at = len(b"".join(piece.data for piece in reply.pieces[:-6]))
    with WireServer(faults.Truncated(SAID, at)) as server:
        assert 0 < len(talk(server.url, True)) <= len(TEXT)
        assert TEXT.startswith(talk(server.url, True))


WIRES: dict[Talk, Wire] = {responses: RESPONSES, chat: CHAT, messages: MESSAGES}


@EACH_SDK
def test_an_error_in_the_stream(talk: Talk) -> None:
    """The Responses event is a value like others to the SDK; the other wires' raise."""
    fault = faults.StreamError(SAID, faults.Status(529, "full house"), after=4)
    with WireServer(fault) as server:
        if talk is responses:
            with OpenAI(api_key="k", base_url=server.url, max_retries=0) as client:
                *_, last = client.responses.create(model="m", input="hi", stream=True)
            assert last.type == "error"
            assert last.message == "full house"
            return
        with pytest.raises(SDKS[talk].APIError, match="full house"):
            talk(server.url, True)


@EACH_SDK
@EACH_MODE
def test_a_stall_longer_than_the_timeout(talk: Talk, stream: bool) -> None:
    with WireServer(faults.Stall(SAID, seconds=30, at=200)) as server:
        sdk = SDKS[talk]
        with pytest.raises((sdk.APITimeoutError, httpx2.ReadTimeout)):
            talk(server.url, stream, timeout=0.3)


def deck_of(talk: Talk) -> dict[str, Answer]:
    return faults.deck(WIRES[talk])


HARMLESS = [
    "stalled before the head",
    "stalled in the body",
    "dripping",
    "split characters",
    "interleaved calls",
    "noisy",
    "CR LF",
    "cut by the length",
]


@EACH_SDK
@EACH_MODE
@pytest.mark.parametrize("name", HARMLESS)
def test_what_must_make_no_difference(talk: Talk, stream: bool, name: str) -> None:
    with WireServer(deck_of(talk)[name]) as server:
        assert talk(server.url, stream) == TEXT


def test_characters_are_split() -> None:
    """Not escaped: what is split is the bytes of a character."""
    assert "🙂".encode() in render(SAID, Asked(RESPONSES)).body
    dripping = render(faults.Drip(Said("🙂"), size=1), Asked(RESPONSES, stream=True))
    assert {len(piece.data) for piece in dripping.pieces} == {1}
    assert b"1\r\n\xf0\r\n1\r\n\x9f\r\n" in encode(dripping).steps[0].data


def test_what_is_sent_without_a_wait_goes_out_in_one_write() -> None:
    assert len(encode(render(SAID, Asked(CHAT, stream=True))).steps) == 1
    assert len(encode(render(faults.Stall(SAID, seconds=1, at=10), Asked(CHAT, stream=True))).steps) == 2


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: wire.name)
def test_the_deck_holds_what_the_wire_can_have(wire: Wire, stream: bool) -> None:
    whole = render(SAID, Asked(wire, stream=stream))
    replies = {name: render(fault, Asked(wire, stream=stream)) for name, fault in faults.deck(wire, SAID).items()}
    same = {
        name for name, reply in replies.items() if (reply.body, reply.status, reply.whole) == (whole.body, 200, True)
    }
    shared = {"stalled before the head", "stalled in the body", "dripping", "split characters"}
    assert same == (shared if stream else shared | {"noisy", "CR LF"})
    assert ("paused" in replies, "reused index" in replies) == (wire is MESSAGES, wire is CHAT)
    assert len(replies) > 30


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("wire", EVERY_WIRE, ids=lambda wire: wire.name)
def test_every_card_of_every_deck_can_be_sent(wire: Wire, stream: bool) -> None:
    for name, fault in faults.deck(wire).items():
        assert render(fault, Asked(wire, stream=stream)).pieces or name == "dropped", name


def test_a_deck_is_made_around_what_its_wire_can_say() -> None:
    with pytest.raises(InvalidInput, match="Vectors for embeddings"):
        faults.deck(EMBEDDINGS, SAID)
    with pytest.raises(InvalidInput, match="Said for chat"):
        faults.deck(CHAT, Vectors(((0.5,),)))


@pytest.mark.parametrize("name", [name for name in faults.deck(EMBEDDINGS) if "rate" not in name])
def test_vectors_come_or_a_failure_of_ours(name: str) -> None:
    vectors = Vectors((tuple(place / 64 for place in range(64)),))
    with WireServer(faults.deck(EMBEDDINGS, vectors)[name]) as server:
        with Client("openai:m", api_key="k", base_url=server.url, retry=Retry(attempts=1)) as client:
            if name in HARMLESS:
                assert [tuple(row) for row in client.embed(["a"]).vectors] == list(vectors.vectors)
            else:
                with pytest.raises(errors.ProviderError):
                    client.embed(["a"])
        assert len(server.requests) == 1


# Our own client.


@pytest.fixture(params=["openai", "anthropic"])
def client_of(request: pytest.FixtureRequest) -> Generator[Callable[[WireServer], Client]]:
    opened: list[Client] = []

    def open_client(server: WireServer) -> Client:
        kind = OpenAIProvider if request.param == "openai" else AnthropicProvider
        provider = kind("m", api_key="k", base_url=server.url, timeout=20)
        opened.append(Client(provider=provider, retry=Retry(attempts=1)))
        return opened[-1]

    yield open_client
    for client in opened:
        client.close()


def asked(client: Client, stream: bool) -> Response:
    if not stream:
        return client.complete("hi")
    streaming = client.stream("hi")
    for _ in streaming:
        pass
    return streaming.response


@EACH_MODE
@pytest.mark.parametrize("name", ["as it is", *HARMLESS])
def test_our_client_gets_the_same_answer(client_of: Callable[[WireServer], Client], stream: bool, name: str) -> None:
    answer = faults.deck(RESPONSES).get(name, SAID)
    with WireServer(answer) as server:
        client = client_of(server)
        response = asked(client, stream)
        assert (response.text, response.usage) == (TEXT, SAID.usage)
        assert response.finish is not None
        client.close()
        server.assert_closed()


@EACH_MODE
def test_our_client_gets_the_same_calls(client_of: Callable[[WireServer], Client], stream: bool) -> None:
    for answer in (CALLING, faults.Interleaved(CALLING), faults.Noisy(faults.Interleaved(CALLING))):
        with WireServer(answer) as server:
            response = asked(client_of(server), stream)
            assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [
                (call.id, call.name, call.arguments) for call in CALLING.tool_calls
            ]
            assert response.finish is not None
            assert response.finish.reason == "tool_calls"


ERRORS: dict[str, tuple[Answer, type[errors.ProviderError]]] = {
    "rate limited": (faults.rate_limited(retry_after=7), errors.RateLimited),
    "overloaded": (faults.overloaded(), errors.Overloaded),
    "unavailable": (faults.Status(500), errors.Unavailable),
    "unauthorized": (faults.Status(401), errors.AuthenticationFailed),
    "bad gateway": (faults.Page(502), errors.Unavailable),
    "dropped": (faults.Dropped(), errors.ConnectionFailed),
    "cut": (faults.Cut(SAID, at=200), errors.ConnectionFailed),
}


@EACH_MODE
@pytest.mark.parametrize(("answer", "error"), ERRORS.values(), ids=ERRORS.keys())
def test_our_client_raises_its_own_errors(
    client_of: Callable[[WireServer], Client], stream: bool, answer: Answer, error: type[errors.ProviderError]
) -> None:
    with WireServer(answer) as server, pytest.raises(error) as caught:
        asked(client_of(server), stream)
    assert caught.value.retry_after == (7 if error is errors.RateLimited else None)


@pytest.mark.parametrize("answer", [faults.Page(200), faults.Truncated(SAID, at=200)], ids=["page", "broken JSON"])
def test_our_client_names_an_answer_that_is_none(client_of: Callable[[WireServer], Client], answer: Answer) -> None:
    with WireServer(answer) as server, pytest.raises(errors.InvalidResponse):
        asked(client_of(server), False)


def test_our_client_tries_again_and_lets_go_of_its_connections() -> None:
    with WireServer([faults.rate_limited(retry_after=0), faults.Dropped(), SAID]) as server:
        provider = OpenAIProvider("m", api_key="k", base_url=server.url)
        client = Client(provider=provider, retry=Retry(attempts=3, first_wait=0.001))
        assert client.complete("hi").text == TEXT
        server.assert_done()
        client.close()
        server.assert_closed()


def test_an_overload_in_the_stream_is_one() -> None:
    with WireServer(faults.deck(RESPONSES)["overload in the stream"]) as server:
        client = Client(provider=OpenAIProvider("m", api_key="k", base_url=server.url), retry=Retry(attempts=1))
        with pytest.raises(errors.Overloaded):
            asked(client, True)
        client.close()


@EACH_MODE
def test_a_refusal_is_a_finish(client_of: Callable[[WireServer], Client], stream: bool) -> None:
    with WireServer(faults.deck(MESSAGES)["refused"]) as server:
        response = asked(client_of(server), stream)
    assert response.finish is not None
    assert response.finish.reason == "refusal"


@EACH_MODE
def test_a_pause_is_a_finish(stream: bool) -> None:
    with WireServer(faults.deck(MESSAGES)["paused"]) as server:
        client = Client(provider=AnthropicProvider("m", api_key="k", base_url=server.url))
        response = asked(client, stream)
        client.close()
    assert response.finish is not None
    assert (response.finish.reason, response.finish.raw) == ("pause", "pause_turn")


@EACH_MODE
def test_a_pause_is_gone_on_with(stream: bool) -> None:
    """The search that the API has begun goes back last, as it came."""
    with (
        WireServer([faults.deck(MESSAGES)["paused"], SAID]) as server,
        Client(provider=AnthropicProvider("claude-opus-5-5", api_key="k", base_url=server.url)) as client,
    ):
        paused = asked(client, stream)
        answered = client.complete([user("hi"), paused.message])
    assert answered.text == SAID.text
    assert answered.warnings == ()
    sent = server.requests[-1].body["messages"]
    assert [turn["role"] for turn in sent] == ["user", "assistant"]
    begun = sent[-1]["content"][-1]
    assert (begun["type"], begun["name"]) == ("server_tool_use", "web_search")
    assert begun["input"]["query"]


def test_a_stream_that_is_left_early_closes_its_connection(client_of: Callable[[WireServer], Client]) -> None:
    with WireServer(faults.Drip(SAID, size=300, seconds=0.05)) as server:
        client = client_of(server)

        async def leave() -> None:
            stream = client.stream("hi")
            async for _ in stream:
                break
            await stream.aclose()
            await client.aclose()

        asyncio.run(leave())
        server.assert_closed()


@pytest.mark.parametrize("how", ["the loop is left", "the stream is closed", "the reader is collected as garbage"])
def test_a_blocking_stream_that_is_left_early_closes_its_connection(
    client_of: Callable[[WireServer], Client], how: str
) -> None:
    with WireServer(faults.Drip(SAID, size=300, seconds=0.05)) as server:
        client = client_of(server)
        stream = client.stream("hi")
        reader = iter(stream)
        next(reader)
        if how == "the loop is left":
            del reader
        elif how == "the stream is closed":
            stream.close()
        else:
            cycle: list[object] = [reader]
            cycle.append(cycle)
            del reader, cycle

            async def collect() -> None:
                gc.collect()

            run(collect())  # while this thread runs the loop
        client.close()
        server.assert_closed()


EACH_WIRE = pytest.mark.parametrize("model", ["openai:m", "openai-chat:m", "anthropic:m"])


@EACH_WIRE
@pytest.mark.parametrize("at", [0, 60])
def test_a_stream_that_ends_early_is_asked_again_if_nothing_was_shown(model: str, at: int) -> None:
    """HTTP says that the body is whole; the answer in it is not."""
    with WireServer([faults.Truncated(SAID, at), SAID]) as server:
        with Client(model, api_key="k", base_url=server.url, retry=Retry(attempts=2, first_wait=0.01)) as client:
            stream = client.stream("hi")
            assert "".join(stream.text()) == TEXT
        assert [attempt.error for attempt in stream.response.receipt.attempts] == ["ConnectionFailed", None]


@EACH_WIRE
def test_a_stream_that_ends_early_is_an_error_once_something_was_shown(model: str) -> None:
    with WireServer([faults.Truncated(Said(TEXT * 50), 2500), SAID]) as server:
        with Client(model, api_key="k", base_url=server.url) as client:
            pieces: list[str] = []
            with pytest.raises(errors.ConnectionFailed, match="broke off"):
                pieces.extend(client.stream("hi").text())
        assert TEXT.startswith("".join(pieces)[: len(TEXT)])
        assert len(server.requests) == 1


@EACH_WIRE
def test_a_client_that_nobody_holds_closes_its_connections(model: str, caplog: pytest.LogCaptureFixture) -> None:
    """Without a word: aiohttp warns of a session that is collected before it was closed."""
    with WireServer(SAID) as server:
        Client(model, api_key="k", base_url=server.url).complete("hi")
        gc.collect()
        server.assert_closed()
    assert caplog.records == []
