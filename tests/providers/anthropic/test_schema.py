"""Schemas as the Messages API enforces them: lossless, or the loss is listed, or refused; never `{}` in silence."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Mapping
from dataclasses import make_dataclass
from types import GenericAlias
from typing import Annotated, Any, Literal, cast

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from aiapp.core.schema import Schema
from aiapp.providers.anthropic.schema import FORMATS, MAX_OPTIONAL, MAX_UNIONS, Inexpressible, over_limit, transform
from tests.providers.written_schemas import misfits

KEYWORDS = {
    *("type", "properties", "required", "additionalProperties", "items", "minItems", "enum", "const", "anyOf"),
    *("$ref", "$defs", "format", "title", "description"),
}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    x: Annotated[int, Field(ge=0, description="across")]
    y: float = 0.0


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: Annotated[int, Field(le=9)]


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    at: Point | None = None


class Empty(BaseModel):
    pass


class Node(BaseModel):
    children: list[Node]


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


FITTING: list[Any] = [
    int,
    float,
    str,
    bool,
    None,
    Colour,
    Literal[1, "a", None],
    datetime.date,
    datetime.datetime,
    uuid.UUID,
    decimal.Decimal,
    bytes,
    Point,
    Empty,
    Annotated[str, Field(min_length=2, pattern="^a")],
    Annotated[list[int], Field(min_length=2, max_length=3)],
    Annotated[Cat | Dog, Field(discriminator="kind")],
]
UNFIT: list[Any] = [
    Any,
    object,
    dict[str, int],
    dict[str, Any],
    dict[Colour, str],
    tuple[int, str],
    list[Any],
    list,
    dict,
    Node,
    Loose,
]


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda kind: GenericAlias(list, (kind,))),
        inner.map(lambda kind: kind | None if kind is not None else int | None),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda kinds: make_dataclass("Made", [(f"f{number}", kind) for number, kind in enumerate(kinds)])
        ),
    )


ZOO = st.recursive(st.sampled_from(FITTING), _grown, max_leaves=5)
WILD = st.recursive(st.sampled_from(FITTING + UNFIT), _grown, max_leaves=5)


def nodes(schema: Any) -> list[Mapping[str, Any]]:
    """Every schema inside a schema."""
    if not isinstance(schema, dict):
        return []
    schema = cast(dict[str, Any], schema)
    inner: list[Any] = [
        *schema.get("properties", {}).values(),
        *schema.get("$defs", {}).values(),
        *schema.get("anyOf", ()),
    ]
    return [schema, *(found for one in [*inner, schema.get("items")] for found in nodes(one))]


def check(schema: Mapping[str, Any]) -> None:
    """S3: nothing that strict mode does not accept, and nothing that allows nothing."""
    jsonschema.Draft202012Validator.check_schema(schema)
    for node in nodes(schema):
        assert node.keys() <= KEYWORDS
        assert node.keys() & {"type", "enum", "const", "anyOf", "$ref"}
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
        assert node.get("minItems") in (None, 0, 1)
        assert node.get("format") in (None, *FORMATS)
        if "$ref" in node:
            assert node.keys() == {"$ref"}


@given(ZOO)
def test_s3_what_fits_is_whole_and_every_loss_is_listed(kind: Any) -> None:
    original = Schema(kind).format().schema
    fitted, changes = transform(original)
    check(fitted)
    assert not any(change.lost for change in changes)
    assert len(set(changes)) == len(changes)
    if not changes:
        silent = {"additionalProperties", "title", "description", "type", "discriminator"}
        for before, after in zip(nodes(original), nodes(fitted), strict=True):
            assert before.keys() - silent == after.keys() - silent


@given(WILD)
def test_s5_a_schema_is_fitted_or_refused_and_never_emptied(kind: Any) -> None:
    original = Schema(kind).format().schema
    try:
        fitted, _ = transform(original)
    except Inexpressible:
        return
    check(fitted)
    named = {node["title"] for node in nodes(original) if node.get("type") == "object" and node.get("properties") == {}}
    for node in nodes(fitted):
        if node.get("type") == "object" and not node["properties"]:
            assert node["title"] in named <= {"Empty"}


@pytest.mark.parametrize("kind", UNFIT, ids=str)
def test_s5_s6_s7_what_the_api_would_break_is_refused_with_its_place(kind: Any) -> None:
    with pytest.raises(Inexpressible, match=r"^format"):
        transform(Schema(kind).format().schema)


@pytest.mark.parametrize(
    ("kind", "place"),
    [(list[dict[str, int]], r"format\.value\[\]"), (dict[str, int] | None, r"format\.value"), (Node, r"format\.Node")],
)
def test_a_refusal_names_the_place(kind: Any, place: str) -> None:
    with pytest.raises(Inexpressible, match=place):
        transform(Schema(kind).format().schema)


def test_s4_keywords_become_hints_in_the_description_and_are_listed() -> None:
    fitted, changes = transform(Schema(Point).format().schema)
    assert fitted["properties"]["x"] == {"title": "X", "description": "across\n\n{minimum: 0}", "type": "integer"}
    assert fitted["properties"]["y"]["description"] == "{default: 0.0}"
    assert [change.field for change in changes] == ["format.x", "format.y"]
    assert ["checked against" in change.reason for change in changes] == [True, False]
    assert not any(change.lost for change in changes)


def test_a_hint_of_a_schema_by_which_nothing_is_read_is_lost() -> None:
    fitted, changes = transform(Schema(Point).format().schema, checked=False)
    assert fitted == transform(Schema(Point).format().schema)[0]
    assert [change.lost for change in changes] == [True, False]  # a default demands nothing
    assert changes[0].reason == "`minimum` is told to the model, not enforced; the answer is not checked either"


@pytest.mark.parametrize("name", FORMATS)
def test_s3_formats_that_are_enforced(name: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "format": name}}}
    assert transform(schema)[0]["properties"]["a"] == {"type": "string", "format": name}
    assert transform(schema)[1] == ()


def test_s3_other_formats_are_hints() -> None:
    fitted, changes = transform({"type": "object", "properties": {"a": {"type": "string", "format": "byte"}}})
    assert fitted["properties"]["a"] == {"type": "string", "description": '{format: "byte"}'}
    assert len(changes) == 1


@pytest.mark.parametrize(("least", "enforced", "hinted"), [(0, 0, False), (1, 1, False), (4, 1, True)])
def test_s3_at_least_one_item_is_all_that_is_enforced(least: int, enforced: int, hinted: bool) -> None:
    items = {"type": "array", "items": {"type": "string"}, "minItems": least}
    fitted, changes = transform({"type": "object", "properties": {"a": items}})
    assert fitted["properties"]["a"]["minItems"] == enforced
    assert bool(changes) == hinted


def test_types_in_a_list_become_variants() -> None:
    both = {"type": ["string", "null"], "minLength": 2, "description": "d"}
    fitted, changes = transform({"type": "object", "properties": {"a": both}})
    assert fitted["properties"]["a"] == {
        "description": "d",
        "anyOf": [{"type": "string", "description": "{minLength: 2}"}, {"type": "null"}],
    }
    assert len(changes) == 1


@pytest.mark.parametrize(
    ("given", "fitted"),
    [
        ({"type": "string", "enum": ["x", None, 1]}, {"enum": ["x"]}),
        ({"type": ["string", "null"], "enum": ["x", None, 1]}, {"enum": ["x", None]}),
        ({"type": "integer", "enum": [1, 2.0, 2.5, True]}, {"enum": [1, 2.0]}),
        ({"type": "number", "enum": [1, 2.5, False]}, {"enum": [1, 2.5]}),
        ({"type": "boolean", "const": True}, {"const": True}),
        ({"enum": ["x", None, 1]}, {"enum": ["x", None, 1]}),
    ],
)
def test_values_that_the_type_beside_them_forbids_are_none(given: dict[str, Any], fitted: dict[str, Any]) -> None:
    made, changes = transform({"type": "object", "properties": {"a": given}})
    assert (made["properties"]["a"], changes) == (fitted, ())
    for value in ("x", None, 1, 2.0, 2.5, True, False):
        assert bool(misfits(value, fitted)) == bool(misfits(value, given))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"a": {"type": "string", "enum": [1]}}},
        {"type": "object", "properties": {}, "patternProperties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"enum": [{"b": 1}]}}},
        {"type": "object", "properties": {"a": {"allOf": [{"type": "string"}, {"pattern": "a"}]}}},
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
        {"type": "object", "properties": {"a": True}},
        {"not": {"type": "string"}},
    ],
)
def test_schemas_written_by_hand_that_cannot_be_enforced(schema: dict[str, Any]) -> None:
    with pytest.raises(Inexpressible):
        transform(schema)


def test_s3_the_limits_of_a_request() -> None:
    def optional(count: int) -> dict[str, Any]:
        return {"type": "object", "properties": {f"a{n}": {"type": "string"} for n in range(count)}}

    def unions(count: int) -> dict[str, Any]:
        either = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        names = [f"a{n}" for n in range(count)]
        return {"type": "object", "properties": dict.fromkeys(names, either), "required": names}

    for made, most in ((optional, MAX_OPTIONAL), (unions, MAX_UNIONS)):
        assert over_limit([transform(made(most))[0]]) is None
        assert str(most) in (over_limit([transform(made(most + 1))[0]]) or "")
        assert over_limit([made(most // 2 + 1), made(most // 2 + 1)]) is not None
    nested = {"type": "object", "properties": {"b": {"type": "array", "items": optional(25)}}, "required": ["b"]}
    assert over_limit([nested]) is not None


def test_a_transform_leaves_the_original_alone() -> None:
    original = Schema(Dog).format().schema
    before = repr(original)
    transform(original)
    assert repr(original) == before
