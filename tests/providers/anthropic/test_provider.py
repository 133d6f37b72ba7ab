"""The provider over its real SDK: headers, long answers, failures, counting."""

from __future__ import annotations

import asyncio
import json
import sys
from types import ModuleType
from typing import Any

import httpx2
import pytest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.events import fold
from aiapp.core.formats import JsonSchema
from aiapp.core.messages import system, user
from aiapp.core.parts import Image, Text
from aiapp.core.request import Request, Settings, Tool
from aiapp.providers.anthropic.provider import COUNTING_PATH, LONGEST_SILENT, AnthropicProvider
from aiapp.providers.protocol import Counts
from tests.providers import wire

ASK = Request((user("hi"),))


def failing(status: int, body: Any, **headers: str) -> tuple[AnthropicProvider, list[httpx2.Request]]:
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(status, json=body, headers=headers)

    return wire.anthropic(handle), seen


def failure(status: int, kind: str, message: str = "no luck", **headers: str) -> errors.ProviderError:
    provider, seen = failing(status, {"type": "error", "error": {"type": kind, "message": message}}, **headers)
    with pytest.raises(errors.ProviderError) as caught:
        asyncio.run(provider.acomplete(provider.prepare(ASK)))
    assert len(seen) == 1
    return caught.value


def test_a3_the_version_and_the_key_are_in_the_headers() -> None:
    provider, seen = failing(200, wire.ANTHROPIC)
    asyncio.run(provider.acomplete(provider.prepare(ASK)))
    assert seen[0].headers["anthropic-version"] == "2026-10-21"
    assert wire.KEY in {seen[0].headers.get("x-api-key"), seen[0].headers.get("authorization", "").split(" ")[-1]}


@pytest.mark.parametrize(("tokens", "streamed"), [(LONGEST_SILENT, False), (LONGEST_SILENT + 1, True), (128_000, True)])
def test_a2_a_long_answer_is_read_as_a_stream(tokens: int, streamed: bool) -> None:
    asked: list[bool] = []
    answering = wire.answering(wire.ANTHROPIC, wire.ANTHROPIC_STREAM)

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(bool(json.loads(request.content).get("stream")))
        return answering(request)

    provider = wire.anthropic(handle)
    prepared = provider.prepare(Request((user("hi"),), settings=Settings(max_tokens=tokens)))
    assert fold(asyncio.run(provider.acomplete(prepared))).text == "Hello there"
    assert asked == [streamed]


def test_a2_a_long_answer_that_breaks_off_is_an_error_not_an_answer() -> None:
    provider = wire.anthropic(wire.answering(wire.ANTHROPIC, wire.ANTHROPIC_STREAM[:-3]))
    prepared = provider.prepare(Request((user("hi"),), settings=Settings(max_tokens=100_000)))
    with pytest.raises(errors.ConnectionFailed, match="broke off"):
        asyncio.run(provider.acomplete(prepared))


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", errors.BadRequest),
        (401, "authentication_error", errors.AuthenticationFailed),
        (402, "billing_error", errors.PermissionDenied),
        (403, "permission_error", errors.PermissionDenied),
        (404, "not_found_error", errors.NotFound),
        (413, "request_too_large", errors.BadRequest),
        (429, "rate_limit_error", errors.RateLimited),
        (500, "api_error", errors.Unavailable),
        (500, "overloaded_error", errors.Overloaded),
        (504, "timeout_error", errors.TimedOut),
        (529, "overloaded_error", errors.Overloaded),
        (529, "a_future_error", errors.Overloaded),
        (409, "a_future_error", errors.Unavailable),
        (413, "a_future_error", errors.BadRequest),
        (501, "a_future_error", errors.Unavailable),
        # Where the two contradict each other, the status has the last word on whether to try again.
        (400, "api_error", errors.BadRequest),
        (400, "overloaded_error", errors.BadRequest),
        (401, "api_error", errors.AuthenticationFailed),
        (404, "invalid_request_error", errors.NotFound),
        (429, "api_error", errors.RateLimited),
        (500, "invalid_request_error", errors.Unavailable),
    ],
)
def test_a14_every_failure_by_its_type_else_by_its_status(status: int, kind: str, error: type) -> None:
    caught = failure(status, kind, **{"request-id": "req_9"})
    assert type(caught) is error
    assert (caught.status, caught.request_id, caught.message) == (status, "req_9", "no luck")
    assert wire.KEY not in f"{caught!r} {vars(caught)}"


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_limit_on_what_may_be_spent_is_not_waited_out(code: str) -> None:
    error = {"type": "rate_limit_error", "message": "spent", "details": {"error_code": code}}
    body = {"type": "error", "error": error}
    provider, seen = failing(429, body)
    with pytest.raises(errors.PermissionDenied, match="spent"):
        Client(provider=provider, retry=Retry(first_wait=0.001)).complete("hi")
    assert len(seen) == 1
    streaming = wire.anthropic(wire.answering({}, [*wire.ANTHROPIC_STREAM[:9], body]))
    with pytest.raises(errors.PermissionDenied, match="spent"):
        list(Client(provider=streaming).stream("hi"))


def test_a_limit_on_how_fast_more_may_be_asked_is() -> None:
    error = {"type": "rate_limit_error", "message": "slower", "details": {"error_code": "ramp_limit_exceeded"}}
    provider, seen = failing(429, {"type": "error", "error": error})
    with pytest.raises(errors.RateLimited):
        Client(provider=provider, retry=Retry(attempts=2, first_wait=0.001)).complete("hi")
    assert len(seen) == 2


def test_a14_the_sdk_neither_retries_nor_sleeps() -> None:
    caught = failure(529, "overloaded_error", **{"retry-after": "3600", "x-should-retry": "true"})
    assert caught.retry_after == 3600.0


@pytest.mark.parametrize(
    "message",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    ],
)
def test_a_prompt_that_is_too_long_is_a_context_overflow(message: str) -> None:
    assert type(failure(400, "invalid_request_error", message)) is errors.ContextOverflow
    assert type(failure(429, "rate_limit_error", message)) is errors.RateLimited


def test_a_page_for_an_error_is_cut_short() -> None:
    provider = wire.anthropic(lambda _: httpx2.Response(502, html="<html>" + "x" * 5000))
    with pytest.raises(errors.Unavailable) as caught:
        asyncio.run(provider.acomplete(provider.prepare(ASK)))
    assert len(caught.value.message) < 600


def test_an_error_in_the_middle_of_a_stream() -> None:
    event = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    provider = wire.anthropic(wire.answering({}, [*wire.ANTHROPIC_STREAM[:9], event]))

    async def read() -> list[Any]:
        return [event async for event in provider.astream(provider.prepare(ASK))]

    with pytest.raises(errors.Overloaded, match="busy"):
        asyncio.run(read())


def test_a15_the_sdks_own_spans_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tracer of the application's in place, none is asked for."""
    from opentelemetry import trace

    started: list[str] = []

    class Provider(trace.NoOpTracerProvider):
        def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
            started.append(str(args or kwargs))
            return super().get_tracer(*args, **kwargs)

    monkeypatch.setattr(trace, "_TRACER_PROVIDER", Provider())
    provider, _ = failing(200, wire.ANTHROPIC)
    asyncio.run(provider.acomplete(provider.prepare(ASK)))
    assert started == []


def test_preparing_loads_no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "anthropic" or name.startswith("anthropic.")]:
        monkeypatch.delitem(sys.modules, name)
    missing: ModuleType | None = None
    monkeypatch.setitem(sys.modules, "anthropic", missing)  # importing it would fail
    form = JsonSchema({"type": "object", "additionalProperties": {"type": "string"}})
    provider = AnthropicProvider("claude-opus-5", api_key=wire.KEY)
    assert provider.prepare(Request((user("hi"),), format=form)).answer_tool == "output"
    assert provider.count_tokens(ASK).tokens == 1


def test_the_providers_own_count_is_asked_for_what_would_be_sent() -> None:
    provider, seen = failing(200, {"input_tokens": 42})
    tool = Tool("look", "Look", {"type": "object"})
    request = Request((system("s"), user("hi")), (tool,), settings=Settings(stop=("x",), cache="short"))
    count = asyncio.run(provider.acount_tokens(request))
    assert isinstance(provider, Counts)
    assert (count.tokens, count.family) == (42, "claude-test")
    assert seen[0].url.path == COUNTING_PATH
    assert json.loads(seen[0].content).keys() == {"model", "messages", "system", "tools", "cache_control"}


def test_a_count_that_is_none_is_an_invalid_response() -> None:
    provider, _ = failing(200, {"tokens": "many"})
    with pytest.raises(errors.InvalidResponse, match="no count"):
        asyncio.run(provider.acount_tokens(ASK))


def test_the_estimate_reads_texts_and_no_images() -> None:
    provider, _ = failing(500, {})
    said, shown = provider.count_tokens(Request((user("x" * 400),))), Image("image/png", data=b"x" * 9000)
    assert (said.tokens, said.exact) == (100, False)
    assert provider.count_tokens(Request((user([Text("x" * 400), shown]),))).tokens == said.tokens
