"""A schema that is enforced allows all that was asked for: no wire narrows it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from aiapp.providers.anthropic.schema import Inexpressible, transform
from aiapp.providers.openai.strict import strict
from tests.providers.written_schemas import BASE, misfits, roots, values
from tests.transformer.schema_strategy import Schema

OWN: Schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
REFERENCE: Schema = {"$ref": "#/$defs/Base"}


def forms(schema: Schema) -> list[Any]:
    """The schema as each wire enforces it, where one does."""
    made = strict(schema)
    found: list[Any] = [made.schema] if made.enforced else []
    try:
        return [*found, transform(schema)[0]]
    except Inexpressible:
        return found


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.data())
def test_every_value_that_is_meant_fits_what_is_enforced(data: st.DataObject) -> None:
    schema = data.draw(roots())
    enforced = forms(schema)
    assume(enforced)
    value = data.draw(values(schema, schema))
    assume(not misfits(value, schema))
    for form in enforced:
        assert misfits(value, form) == []


@pytest.mark.parametrize(
    "node",
    [
        {**OWN, "allOf": [REFERENCE]},
        {**OWN, "allOf": [BASE]},
        {**OWN, "anyOf": [REFERENCE, BASE]},
        {**OWN, **REFERENCE},
        {**REFERENCE, "anyOf": [OWN]},
        {"anyOf": [BASE], "required": ["a"]},
        {"anyOf": [{"type": "array", "items": BASE}], "items": OWN},
        {"allOf": [{"additionalProperties": False}], **OWN},
        {**OWN, "if": {"required": ["a"]}, "then": BASE},
        {**OWN, "dependentSchemas": {"a": BASE}},
        {**OWN, "required": ["a", "b"]},
        {"type": ["object", "null"]},
        {"enum": [{"a": 1}, None]},
        {"$ref": "#/$defs/Missing"},
        {"$ref": "#/$defs/Base/properties/b"},
    ],
)
def test_what_would_be_narrowed_is_not_enforced(node: Schema) -> None:
    nested = {"type": "object", "properties": {"it": node}, "$defs": {"Base": BASE}}
    made = strict(nested)
    assert (made.schema, made.enforced) == (nested, False)
    assert made.changes[0].reason.startswith("it ")
    with pytest.raises(Inexpressible, match=r"^format\.it "):
        transform(nested)


def test_a_type_of_objects_and_null_is_closed() -> None:
    made = strict({"type": "object", "properties": {"it": {**OWN, "type": ["object", "null"]}}, "required": ["it"]})
    assert made.enforced
    assert made.schema["properties"]["it"]["additionalProperties"] is False


def test_definitions_that_lead_in_a_circle_are_followed_once() -> None:
    circle: Schema = {"A": {"$ref": "#/$defs/B"}, "B": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]}}
    made = strict({"type": "object", "properties": {"it": {"$ref": "#/$defs/A"}}, "$defs": circle})
    assert made.demanded == ("it",)


def test_a_type_beside_variants_that_do_not_say_it_is_told() -> None:
    either = {"type": "string", "anyOf": [{"const": "a"}, {"type": "string", "format": "date"}]}
    fitted, changes = transform({"type": "object", "properties": {"it": either}})
    assert '{type: "string"}' in fitted["properties"]["it"]["description"]
    assert [change.field for change in changes] == ["format.it"]
