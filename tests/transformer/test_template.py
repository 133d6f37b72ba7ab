"""Tools and answer formats as the bundled model reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.transformer.template import call_text, system_text, tool_line, type_text

FLIGHTS = {
    "type": "object",
    "properties": {
        "from": {"type": "string"},
        "adults": {"type": "integer"},
        "cabin": {"enum": ["economy", "business"]},
    },
    "required": ["from"],
}


def test_a_tool_is_one_line() -> None:
    line = tool_line("search_flights", "Find flights.\nLonger words about it.", FLIGHTS)
    assert line == "search_flights(from: string, adults?: integer, cabin?: economy|business): Find flights."
    assert tool_line("now", "", {}) == "now()"


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "array", "items": {"type": "integer"}}, "[integer]"),
        ({"type": "array"}, "[any]"),
        ({"type": ["string", "null"]}, "string|null"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "string"}]}, "string|integer"),
        ({"const": 3}, "3"),
        ({}, "any"),
        ({"properties": {"a": {"type": "number"}}}, "{a?: number}"),
        ({"$ref": "#/$defs/City", "$defs": {"City": {"type": "string"}}}, "string"),
        ({"$ref": "#/$defs/Missing"}, "any"),
        ({"type": ["object", "array"], "items": {"type": "string"}}, "object|[string]"),
        ({"properties": {"x": True, "y": {"anyOf": [True, {"type": "string"}]}}}, "{x?: any, y?: any|string}"),
        ({"$ref": "#/$defs/Loop", "$defs": {"Loop": {"$ref": "#/$defs/Loop"}}}, "any"),
    ],
)
def test_a_schema_is_a_short_type(schema: dict[str, Any], text: str) -> None:
    assert type_text(schema, schema) == text


def test_a_type_that_holds_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    text = type_text({"$ref": "#/$defs/Node", "$defs": {"Node": node}}, {"$defs": {"Node": node}})
    assert text.startswith("{next?: {next?: ")
    assert text.count("next") < 12


def test_a_union_that_holds_itself_ends() -> None:
    schema = {"anyOf": [{"$ref": "#"}, {"type": "string"}]}
    assert type_text(schema, schema) == "any|string"


def test_the_system_turn_leaves_out_what_is_empty() -> None:
    assert system_text("", (), None) == ""
    assert system_text("Be brief.", ("now()",), {"type": "string"}) == (
        "Be brief.\n\nTools:\nnow()\n\nAnswer as JSON: string"
    )


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(), st.booleans(), st.none())))
def test_a_call_is_json(arguments: dict[str, Any]) -> None:
    assert json.loads(call_text("tool", arguments)) == {"name": "tool", "arguments": arguments}
