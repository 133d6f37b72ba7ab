"""OpenAI and Anthropic through their real SDKs over a fake transport."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic as anthropic_sdk
import httpx2
import openai as openai_sdk
import pytest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.events import Completion, Event, fold
from aiapp.core.formats import Choice, Format, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import File, Image, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Request, Settings, Tool
from aiapp.core.serialisation import from_json, to_json
from aiapp.providers.anthropic import errors as anthropic_errors
from aiapp.providers.openai import errors as openai_errors
from aiapp.providers.openai.provider import OpenAIProvider
from aiapp.providers.protocol import Provider
from aiapp.providers.registry import open_provider
from aiapp.testing import WireServer, faults
from tests.providers import wire

Opener = Callable[[wire.Handler], Provider]
BOTH: list[Any] = [
    pytest.param(wire.openai, wire.OPENAI, wire.OPENAI_STREAM, id="openai"),
    pytest.param(wire.anthropic, wire.ANTHROPIC, wire.ANTHROPIC_STREAM, id="anthropic"),
]
OPENERS: list[Any] = [pytest.param(wire.openai, id="openai"), pytest.param(wire.anthropic, id="anthropic")]
HISTORY = (
    system("Be brief."),
    user([Text("What is this?"), Image("image/png", data=b"png"), File("application/pdf", "a.pdf", data=b"pdf")]),
    assistant([Thinking("hm", {"other": {}}), ToolCall("c1", "look", '{"at": 1}')]),
    Message("tool", (ToolResult("c1", "a cat"),)),
)
ASK = Request((user("hi"),))


async def _cut(provider: Provider) -> tuple[Completion, errors.AiappError | None]:
    """What a stream said, and the error that it ended with."""
    events: list[Event] = []
    try:
        async for event in provider.astream(provider.prepare(ASK)):
            events.append(event)
    except errors.AiappError as error:
        return fold(events), error
    return fold(events), None


async def _streamed(provider: Provider) -> Completion:
    return fold([event async for event in provider.astream(provider.prepare(ASK))])


@pytest.mark.parametrize(("opener", "whole", "stream"), BOTH)
def test_a_stream_folds_to_what_the_whole_answer_is(opener: Opener, whole: Any, stream: Any) -> None:
    provider = opener(wire.answering(whole, stream))
    complete = fold(asyncio.run(provider.acomplete(provider.prepare(ASK))))
    assert asyncio.run(_streamed(opener(wire.answering(whole, stream)))) == complete
    assert complete.text == "Hello there"
    assert [(call.name, json.loads(call.arguments)) for call in complete.tool_calls] == [("look", {"at": "it"})]
    assert complete.finish is not None
    assert complete.finish.reason == "tool_calls"
    assert (complete.usage.input_tokens, complete.usage.cached_tokens, complete.usage.cache_write_tokens) == (50, 10, 5)


@pytest.mark.parametrize(("opener", "whole", "stream"), BOTH)
def test_a_cut_stream_has_unknown_output_never_zero(opener: Opener, whole: Any, stream: Any) -> None:
    for length in range(1, len(stream) - 2):
        cut, error = asyncio.run(_cut(opener(wire.answering(whole, stream[:length]))))
        assert isinstance(error, errors.ConnectionFailed)
        assert cut.finish is None
        assert cut.usage.output_tokens is None
        assert cut.usage.input_tokens in (None, 50)


@pytest.mark.parametrize(("opener", "whole", "stream"), BOTH)
def test_reasoning_goes_back_exactly_and_only_to_its_author(opener: Opener, whole: Any, stream: Any) -> None:
    provider = opener(wire.answering(whole, stream))
    said = fold(asyncio.run(provider.acomplete(provider.prepare(ASK))))
    again = Request((user("hi"), assistant(said.parts), tool(ToolResult(said.tool_calls[0].id, "ok"))))
    assert provider.prepare(from_json(Request, to_json(again))) == provider.prepare(again)
    sent = json.dumps(provider.prepare(again).payload)
    secret = "opaque" if opener is wire.openai else "sig"
    assert secret in sent
    foreign = wire.anthropic if opener is wire.openai else wire.openai
    prepared = foreign(wire.answering(whole, stream)).prepare(again)
    assert secret not in json.dumps(prepared.payload)
    assert "messages.thinking" in [change.field for change in prepared.changes]


def test_openai_payload() -> None:
    request = Request(HISTORY, (Tool("look", "Look", {"type": "object"}),), JsonSchema({"type": "object"}, "cat"))
    payload = wire.openai(wire.answering({}, [])).prepare(request).payload
    assert payload["store"] is False
    assert [item.get("role", item["type"]) for item in payload["input"]] == [
        "system",
        "user",
        "function_call",
        "function_call_output",
    ]
    assert [content["type"] for content in payload["input"][1]["content"]] == [
        "input_text",
        "input_image",
        "input_file",
    ]
    assert payload["text"]["format"]["name"] == "cat"
    assert payload["tools"][0]["name"] == "look"


def test_anthropic_payload() -> None:
    request = Request(
        HISTORY, (Tool("look", "Look", {"type": "object"}),), JsonSchema({"type": "object", "properties": {}})
    )
    payload = wire.anthropic(wire.answering({}, [])).prepare(request).payload
    assert payload["system"] == [{"type": "text", "text": "Be brief."}]
    assert [turn["role"] for turn in payload["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in payload["messages"][0]["content"]] == ["text", "image", "document"]
    assert payload["messages"][2]["content"][0]["tool_use_id"] == "c1"
    assert payload["output_config"]["format"]["type"] == "json_schema"
    assert payload["max_tokens"] > 0


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("form", [Choice(("a", "b")), Regex("a"), Grammar('start: "a"'), Quotation(("a b",))])
def test_what_cannot_be_honoured_is_listed_not_sent(opener: Opener, form: Format) -> None:
    settings = Settings(temperature=0.5, top_k=3, seed=1, max_tokens=9)
    prepared = opener(wire.answering({}, [])).prepare(Request((user("hi"),), format=form, settings=settings))
    dropped = {change.field for change in prepared.changes}
    assert {"top_k", "seed", "format"} <= dropped
    assert ("temperature" in dropped) == (opener is wire.anthropic)
    assert not {"top_k", "seed"} & prepared.payload.keys()
    assert ("temperature" in prepared.payload) == (opener is wire.openai)


STATUSES = {
    401: errors.AuthenticationFailed,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    422: errors.BadRequest,
    429: errors.RateLimited,
    500: errors.Unavailable,
    529: errors.Overloaded,
}


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("status", STATUSES)
def test_statuses_become_typed_errors(opener: Opener, status: int) -> None:
    body = {"error": {"type": "x", "message": "no luck", "code": None}}
    provider = opener(lambda _: httpx2.Response(status, json=body, headers={"retry-after": "7"}))
    with pytest.raises(STATUSES[status]) as caught:
        asyncio.run(provider.acomplete(provider.prepare(ASK)))
    assert (caught.value.status, caught.value.retry_after) == (status, 7.0)
    assert wire.KEY not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("opener", OPENERS)
def test_broken_connections_timeouts_and_pages_become_typed_errors(opener: Opener) -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    def stall(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("slow")

    def page(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, html="<html>captive portal</html>")

    for handler, error in ((refuse, errors.ConnectionFailed), (stall, errors.TimedOut), (page, errors.InvalidResponse)):
        provider = opener(handler)
        with pytest.raises(error):
            asyncio.run(provider.acomplete(provider.prepare(ASK)))


@pytest.mark.parametrize(("opener", "whole", "stream"), BOTH)
def test_a_rate_limit_is_waited_out_by_the_client_alone(opener: Opener, whole: Any, stream: Any) -> None:
    answers = [httpx2.Response(429, json={}, headers={"retry-after": "0"}), httpx2.Response(200, json=whole)]
    client = Client(provider=opener(lambda _: answers.pop(0)), retry=Retry(first_wait=0.001))
    response = client.complete("hi")
    assert [attempt.status for attempt in response.receipt.attempts] == [429, None]
    assert answers == []


@pytest.mark.parametrize("opener", OPENERS)
def test_the_key_is_in_nothing_that_is_kept(opener: Opener) -> None:
    provider = opener(wire.answering({}, []))
    assert wire.KEY not in json.dumps(provider.prepare(ASK).payload)
    assert wire.KEY not in repr(provider)


@pytest.mark.parametrize(
    ("sdk", "root", "table"),
    [
        (openai_sdk, openai_sdk.OpenAIError, openai_errors.BY_CLASS),
        (anthropic_sdk, anthropic_sdk.AnthropicError, anthropic_errors.BY_CLASS),
    ],
    ids=["openai", "anthropic"],
)
def test_every_exception_of_the_sdk_is_mapped(sdk: Any, root: type[Exception], table: dict[type, type]) -> None:
    """By its status, or by the table through a parent that says more than the root does."""
    public = [
        kind for _, kind in inspect.getmembers(sdk, inspect.isclass) if issubclass(kind, root) and kind is not root
    ]
    vague = [
        kind.__name__
        for kind in public
        if not issubclass(kind, sdk.APIStatusError) and next(p for p in kind.__mro__ if p in table) is root
    ]
    assert public
    assert sorted(vague) == sorted(KNOWN_VAGUE[sdk.__name__])


# Raised for wrong use of the SDK, not for an answer; those of helpers that we do not call among them.
KNOWN_VAGUE: dict[str, list[str]] = {
    "openai": [
        "ContentFilterFinishReasonError",
        "LengthFinishReasonError",
        "WebSocketConnectionClosedError",
        "WebSocketQueueFullError",
        "_AmbiguousModuleClientUsageError",
    ],
    "anthropic": ["RetryableError"],
}


@pytest.mark.parametrize("name", ["openai:", "gpt-4", "", "nobody:x", "local:x"])
def test_an_unknown_model_names_what_is_accepted(name: str) -> None:
    with pytest.raises(errors.UnknownModel, match="anthropic:NAME"):
        open_provider(name)


@pytest.mark.parametrize(("name", "variable"), [("openai:x", "OPENAI_API_KEY"), ("anthropic:x", "ANTHROPIC_API_KEY")])
def test_a_missing_key_is_named_at_once(name: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(errors.MissingKey, match=variable):
        open_provider(name)


def test_whoever_comes_while_the_sdk_is_imported_waits_for_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_sdk.py").write_text("import time\ntime.sleep(0.3)\nWHOLE = True\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(OpenAIProvider, "sdk_module", "slow_sdk")
    provider = OpenAIProvider("m", api_key="k")

    async def loaded() -> bool:
        await provider.aload()
        return hasattr(sys.modules["slow_sdk"], "WHOLE")

    async def both() -> tuple[bool, bool]:
        first = asyncio.create_task(loaded())
        while "slow_sdk" not in sys.modules:
            await asyncio.sleep(0.001)
        assert not hasattr(sys.modules["slow_sdk"], "WHOLE")
        return await loaded(), await first

    try:
        assert asyncio.run(both()) == (True, True)
    finally:
        sys.modules.pop("slow_sdk", None)


def test_a_repeated_request_is_the_first_one_with_another_body_whatever_it_was_redirected_to() -> None:
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if request.url.host == "api.openai.com":
            return httpx2.Response(307, headers={"location": "https://other.example/v1/responses"})
        return httpx2.Response(200, json=wire.OPENAI)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle), follow_redirects=True)
    client = Client(provider=OpenAIProvider("m", api_key=wire.KEY, http_client=http))
    for question in ("one", "two"):
        client.complete(question)
    asked = [request for request in seen if request.url.host == "api.openai.com"]
    keys = [(request.method, request.headers["authorization"]) for request in asked]
    assert keys == [("POST", f"Bearer {wire.KEY}")] * 2
    assert [json.loads(request.content)["input"][0]["content"][0]["text"] for request in asked] == ["one", "two"]


@pytest.mark.parametrize("wrong", [3, ["text"], None])
def test_what_is_no_request_is_named(wrong: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="a Message"):
        Client("local").complete(wrong)


@pytest.mark.parametrize("model", ["openai:any", "anthropic:any", "compatible:any"])
@pytest.mark.parametrize("streaming", [False, True])
def test_a_failure_never_repeats_the_key(model: str, streaming: bool) -> None:
    """However unusual the key is, and though a server says it back."""
    with (
        WireServer(faults.Status(401, "the key an unusual one is wrong")) as server,
        Client(model, api_key="an unusual one", base_url=server.url) as client,
        pytest.raises(errors.AuthenticationFailed, match=r"the key \[key\] is wrong") as raised,
    ):
        _ = [*client.stream("hi")] if streaming else client.complete("hi")
    assert "unusual" not in raised.value.message + str(raised.value) + repr(raised.value)
