"""Validation: the same verdict as jsonschema gives, and every problem named with its path."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.prompts.validation import compile_schema, problems

NAMES = st.sampled_from("abc")
SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -2.0]) | st.text("abc", max_size=3)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "null", "array", "object"])


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    size = st.integers(0, 3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "enum": st.lists(SCALARS, min_size=1, max_size=3),
            "const": SCALARS,
            "minimum": st.integers(-2, 2),
            "exclusiveMaximum": st.integers(-2, 2),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
            "minLength": size,
            "maxLength": size,
            "pattern": st.sampled_from(["^a", "b", "c$"]),
            "minItems": size,
            "maxItems": size,
            "uniqueItems": st.booleans(),
            "minProperties": size,
            "maxProperties": size,
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": inner,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
            "propertyNames": inner,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "$ref": st.just("#/$defs/x"),
        },
    ).map(lambda schema: dict(list(schema.items())[:6]))


SCHEMAS = st.recursive(st.booleans(), keywords, max_leaves=6)


@given(SCHEMAS, st.sampled_from([True, {"type": "string"}, {"minimum": 0}]), VALUES)
def test_the_verdict_is_that_of_jsonschema(schema: Any, target: Any, value: Any) -> None:
    whole = {"$defs": {"x": target}, "allOf": [schema]}
    judge: Any = jsonschema.Draft202012Validator(whole)
    expected = judge.is_valid(value)
    assert (not problems(compile_schema(whole), value)) == expected


def test_every_problem_has_its_path() -> None:
    schema = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/row"}}, "n": {"maximum": 3}},
        "required": ["rows", "name"],
        "additionalProperties": False,
        "$defs": {"row": {"type": "object", "properties": {"x": {"type": "string"}, "below": {"$ref": "#/$defs/row"}}}},
    }
    value = {"rows": [{"below": {"x": 1}}, 2], "n": 4, "other": None}
    assert problems(compile_schema(schema), value, "") == [
        "name: missing",
        "rows[0].below.x: int, expected string",
        "rows[1]: int, expected an object",
        "n: 4, expected at most 3",
        "other: unknown",
    ]


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"type": "strnig"}, "schema.type"),
        ({"properties": {"a": {"contains": {}}}}, "schema.properties.a.contains"),
        ({"$ref": "https://x.example/y"}, "schema.$ref"),
        ({"$ref": "#/$defs/none"}, "schema.$ref"),
        ({"pattern": "("}, "schema.pattern"),
        ({"items": 3}, "schema.items"),
    ],
)
def test_a_schema_that_cannot_be_checked_is_refused(schema: object, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        compile_schema(schema)
    assert caught.value.field == field
