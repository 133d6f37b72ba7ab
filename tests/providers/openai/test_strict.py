"""Schemas in strict form: what is enforced means what was asked for, and what is not is listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal, Union
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from typing_extensions import NotRequired, TypedDict  # noqa: UP035

from aiapp.core.schema import Misfit, Schema
from aiapp.providers.openai.strict import Strict, strict

DICT = {"type": "object", "additionalProperties": {"type": "integer"}}
UNIQUE = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "default": [1]}


def test_what_is_not_enforced_is_lost_where_nothing_is_read_by_the_schema() -> None:
    schema = {"type": "object", "properties": {"a": UNIQUE}, "required": ["a"]}
    made = {checked: strict(schema, checked=checked) for checked in (True, False)}
    assert made[True].schema == made[False].schema
    lost = {change.field: change.lost for change in made[False].changes}
    assert lost == {"format.a.uniqueItems": True, "format.a.default": False}
    assert not any(change.lost for change in made[True].changes)
    assert [strict(DICT, checked=checked).changes[0].lost for checked in (True, False)] == [False, True]


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ({"allOf": [{"type": "integer", "minimum": 5}], "minimum": 3}, "a has minimum beside another in allOf"),
        ({"allOf": [{"allOf": [{"type": "integer", "minimum": 5}]}], "minimum": 3}, "a has minimum beside another"),
        ({"allOf": [{"type": "integer", "not": {"const": 1}}]}, "a has not"),
        ({"allOf": [True], "type": "integer"}, "a has allOf"),
        ({"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x", "y"]}, "a requires y"),
    ],
)
def test_a_schema_whose_demands_would_be_lost_has_no_strict_form(node: dict[str, Any], why: str) -> None:
    schema = {"type": "object", "properties": {"a": node}, "required": ["a"]}
    made = strict(schema)
    assert (made.schema, made.enforced) == (schema, False)
    assert made.changes[0].reason.startswith(why)


def test_what_all_of_one_schema_says_again_is_one_demand() -> None:
    node = {"allOf": [{"type": "integer", "minimum": 5, "title": "X"}], "minimum": 5, "title": "Y"}
    made = strict({"type": "object", "properties": {"a": node}, "required": ["a"]})
    assert made.schema["properties"]["a"] == {"type": "integer", "minimum": 5, "title": "Y"}


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Mixed(Enum):
    ONE = 1
    TWO = "two"


class Point(BaseModel):
    """A place."""

    x: int
    y: Annotated[float, Field(ge=0, le=1)] = 0.5


class Tree(BaseModel):
    name: str
    children: list[Tree] = Field(default=[], description="What hangs below")
    parent: Tree | None = None


class Told(TypedDict):
    what: str
    why: NotRequired[str]


@dataclass
class Held:
    point: Point
    colours: set[Colour]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, Field(min_length=2, max_length=5)]


class Owner(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Field(description="The animal", examples=["a cat"])
    at: Point = Field(default=Point(x=1), description="Where")


class Open(BaseModel, extra="allow"):
    x: int


class Empty(BaseModel):
    pass


LEAVES: list[Any] = [
    str, int, float, bool, None, datetime, UUID, Colour, Mixed, Literal["a", 1, True], Literal["only"],
    Annotated[str, Field(pattern="^[a-z]+$")], Annotated[str, Field(min_length=1, max_length=3)],
    Annotated[int, Field(gt=3, multiple_of=2)], Point, Tree, Told, Held, Cat, Owner, Empty,
]  # fmt: skip
LOOSE: list[Any] = [dict[str, int], Any, object, tuple[int, str], dict[str, Any], list[Any], Open, dict[str, Point]]
TYPES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        inner.map(lambda one: list[one]),  # type: ignore[valid-type]
        inner.map(lambda one: Union[one, None]),  # noqa: UP007
        st.tuples(inner, inner).map(lambda both: Union[both]),  # noqa: UP007
    ),
    max_leaves=4,
)


def form_of(kind: Any) -> Mapping[str, Any]:
    return Schema.of(kind).format().schema


def nodes(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every schema inside a schema."""
    inner: list[Any] = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]
    return [schema, *(one for child in inner for one in nodes(child))]


def misfits(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What keeps a value from being one of the schema's."""
    judge: Any = jsonschema.Draft202012Validator(dict(schema))
    return [error.message for error in judge.iter_errors(value)]


def values(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """JSON values that a grammar made of a strict schema could give."""
    if "$ref" in schema:
        return st.deferred(lambda: values(root["$defs"][schema["$ref"].split("/")[-1]], root, depth + 1))
    if "anyOf" in schema:
        leaves = sorted(schema["anyOf"], key=lambda one: "$ref" in one)
        return st.one_of([values(one, root, depth) for one in (leaves[:1] if depth > 2 else leaves)])
    if "const" in schema or "enum" in schema:
        return st.sampled_from([schema["const"]] if "const" in schema else schema["enum"])
    return _of_type(schema, root, depth)


def _of_type(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "object":
            return st.fixed_dictionaries({name: values(one, root, depth) for name, one in schema["properties"].items()})
        case "array":
            return st.lists(values(schema["items"], root, depth + 1), max_size=0 if depth > 2 else 2)
        case "string":
            formats = {"date-time": st.datetimes().map(lambda t: t.isoformat() + "Z"), "uuid": st.uuids().map(str)}
            if "pattern" in schema:
                pattern: str = schema["pattern"]
                return st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True)
            return formats.get(schema.get("format", ""), st.text(max_size=4))
        case "integer":
            step = schema.get("multipleOf", 1)
            low = schema.get("minimum", schema.get("exclusiveMinimum", -step * 9) + 1)
            return st.integers(-(-low // step), low + 9).map(lambda n: n * step)
        case "number":
            return st.floats(schema.get("minimum", -1e6), schema.get("maximum", 1e6), allow_nan=False)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case other:
            raise AssertionError(other)


def hinted(made: Strict) -> bool:
    """Whether a constraint is said in the description alone."""
    return any("said in the description" in change.reason for change in made.changes)


@given(TYPES)
def test_s1_a_strict_schema_follows_the_rules(kind: Any) -> None:
    made = strict(form_of(kind))
    assert made.enforced
    for node in nodes(made.schema):
        assert "$ref" not in node or len(node) == 1
        assert (
            not {"default", "oneOf", "allOf", "prefixItems", "minLength", "uniqueItems", "discriminator"} & node.keys()
        )
        assert {"type", "anyOf", "$ref"} & node.keys()
        if node.get("type") == "object":
            assert node["required"] == list(node["properties"])
            assert node["additionalProperties"] is False
    jsonschema.Draft202012Validator.check_schema(dict(made.schema))


@given(st.data())
def test_what_a_strict_schema_lets_through_is_a_value_of_the_type(data: st.DataObject) -> None:
    kind = data.draw(TYPES)
    made = strict(form_of(kind))
    value = data.draw(values(made.schema, made.schema))
    read = Schema.of(kind).read(json.dumps(value))
    assert not isinstance(read, Misfit) or hinted(made), read


@given(st.data())
def test_every_value_that_fits_the_strict_schema_fits_the_one_that_was_asked_for(data: st.DataObject) -> None:
    asked = form_of(data.draw(TYPES))
    made = strict(asked)
    value = data.draw(values(made.schema, made.schema))
    assert hinted(made) or misfits(value, asked) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Point, Point(x=1)),
        (Tree, Tree(name="a", children=[Tree(name="b")])),
        (Owner, Owner(pet=Cat(kind="cat", lives=9))),
        (Told, {"what": "it", "why": "so"}),
    ],
)
def test_every_value_of_a_type_can_be_said_in_strict_form(kind: Any, value: Any) -> None:
    said = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    assert misfits(said, strict(form_of(kind)).schema) == []


@pytest.mark.parametrize("kind", LOOSE)
def test_s5_s6_what_has_no_strict_form_is_sent_as_it_is_and_listed(kind: Any) -> None:
    asked = form_of(kind)
    made = strict(asked)
    assert (made.enforced, made.schema) == (False, asked)
    assert [(change.field, change.lost) for change in made.changes] == [("format", False)]


@given(TYPES, st.sampled_from(LOOSE))
def test_s5_one_loose_place_anywhere_leaves_the_whole_as_it_is(kind: Any, loose: Any) -> None:
    asked = form_of(Union[list[kind], list[loose]])  # noqa: UP007
    assert strict(asked).schema == asked


def test_s7_recursion_is_kept() -> None:
    made = strict(form_of(Tree))
    assert made.schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}


def test_each_keyword_that_goes_is_listed_and_said() -> None:
    made = strict(form_of(Dog))
    name = made.schema["properties"]["name"]
    assert name["description"] == "maxLength: 5\nminLength: 2"
    assert [change.field for change in made.changes] == ["format.name.maxLength", "format.name.minLength"]
    assert not any(change.lost for change in made.changes)


def test_an_optional_property_without_null_must_be_filled_and_is_listed() -> None:
    made = strict(form_of(Told))
    assert made.demanded == ("why",)
    assert [change.field for change in made.changes] == ["format.why.required"]
    assert strict(form_of(Tree)).demanded == ("children", "$defs.Tree.children")


def test_a_reference_with_words_beside_it_keeps_both() -> None:
    place = strict(form_of(Owner)).schema["properties"]["at"]
    assert place == {"anyOf": [{"$ref": "#/$defs/Point"}], "description": "Where"}


def test_a_pattern_that_is_no_regular_one_becomes_a_hint() -> None:
    made = strict({"type": "object", "properties": {"a": {"type": "string", "pattern": "^(?!x)"}}, "required": ["a"]})
    assert made.enforced
    assert "pattern" not in made.schema["properties"]["a"]


def _nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": "string"} if depth == 0 else _nested(depth - 1)
    return {"type": "object", "properties": {"a": inner}, "required": ["a"]}


@pytest.mark.parametrize(
    "schema",
    [
        _nested(12),
        {"type": "object", "properties": {f"p{i}": {"type": "null"} for i in range(5001)}},
        {"type": "object", "properties": {"a": {"enum": list(range(1001))}}},
        {"type": "object", "properties": {"a": {"enum": [f"{i:0100}" for i in range(251)]}}},
        {"type": "object", "properties": {"a" * 120_001: {"type": "null"}}},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "properties": {"a": {"$ref": "https://elsewhere"}}},
        {"type": "object", "properties": {"a": {"not": {"type": "string"}}}},
        {"type": "object", "properties": {"a": {"allOf": [{"type": "string"}, {"minLength": 2}]}}},
        {"type": "object"},
        {},
    ],
)
def test_s2_what_is_too_large_or_strange_is_left_as_it_is(schema: dict[str, Any]) -> None:
    before = json.dumps(schema)
    made = strict(schema)
    assert (made.enforced, made.schema, json.dumps(schema)) == (False, schema, before)
