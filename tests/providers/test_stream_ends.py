"""How a body ends after the last event of a stream: the answer is whole, whatever the server does then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import httpx2
import pytest

from aiapp.core.errors import ConnectionFailed
from aiapp.core.events import Completion, fold
from aiapp.core.formats import JsonSchema
from aiapp.core.messages import user
from aiapp.core.request import Request
from aiapp.providers.protocol import Provider
from tests.providers import wire
from tests.providers.openai import wires

Ending = Callable[[], AsyncIterator[bytes]]
ASK = Request((user("hi"),))
CHAT_STREAM = [wires.chunk({"content": "Hello there"}), wires.chunk({}, "stop")]
WIRES: list[Any] = [
    pytest.param(wire.openai, wire.OPENAI_STREAM, b"", id="responses"),
    pytest.param(wire.anthropic, wire.ANTHROPIC_STREAM, b"", id="messages"),
    pytest.param(wires.chat, CHAT_STREAM, b"data: [DONE]\n\n", id="chat"),
]
COUNTS = JsonSchema({"type": "object", "additionalProperties": {"type": "integer"}})


async def _cut() -> AsyncIterator[bytes]:
    raise httpx2.RemoteProtocolError("the last chunk did not come")
    yield b""


async def _silent() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


def _serving(events: Sequence[Mapping[str, Any]], last: bytes, ending: Ending) -> wire.Handler:
    async def body() -> AsyncIterator[bytes]:
        for event in events:
            yield f"data: {json.dumps(event)}\n\n".encode()
        yield last
        async for chunk in ending():
            yield chunk

    return lambda _: httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body())


async def _streamed(provider: Provider, request: Request = ASK) -> Completion:
    events = provider.astream(provider.prepare(request))
    async with asyncio.timeout(10):
        return fold([event async for event in events])


@pytest.mark.parametrize("ending", [_cut, _silent])
@pytest.mark.parametrize(("opener", "events", "last"), WIRES)
def test_an_answer_that_is_whole_stays_whole(
    opener: Callable[[wire.Handler], Provider], events: Sequence[Mapping[str, Any]], last: bytes, ending: Ending
) -> None:
    completion = asyncio.run(_streamed(opener(_serving(events, last, ending))))
    assert completion.text == "Hello there"
    assert completion.finish is not None


@pytest.mark.parametrize("ending", [_cut, _silent])
def test_so_does_one_that_comes_as_a_call_of_the_tool_that_stands_for_it(ending: Ending) -> None:
    provider = wire.anthropic(_serving(wire.ANTHROPIC_STREAM, b"", ending))
    request = Request((user("hi"),), format=COUNTS)
    assert provider.prepare(request).answer_tool is not None
    assert asyncio.run(_streamed(provider, request)).finish is not None


@pytest.mark.parametrize(("opener", "events", "last"), WIRES)
def test_one_that_is_cut_before_its_last_event_is_not(
    opener: Callable[[wire.Handler], Provider], events: Sequence[Mapping[str, Any]], last: bytes
) -> None:
    with pytest.raises(ConnectionFailed, match="the last chunk did not come"):
        asyncio.run(_streamed(opener(_serving(events[:-1], b"", _cut))))
