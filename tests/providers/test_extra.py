"""A user's own keys: laid over the payload, with nothing of the request lost unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput, NotHonoured
from aiapp.core.formats import JsonSchema
from aiapp.core.messages import user
from aiapp.core.request import Request, Settings, Tool
from aiapp.providers.anthropic import encode as anthropic
from aiapp.providers.litellm import encode as litellm
from aiapp.providers.openai import encode as openai
from aiapp.providers.openai.chat import encode as chat
from aiapp.providers.openai.vendors import vendors
from aiapp.providers.protocol import Prepared
from aiapp.providers.registry import open_provider
from aiapp.providers.tools import ANSWER_TOOL
from aiapp.testing import WireServer

Encode = Callable[[Request], Prepared]
WIRES: dict[str, Encode] = {
    "anthropic": lambda request: anthropic.encode(request, "m"),
    "openai": lambda request: openai.encode(request, "m"),
    "openai-chat": lambda request: chat.encode(request, "m", vendors()["openai-chat"]),
    "litellm": lambda request: litellm.encode(request, "m"),
}
LIMITS = {
    "anthropic": "max_tokens",
    "openai": "max_output_tokens",
    "openai-chat": "max_completion_tokens",
    "litellm": "max_tokens",
}
SEARCH = {"type": "web_search", "name": "web_search"}
LOOK = Tool("look", "Looks.", {})
TABLE = JsonSchema({"type": "object", "additionalProperties": {"type": "integer"}})


def asked(*tools: Tool, form: JsonSchema | None = None, **settings: Any) -> Request:
    return Request((user("hi"),), tools, form, Settings(**settings))


def names(prepared: Prepared) -> list[str]:
    return [tool["function"]["name"] if "function" in tool else tool["name"] for tool in prepared.payload["tools"]]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("given", [[SEARCH], (SEARCH,)])
def test_tools_are_added_to_the_requests_own(wire: str, given: Any) -> None:
    prepared = WIRES[wire](asked(LOOK, extra={"tools": given}))
    assert names(prepared) == ["look", "web_search"]
    assert prepared.changes == ()


@pytest.mark.parametrize("wire", WIRES)
def test_tools_of_extra_alone_are_tools_to_choose_from(wire: str) -> None:
    prepared = WIRES[wire](asked(tool_choice="required", parallel_tools=False, extra={"tools": [SEARCH]}))
    assert names(prepared) == ["web_search"]
    assert prepared.changes == ()
    if wire == "anthropic":
        assert prepared.payload["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    else:
        assert prepared.payload["tool_choice"] == "required"
        assert prepared.payload["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("provider", "answer", "choice"),
    [
        ("anthropic:claude-opus-4-5", TABLE.name, {"type": "any"}),
        ("openai:gpt-5.5-pro", ANSWER_TOOL, "required"),
        ("openai-chat:gpt-5.5-pro", ANSWER_TOOL, "required"),
    ],
)
def test_the_tool_that_takes_the_answer_stands_beside_them(provider: str, answer: str, choice: object) -> None:
    prepared = open_provider(provider, api_key="k").prepare(asked(form=TABLE, extra={"tools": [SEARCH]}))
    assert names(prepared) == ["web_search", answer]
    assert prepared.payload["tool_choice"] == choice


def test_the_tool_that_takes_the_answer_has_a_name_of_its_own() -> None:
    given = {"name": TABLE.name, "input_schema": {"type": "object"}}
    prepared = anthropic.encode(asked(form=TABLE, extra={"tools": [given]}), "claude-opus-4-5")
    assert names(prepared) == [TABLE.name, f"{TABLE.name}_answer"]
    assert prepared.answer_tool == f"{TABLE.name}_answer"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("given", [{"name": ANSWER_TOOL}, {"type": "function", "function": {"name": ANSWER_TOOL}}])
def test_none_of_them_has_the_name_that_aiapp_reads_answers_by(wire: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"extra\.tools"):
        WIRES[wire](asked(extra={"tools": [given]}))


def test_what_is_no_tool_is_passed_on() -> None:
    prepared = anthropic.encode(asked(form=TABLE, extra={"tools": ["web"]}), "claude-opus-4-5")
    assert prepared.payload["tools"][0] == "web"


def test_a_receipt_shows_the_requests_own_tools_whole_and_no_secret_of_the_others() -> None:
    schema = {"type": "object", "properties": {"token": {"type": "string"}}}
    server = {"type": "mcp", "server_label": "s", "server_url": "https://h/x", "authorization": "sk-mine"}
    request = Request((user("hi"),), (Tool("look", "", schema),), settings=Settings(extra={"tools": [server]}))
    own, theirs = Client("openai:gpt-5.2", api_key="k").explain(request).payload["tools"]
    assert own["parameters"]["properties"]["token"] == {"type": "string"}
    assert theirs["authorization"] == "[redacted]"


def test_servers_without_a_tool_choice_get_no_tools_where_none_may_be_called() -> None:
    prepared = chat.encode(asked(tool_choice="none", extra={"tools": [SEARCH]}), "m", vendors()["ollama"])
    assert "tools" not in prepared.payload
    assert [change.field for change in prepared.changes] == ["tools"]


@pytest.mark.parametrize("wire", WIRES)
def test_what_it_puts_in_the_place_of_a_setting_is_listed(wire: str) -> None:
    limit = LIMITS[wire]
    prepared = WIRES[wire](asked(max_tokens=10, extra={limit: 20, "user": "a"}))
    assert prepared.payload[limit] == 20
    assert [(change.field, change.lost) for change in prepared.changes] == [(f"extra.{limit}", True)]
    assert WIRES[wire](asked(max_tokens=10, extra={limit: 10})).changes == ()
    assert WIRES[wire](asked(extra={limit: 20})).changes == ()


def test_what_stands_deeper_is_named_by_its_path() -> None:
    extra: dict[str, Any] = {"reasoning": {"effort": "high", "summary": "auto"}, "store": True, "include": []}
    prepared = openai.encode(asked(effort="low", extra=extra), "m")
    assert prepared.payload["reasoning"] == {"effort": "high", "summary": "auto"}
    assert prepared.payload["store"] is True
    assert [change.field for change in prepared.changes] == ["extra.reasoning.effort"]


def test_tools_in_no_list_replace_the_requests_and_are_listed() -> None:
    prepared = openai.encode(asked(LOOK, extra={"tools": None}), "m")
    assert prepared.payload["tools"] is None
    assert [str(change) for change in prepared.changes if change.lost] == [
        "extra.tools: it is sent in the place of what the request itself says"
    ]


def test_a_strict_client_refuses_to_lose_a_setting() -> None:
    with WireServer("ok") as server:
        client = Client("openai-chat:m", api_key="k", base_url=f"{server.url}/v1", strict=True)
        with pytest.raises(NotHonoured, match="temperature"), client:
            client.complete(asked(temperature=0.2, extra={"temperature": 0.9}))
        assert server.requests == []


def test_a_clients_own_keys_are_kept_beside_a_requests() -> None:
    with Client("openai:m", api_key="k", settings=Settings(extra={"prompt_cache_key": "k"})) as client:
        payload = client.explain(asked(extra={"metadata": {"a": "b"}})).payload
    assert (payload["prompt_cache_key"], payload["metadata"]) == ("k", {"a": "b"})
