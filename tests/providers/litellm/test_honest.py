"""What litellm would lose or hide is dropped before it is sent, or told; the real litellm with a loopback wire."""

from __future__ import annotations

from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.messages import assistant, system, tool, user
from aiapp.core.parts import ToolCall, ToolResult
from aiapp.core.request import Request, Settings, Tool
from aiapp.core.response import Change
from aiapp.providers.litellm.encode import encode
from aiapp.testing import Said, WireServer, faults
from tests.outside.programs import needs_litellm

LOOK = Tool("look", "Look", {"type": "object", "properties": {}})
BOTH = pytest.mark.parametrize("model", ["openai/gpt-4.1", "anthropic/claude-sonnet-4-5"])


def told(changes: tuple[Change, ...]) -> list[str]:
    """The fields, without the word on the payload that stands with every call."""
    return [change.field for change in changes if change.field != "payload"]


@needs_litellm
@BOTH
def test_the_id_of_a_request_is_told(model: str) -> None:
    with (
        WireServer(Said("a")) as server,
        Client(f"litellm:{model}", api_key="k", base_url=server.url) as client,
    ):
        assert client.complete("q").request_id == "req_1"
        stream = client.stream("q")
        list(stream)
        assert stream.response.request_id == "req_1"


@needs_litellm
@BOTH
def test_the_id_of_a_request_that_failed_is_told(model: str) -> None:
    with (
        WireServer(faults.rate_limited(2)) as server,
        Client(f"litellm:{model}", api_key="k", base_url=server.url, retry=Retry(attempts=1)) as client,
        pytest.raises(errors.RateLimited) as raised,
    ):
        client.complete("q")
    assert raised.value.request_id == "req_1"


@pytest.mark.parametrize(
    ("model", "lost"),
    [("openai/gpt-4.1", ["cache"]), ("gemini/gemini-2.5-pro", ["cache"]), ("anthropic/claude-sonnet-4-5", [])],
)
def test_without_the_cache_no_marks_are_sent(model: str, lost: list[str]) -> None:
    messages = (system("be brief", cache=True), user("hi"))
    prepared = encode(Request(messages, settings=Settings(cache="off")), model)
    assert "cache_control" not in repr(prepared.payload)
    assert "cache_control" in repr(encode(Request(messages), model).payload)
    assert [change.field for change in prepared.changes if change.lost] == lost


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("openai/gpt-4.1", False),
        ("gpt-4.1", False),
        ("azure/mine", False),
        ("openai/qwen3", True),  # another server that speaks OpenAI's wire
        ("anthropic/claude-sonnet-4-5", True),
    ],
)
def test_top_k_goes_only_to_those_that_take_it(model: str, sent: bool) -> None:
    prepared = encode(Request((user("hi"),), settings=Settings(top_k=5)), model)
    assert ("top_k" in prepared.payload) == sent
    assert [change.field for change in prepared.changes if change.lost] == ([] if sent else ["top_k"])


@needs_litellm
@pytest.mark.parametrize(
    ("settings", "field"),
    [(Settings(temperature=0.3), "temperature"), (Settings(tool_choice="required"), "tool_choice")],
)
def test_a_value_that_a_model_refuses_is_dropped_and_told(settings: Settings, field: str) -> None:
    request = Request((user("hi"),), (LOOK,), settings=settings)
    with (
        WireServer(Said("a")) as server,
        Client("litellm:anthropic/claude-opus-5-5", api_key="k", base_url=server.url) as client,
    ):
        response = client.complete(request)
        assert field not in server.requests[0].body
    assert response.text == "a"
    assert told(response.receipt.changes) == [field]


@needs_litellm
def test_a_value_that_a_model_takes_is_sent() -> None:
    request = Request((user("hi"),), (LOOK,), settings=Settings(temperature=0.3, tool_choice="required"))
    with Client("litellm:anthropic/claude-sonnet-4-5", api_key="k") as client:
        explained = client.explain(request)
    assert (explained.payload["temperature"], explained.payload["tool_choice"]) == (0.3, "required")
    assert told(explained.changes) == []


@needs_litellm
@pytest.mark.parametrize(("said", "reason"), [(Said(refusal="I cannot"), "unknown"), (Said("a"), "stop")])
def test_a_streamed_refusal_is_no_empty_success(said: Said, reason: str) -> None:
    with (
        WireServer(said) as server,
        Client("litellm:openai/gpt-4.1", api_key="k", base_url=server.url) as client,
    ):
        stream = client.stream("q")
        list(stream)
    finish = stream.response.finish
    assert finish is not None
    assert finish.reason == reason
    assert [change.field for change in stream.response.warnings] == ["answer"] * (reason == "unknown")


@needs_litellm
def test_the_payload_of_a_receipt_is_said_to_be_litellms() -> None:
    with Client("litellm:openai/gpt-4.1", api_key="k") as client:
        changes = client.explain("q").changes
    assert [(change.field, change.lost) for change in changes] == [("payload", False)]


@needs_litellm
@pytest.mark.parametrize(("arguments", "sent"), [('{"at":', {"text": '{"at":'}), ('{"at": 1}', {"at": 1}), ("", {})])
def test_a_call_with_broken_arguments_is_replayed_as_text(arguments: str, sent: dict[str, Any]) -> None:
    history = (user("x"), assistant([ToolCall("c1", "look", arguments)]), tool(ToolResult("c1", "bad")))
    with (
        WireServer(Said("a")) as server,
        Client("litellm:anthropic/claude-sonnet-4-5", api_key="k", base_url=server.url) as client,
    ):
        response = client.complete(Request(history, (LOOK,)))
        blocks = server.requests[0].body["messages"][1]["content"]
    assert [block["input"] for block in blocks if block["type"] == "tool_use"] == [sent]
    assert told(response.receipt.changes) == ["messages.tool_call"] * ("text" in sent)
