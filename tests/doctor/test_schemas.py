"""Schemas: those of types in the text, as pydantic makes them, and those that a provider does not take."""

from __future__ import annotations

import ast
import textwrap
from typing import Any

import pytest

from aiapp.doctor.reading.literals import Source
from aiapp.doctor.reading.types import schema_of
from tests.doctor.seeing import at, of_python

HEAD = """\
from enum import Enum
from typing import Annotated, Any, Literal, Optional, Union
from openai import OpenAI
from anthropic import Anthropic
from pydantic import BaseModel, Field
"""
OPENAI = "OpenAI().responses.parse(model='gpt-6-sol', input='x', text_format=Answer)"
ANTHROPIC = "Anthropic().messages.parse(model='claude-sonnet-5', max_tokens=9, messages=m, output_format=Answer)"


def found(fields: str, call: str) -> list[tuple[str, str]]:
    text = f"{HEAD}class Answer(BaseModel):\n{textwrap.indent(textwrap.dedent(fields), '    ')}\n{call}\n"
    return [(one.code, one.message) for one in of_python(text)]


@pytest.mark.parametrize("call", [OPENAI, ANTHROPIC])
def test_a_dict_of_any_keys_is_told_for_both_providers(call: str) -> None:
    ((code, message),) = found("scores: dict[str, int]", call)
    assert code == "AI302"
    assert message.startswith("Answer: ")
    assert "scores" in message


@pytest.mark.parametrize("call", [OPENAI, ANTHROPIC])
def test_a_plain_type_is_right(call: str) -> None:
    fields = "name: str\nage: int | None\ntags: list[Literal['a', 'b']]\nother: Imported\nnote: Annotated[str, 'x']"
    assert found(fields, call) == []


def test_limits_are_told_as_limits() -> None:
    optional = "\n".join(f"f{n}: int = 0" for n in range(25))
    assert [code for code, _ in found(optional, ANTHROPIC)] == ["AI301"]
    assert found("\n".join(f"f{n}: int = 0" for n in range(24)), ANTHROPIC) == []
    unions = "\n".join(f"f{n}: int | str" for n in range(17))
    assert [code for code, _ in found(unions, ANTHROPIC)] == ["AI301"]
    deep = "x: " + "list[" * 11 + "int" + "]" * 11
    assert [code for code, _ in found(deep, OPENAI)] == ["AI301"]


def test_recursion_is_for_openai_alone() -> None:
    fields = "name: str\nbelow: list['Answer']"
    assert found(fields, OPENAI) == []
    assert [code for code, _ in found(fields, ANTHROPIC)] == ["AI302"]


def test_tuples_and_any() -> None:
    assert [code for code, _ in found("pair: tuple[int, str]", ANTHROPIC)] == ["AI302"]
    assert [code for code, _ in found("thing: Any", OPENAI)] == ["AI302"]
    assert found("many: tuple[int, ...]", ANTHROPIC) == []


def test_a_written_schema_must_be_strict_as_it_stands() -> None:
    call = (
        "from openai import OpenAI\nOpenAI().chat.completions.create(model='gpt-6-sol', messages=m, response_format="
        "{{'type': 'json_schema', 'json_schema': {{'name': 'n', {strict}'schema': {schema}}}}})"
    )
    strict = "'strict': True, "
    shut = (
        "{'type': 'object', 'properties': {'a': {'type': 'string'}}, 'required': ['a'], 'additionalProperties': False}"
    )
    open_ = shut.replace(", 'additionalProperties': False", "")
    optional = shut.replace("['a']", "[]")
    assert of_python(call.format(strict=strict, schema=shut)) == []
    assert "additionalProperties" in of_python(call.format(strict=strict, schema=open_))[0].message
    assert "a not in `required`" in of_python(call.format(strict=strict, schema=optional))[0].message
    assert of_python(call.format(strict="", schema=open_)) == []


def test_the_client_of_aiapp_and_what_is_asked_of_it() -> None:
    text = HEAD + (
        "from aiapp import Client\nclass Answer(BaseModel):\n    scores: dict[str, int]\n"
        "client = Client('anthropic:claude-sonnet-5')\nother = Client('local')\n"
        "client.complete('x', output=Answer)\nother.complete('x', output=Answer)\n"
    )
    assert [(one.code, one.severity, one.place.line) for one in of_python(text)] == [("AI302", "warning", 11)]


TYPES = """\
class Colour(Enum):
    RED = "red"
    BLUE = "blue"
class Point(BaseModel):
    x: float
    y: float = 0.0
class Base(BaseModel):
    id: int
class Shape(Base):
    points: list[Point]
    colour: Colour
    label: Optional[str] = None
    kind: Literal["a", "b"] = Field(description="d")
    parent: Union[Point, None] = Field(default=None)
"""


def test_a_types_schema_is_pydantics_own() -> None:
    """Titles, descriptions and defaults aside, which no limit counts."""
    scope: dict[str, Any] = {}
    program = HEAD.replace("from openai import OpenAI\nfrom anthropic import Anthropic\n", "") + TYPES
    exec(compile(program, "types", "exec", dont_inherit=True), scope)
    source = Source(ast.parse(TYPES), TYPES, at("t.py"))
    made = schema_of(ast.Name("Shape"), source)
    assert made is not None
    theirs = scope["Shape"].model_json_schema()
    assert list(made["properties"]) == list(theirs["properties"])
    assert made["required"] == theirs["required"]
    assert set(made["$defs"]) | {"Colour"} == set(theirs["$defs"])
    assert made["$defs"]["Point"]["required"] == theirs["$defs"]["Point"]["required"]
    assert made["properties"]["points"]["items"] == theirs["properties"]["points"]["items"]
    assert made["properties"]["label"]["anyOf"] == theirs["properties"]["label"]["anyOf"]
