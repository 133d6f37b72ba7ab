"""What becomes of a schema, and how its loss is told; the real litellm, where it is installed, with a loopback wire."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from aiapp.client.client import Client
from aiapp.core import errors
from aiapp.core.messages import system, user
from aiapp.core.parts import ToolCall
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.response import Change
from aiapp.core.schema import Schema
from aiapp.providers.litellm.encode import encode
from aiapp.providers.litellm.schemas import Narrowed, enforceable_by_claude, losses, schema_in
from aiapp.providers.tools import ANSWER_TOOL
from aiapp.testing import Said, WireServer
from aiapp.testing.connection import Received
from tests.outside.programs import needs_litellm

CLAUDE = "litellm:anthropic/claude-sonnet-4-5"
LOOK = Tool("look", "Look", {"type": "object", "properties": {}})


class Town(BaseModel):
    zipcode: Annotated[int, Field(ge=0)]


class Scores(BaseModel):
    town: Town
    scores: dict[str, int]


NUMBER = {"type": "integer"}
TREE = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/T"}}}}
OBJECT = {"type": "object", "properties": {"a": NUMBER}}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"type": "object", "additionalProperties": NUMBER}, {"type": "object", "additionalProperties": False}),
        ({"type": "object", "additionalProperties": NUMBER}, {"type": "object"}),
        ({"type": "object"}, {"type": "object", "additionalProperties": False}),
        (OBJECT, {"type": "object"}),
        ({"type": "array", "items": NUMBER}, {"type": "array"}),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}),
        ({}, {"type": "string"}),
        ({"anyOf": [NUMBER, {"type": "string"}]}, {"anyOf": [NUMBER]}),
        ({"$defs": {"A": NUMBER}, "$ref": "#/$defs/A"}, {"$defs": {"A": NUMBER}, "$ref": "/$defs/A"}),
        (
            {"$defs": {"T": TREE}, "$ref": "#/$defs/T"},
            {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "/$defs/T"}}}},
        ),
        (
            {"$defs": {"T": TREE}, "$ref": "#/$defs/T"},
            {"type": "object", "properties": {"kids": {"type": "array", "items": {"type": "object"}}}},
        ),
    ],
)
def test_a_schema_that_means_something_else_is_told(asked: dict[str, Any], sent: dict[str, Any]) -> None:
    with pytest.raises(Narrowed):
        losses(asked, sent)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (OBJECT | {"title": "A"}, OBJECT | {"additionalProperties": False}),
        ({"$defs": {"A": NUMBER}, "$ref": "#/$defs/A"}, NUMBER),
        ({"$defs": {"T": TREE}, "$ref": "#/$defs/T"}, {"$defs": {"T": TREE}, "$ref": "#/$defs/T"}),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"oneOf": [NUMBER, {"type": "null"}]}, {"anyOf": [{**NUMBER, "nullable": True}]}),
    ],
)
def test_a_schema_that_means_the_same_loses_nothing(asked: dict[str, Any], sent: dict[str, Any]) -> None:
    assert losses(asked, sent) == ()


def test_a_constraint_that_is_left_out_is_named() -> None:
    asked = {"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}}
    (change,) = losses(asked, {"type": "object", "properties": {"a": {"type": "string"}}})
    assert (change.field, change.lost) == ("format.a", False)
    assert "`minLength`" in change.reason


def test_what_claude_refuses_to_enforce_is_known() -> None:
    assert enforceable_by_claude({"$defs": {"A": NUMBER}, **OBJECT, "additionalProperties": False})
    assert not enforceable_by_claude({"type": "array", "items": {"type": "object", "additionalProperties": NUMBER}})
    assert not enforceable_by_claude({"$defs": {"T": TREE}, "$ref": "#/$defs/T"})


def test_a_schema_is_found_also_as_text() -> None:
    assert schema_in({"outputConfig": {"jsonSchema": {"schema": json.dumps(OBJECT)}}}) == OBJECT
    assert schema_in({"tools": [{"function": {"parameters": OBJECT}}]}) == OBJECT
    assert schema_in({"format": "json"}) is None


def test_the_name_of_the_answers_tool_is_taken() -> None:
    with pytest.raises(errors.InvalidInput, match=ANSWER_TOOL):
        encode(Request((user("hi"),), (Tool(ANSWER_TOOL, "", {}),)), "m")


def asked_of(received: list[Received]) -> dict[str, Any]:
    found = schema_in({name: value for name, value in received[-1].body.items() if name != "messages"})
    assert found is not None
    return dict(found)


def answering(value: object) -> Any:
    """By the tool for the answer where there is one, else in words."""

    def script(received: Received) -> Said:
        named = json.dumps(received.body.get("tools") or [])
        text = json.dumps(value)
        return Said(tool_calls=(ToolCall("call_1", ANSWER_TOOL, text),)) if ANSWER_TOOL in named else Said(text)

    return script


@needs_litellm
@pytest.mark.parametrize("streamed", [False, True])
def test_a_schema_of_any_names_reaches_anthropic_by_a_tool(streamed: bool) -> None:
    with WireServer(answering({"a": 1})) as server, Client(CLAUDE, api_key="k", base_url=server.url) as client:
        if streamed:
            stream = client.stream("q", output=dict[str, int])
            list(stream)
            response = stream.response
        else:
            response = client.complete("q", output=dict[str, int])
        assert (response.output, response.text) == ({"a": 1}, '{"a": 1}')
        assert response.finish is not None
        assert response.finish.reason == "stop"
        assert asked_of(server.requests)["additionalProperties"] == {"type": "integer"}
    assert [change.field for change in response.receipt.changes if change.field.startswith("format")] == ["format"]


@needs_litellm
def test_all_that_anthropic_is_not_sent_of_a_schema_is_listed() -> None:
    with WireServer(answering({"zipcode": 1})) as server, Client(CLAUDE, api_key="k", base_url=server.url) as client:
        response = client.complete("q", output=Town)
        sent = asked_of(server.requests)
    assert "minimum" not in sent["properties"]["zipcode"]
    told = [change for change in response.receipt.changes if change.field == "format.zipcode"]
    assert len(told) == 1
    assert "`minimum`" in told[0].reason


@needs_litellm
@pytest.mark.parametrize(
    ("model", "way"),
    [
        ("cohere/command-r-plus", "tool"),
        ("replicate/meta/llama", "words"),
        ("nlp_cloud/x", "words"),
        ("gemini/gemini-1.5-pro", "words"),  # its tools lose the same keyword
        ("anthropic/claude-opus-5-5", "words"),  # it refuses a forced tool
        ("bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", "tool"),  # sent as it is, it would be refused
        ("gemini/gemini-2.5-pro", "format"),
        ("openai/gpt-4.1", "format"),
    ],
)
def test_a_schema_reaches_every_model(model: str, way: str) -> None:
    with Client(f"litellm:{model}", api_key="k") as client:
        explained = client.explain(Request((system("S"), user("where?"))), output=Scores)
    payload = explained.payload
    assert ("response_format" in payload, "tools" in payload) == (way == "format", way == "tool")
    assert ("zipcode" in json.dumps(payload["messages"])) == (way == "words")
    assert "zipcode" in json.dumps(payload)
    assert [change.lost for change in explained.changes if change.field == "format"] == [False] * (way != "format")


@needs_litellm
@pytest.mark.parametrize(
    ("choice", "sent"),
    [(None, "required"), (Only("look"), {"type": "function", "function": {"name": "look"}})],
)
def test_beside_other_tools_the_answers_tool_is_one_of_them(choice: Only | None, sent: object) -> None:
    form = Schema.of(dict[str, int]).format()
    request = Request((user("q"),), (LOOK,), format=form, settings=Settings(tool_choice=choice))
    with Client(CLAUDE, api_key="k") as client:
        payload = client.explain(request).payload
    assert [tool["function"]["name"] for tool in payload["tools"]] == ["look", ANSWER_TOOL]
    assert payload["tool_choice"] == sent


@needs_litellm
def test_a_form_of_the_users_own_stands() -> None:
    own = {"type": "json_object"}
    request = Request((user("q"),), settings=Settings(extra={"response_format": own}))
    with Client(CLAUDE, api_key="k") as client:
        explained = client.explain(request, output=dict[str, int])
    assert explained.payload["response_format"]["type"] == "json_object"
    assert not any(isinstance(change, Change) and change.field == "format" for change in explained.changes)
