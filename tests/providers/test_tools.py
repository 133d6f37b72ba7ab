"""Names of tools, and calls and their results, as vendors take them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput
from aiapp.core.messages import assistant, tool, user
from aiapp.core.parts import Text, ToolCall, ToolResult
from aiapp.core.request import Request, Settings, Tool
from aiapp.providers.anthropic import encode as anthropic
from aiapp.providers.litellm import encode as litellm
from aiapp.providers.local import encode as local
from aiapp.providers.openai import encode as openai
from aiapp.providers.openai.chat import encode as chat
from aiapp.providers.openai.vendors import vendors
from aiapp.providers.protocol import Prepared
from aiapp.providers.tools import ANSWER_TOOL
from aiapp.testing import WireServer

Encode = Callable[[Request], Prepared]
WIRES: dict[str, Encode] = {
    "anthropic": lambda request: anthropic.encode(request, "m"),
    "openai": lambda request: openai.encode(request, "m"),
    "groq": lambda request: chat.encode(request, "m", vendors()["groq"]),
}
TOLERANT: dict[str, Encode] = {
    "ollama": lambda request: chat.encode(request, "m", vendors()["ollama"]),
    "litellm": lambda request: litellm.encode(request, "m"),
    "local": local.encode,
}


def offering(name: str) -> Request:
    return Request((user("hi"),), (Tool(name, "Looks.", {"type": "object", "properties": {}}),))


@pytest.mark.parametrize("name", ["", "a b", "größe", "a/b", "look\n", "x" * 129, None, 5])
def test_a_name_that_nobody_takes_is_refused_at_once(name: str) -> None:
    with pytest.raises(InvalidInput, match="letters A-Z and a-z, digits, _ and -") as caught:
        Tool(name, "Looks.", {})
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    ("wire", "longest"), [("anthropic", 128), ("openai", 64), ("groq", 64), ("ollama", 128), ("local", 128)]
)
def test_a_name_is_as_long_as_the_wire_takes_it(wire: str, longest: int) -> None:
    encode = (WIRES | TOLERANT)[wire]
    assert encode(offering("x" * longest)).changes == ()
    if longest < 128:
        with pytest.raises(InvalidInput, match=f"for {wire}, a name of at most {longest} letters"):
            encode(offering("x" * (longest + 1)))


@pytest.mark.parametrize("wire", WIRES)
def test_a_dot_is_taken_where_it_is(wire: str) -> None:
    with pytest.raises(InvalidInput, match=r"tools: 'files\.read'"):
        WIRES[wire](offering("files.read"))
    for encode in TOLERANT.values():
        assert "files.read" in str(encode(offering("files.read")).payload)


@pytest.mark.parametrize("wire", ["openai", "groq", "ollama"])
def test_the_name_that_asks_for_answers_is_taken_already(wire: str) -> None:
    with pytest.raises(InvalidInput, match="another name"):
        (WIRES | TOLERANT)[wire](offering(ANSWER_TOOL))


@pytest.mark.parametrize(
    ("wire", "place"),
    [("anthropic", "input_schema"), ("openai", "parameters"), ("groq", "parameters"), ("litellm", "parameters")],
)
def test_a_tool_without_arguments_has_the_schema_of_an_object(wire: str, place: str) -> None:
    prepared = (WIRES | TOLERANT)[wire](Request((user("hi"),), (Tool("look", "Looks.", {}),)))
    [sent] = prepared.payload["tools"]
    sent = sent.get("function", sent)
    assert {name: sent[place][name] for name in ("type", "properties")} == {"type": "object", "properties": {}}
    assert prepared.changes == ()


@pytest.mark.parametrize(
    ("wire", "limit"), [("anthropic", "max_tokens"), ("openai", "max_output_tokens"), ("groq", "max_completion_tokens")]
)
@pytest.mark.parametrize("value", ["5", 2.5, True])
def test_a_limit_that_is_no_number_is_refused_in_extra_too(wire: str, limit: str, value: object) -> None:
    with pytest.raises(InvalidInput, match="a whole number") as caught:
        WIRES[wire](Request((user("hi"),), settings=Settings(extra={limit: value})))
    assert caught.value.field == f"extra.{limit}"


@pytest.mark.parametrize("value", [None, -1])
def test_no_limit_is_one_where_the_wire_has_it(value: int | None) -> None:
    endless = Request((user("hi"),), settings=Settings(extra={"max_tokens": value}))
    assert TOLERANT["ollama"](endless).most_tokens is None
    assert TOLERANT["ollama"](endless).payload["max_tokens"] == value
    with pytest.raises(InvalidInput, match="a whole number of at least 0"):
        WIRES["anthropic"](endless)


@pytest.mark.parametrize("wire", WIRES)
def test_a_name_that_a_model_made_up_is_sent_as_one_that_is_taken(wire: str) -> None:
    called = assistant([ToolCall("c1", "files.read it", "{}")])
    prepared = WIRES[wire](Request((user("hi"), called, tool(ToolResult("c1", "no such tool")))))
    assert "files.read it" not in str(prepared.payload)
    assert "'files_read_it'" in str(prepared.payload)
    assert [(change.field, change.lost) for change in prepared.changes] == [("messages.tool_call", False)]


CALLS = assistant([Text("Let me see."), ToolCall("c1", "look", "{}"), ToolCall("c2", "look", "{}")])
BOTH = tool(ToolResult("c1", "fog"), ToolResult("c2", "sun"))
BROKEN = {
    "one is not answered": ((user("hi"), CALLS, tool(ToolResult("c1", "fog"))), "c2"),
    "none is answered": ((user("hi"), CALLS, user("and?")), "c1"),
    "a result of no call": ((user("hi"), CALLS, BOTH, tool(ToolResult("c3", "snow"))), "c3"),
    "a result twice": ((user("hi"), CALLS, BOTH, tool(ToolResult("c1", "fog"))), "c1"),
    "a result before its call": ((user("hi"), BOTH, CALLS), "c1"),
    "a result alone": ((tool(ToolResult("c1", "fog")),), "c1"),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("case", BROKEN)
def test_calls_and_results_belong_together(wire: str, case: str) -> None:
    messages, named = BROKEN[case]
    with pytest.raises(InvalidInput, match=f"'{named}'") as caught:
        WIRES[wire](Request(messages))
    assert caught.value.field == "messages"


@pytest.mark.parametrize("wire", WIRES)
def test_an_id_that_is_used_again_is_no_mistake(wire: str) -> None:
    turns = (user("hi"), CALLS, BOTH, CALLS, tool(ToolResult("c1", "fog")), tool(ToolResult("c2", "sun")), user("so?"))
    assert WIRES[wire](Request(turns)).changes == ()


def test_a_server_that_has_the_call_is_sent_its_result() -> None:
    stored = Settings(extra={"previous_response_id": "resp_1"})
    payload = WIRES["openai"](Request((tool(ToolResult("c1", "fog")),), settings=stored)).payload
    assert payload["input"] == [{"type": "function_call_output", "call_id": "c1", "output": "fog"}]


def test_nothing_of_it_is_sent() -> None:
    with WireServer("never") as server, Client("openai:m", api_key="k", base_url=server.url) as client:
        with pytest.raises(InvalidInput, match="a result for each call"):
            client.complete([user("hi"), CALLS])
        with pytest.raises(InvalidInput, match="a result for each call"):
            client.explain([user("hi"), CALLS])
        assert server.requests == []
