"""The client: receipts, retries, streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import BadRequest, ConnectionFailed, InvalidInput, RateLimited, UnknownModel
from aiapp.core.events import Event, Finish, Started, TextDelta
from aiapp.core.messages import user
from aiapp.core.request import Request, Settings
from aiapp.providers.protocol import Prepared
from aiapp.testing import ScriptedModel, request_of

QUICK = Retry(attempts=3, first_wait=0.001, longest_wait=0.002)


def limited(retry_after: float | None = None) -> RateLimited:
    return RateLimited("slow down", provider="scripted", model="m", status=429, retry_after=retry_after)


def test_every_answer_has_a_receipt() -> None:
    response = Client(provider=ScriptedModel("Hello you")).complete("Say hello")
    receipt = response.receipt
    assert response.text == str(response) == "Hello you"
    assert (receipt.usage.input_tokens, receipt.usage.output_tokens) == (2, 2)
    assert receipt.cost == Decimal(0)
    assert receipt.timing.total > 0
    assert [attempt.error for attempt in receipt.attempts] == [None]


def test_a_cost_that_is_not_known_is_not_zero() -> None:
    receipt = Client(provider=ScriptedModel("Hello", free=False)).complete("Hi").receipt
    assert receipt.cost is None
    assert receipt.invoice.unknown


def test_explain_sends_nothing() -> None:
    model = ScriptedModel("x")
    assert Client(provider=model).explain("hi").payload["messages"] == [{"role": "user", "text": "hi"}]
    assert model.requests == []


@given(st.text())
def test_a_stream_ends_in_the_same_response_as_a_call(text: str) -> None:
    client = Client(provider=ScriptedModel(text))
    stream = client.stream("hi")
    assert "".join(stream.text()) == text
    complete = client.complete("hi")
    assert stream.response.text == complete.text
    assert (stream.response.parts, stream.response.usage) == (complete.parts, complete.usage)


def test_a_stream_serves_async_for_too() -> None:
    async def read(name: str) -> list[str]:
        client = Client(provider=ScriptedModel("Hello you"))
        stream = client.stream("hi") if name == "stream" else client.astream("hi")
        return [piece async for piece in stream.atext()]

    assert asyncio.run(read("stream")) == asyncio.run(read("astream")) == ["Hello", " you"]


def test_a_stream_is_read_once() -> None:
    stream = Client(provider=ScriptedModel("hello")).stream("hi")
    assert "".join(stream.text()) == "hello"
    with pytest.raises(RuntimeError, match="already; `response` is the whole answer"):
        list(stream)
    assert stream.response.text == "hello"


def test_a_stream_has_no_response_before_its_end() -> None:
    stream = Client(provider=ScriptedModel("Hello you")).stream("hi")
    with pytest.raises(RuntimeError, match="read to its end"):
        _ = stream.response


def test_retryable_failures_are_tried_again_and_logged() -> None:
    model = ScriptedModel([limited(), ConnectionFailed("gone", provider="s", model="m"), "at last"])
    receipt = Client(provider=model, retry=QUICK).complete("hi").receipt
    assert [attempt.error for attempt in receipt.attempts] == ["RateLimited", "ConnectionFailed", None]
    assert receipt.attempts[0].status == 429
    model.assert_done()


def test_attempts_are_bounded() -> None:
    model = ScriptedModel(limited())
    with pytest.raises(RateLimited):
        Client(provider=model, retry=QUICK).complete("hi")
    assert len(model.requests) == 3


def test_what_cannot_succeed_is_not_tried_again() -> None:
    model = ScriptedModel(BadRequest("no", provider="s", model="m"))
    with pytest.raises(BadRequest):
        Client(provider=model, retry=QUICK).complete("hi")
    assert len(model.requests) == 1


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    model = ScriptedModel(limited(retry_after=3600.0))
    with pytest.raises(RateLimited):
        Client(provider=model, retry=QUICK).complete("hi")
    assert len(model.requests) == 1


def test_a_stream_is_tried_again_only_before_anything_was_shown() -> None:
    broken = ConnectionFailed("cut", provider="s", model="m")
    before = ScriptedModel([broken, "fine"])
    assert "".join(Client(provider=before, retry=QUICK).stream("hi").text()) == "fine"

    model = Cut(broken)
    shown: list[str] = []

    async def read() -> None:
        async for piece in Client(provider=model, retry=QUICK).stream("hi").atext():
            shown.append(piece)

    with pytest.raises(ConnectionFailed):
        asyncio.run(read())
    assert (shown, len(model.requests)) == (["Hel"], 1)


class Cut(ScriptedModel):
    """Fails in the middle of its answer."""

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        self.requests.append(request_of(prepared))
        yield Started("m")
        yield TextDelta("Hel")
        assert isinstance(self._script, Exception)
        raise self._script


def test_settings_of_the_request_lie_over_the_clients() -> None:
    model = ScriptedModel("x")
    client = Client(provider=model, settings=Settings(temperature=0.5, max_tokens=10))
    client.complete(Request((user("hi"),), settings=Settings(max_tokens=3)))
    assert model.requests[0].settings == Settings(temperature=0.5, max_tokens=3)


def test_wrong_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="not both"):
        Client("local", provider=ScriptedModel("x"))
    with pytest.raises(InvalidInput, match="messages"):
        Client(provider=ScriptedModel("x")).complete([])
    with pytest.raises(UnknownModel):
        Client("nonsense")


def test_the_model_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().model == "local"
    monkeypatch.setenv("AIAPP_MODEL", "openai:some-model")
    assert Client(api_key="k").model == "openai:some-model"


def test_events_may_be_scripted_too() -> None:
    events = (Started("m"), TextDelta("partial"), Finish("length", "max_tokens"))
    response = Client(provider=ScriptedModel(events)).complete("hi")
    assert response.finish == Finish("length", "max_tokens")
    assert not response.usage.known
