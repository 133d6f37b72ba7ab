"""Bounds on a JSON schema, so that every value it allows is short enough to be finished.

A small model that may write a number, string or list of any length sometimes never stops. The bounded schema allows
a subset of what the schema allows; only a schema that refers to itself stays unbounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

Schema: TypeAlias = Mapping[str, Any]

LONGEST_STRING = 200
LONGEST_ARRAY = 16
MOST_PROPERTIES = 8
WIDEST_RANGE = 1_000_000_000
NUMBER_STEP = 0.000001

_KEY_PATTERN = "^[A-Za-z0-9_ -]{1,32}$"
_SCALAR_TYPES = ("string", "number", "boolean", "null")
_DECIDES_ITSELF = ("$ref", "enum", "const", "anyOf", "oneOf", "allOf")


def bounded(schema: Schema) -> dict[str, Any]:
    """The schema with a limit wherever it has none; objects with named properties take no others."""
    result = {key: _within(key, value) for key, value in schema.items()}
    types = _types(schema)
    if not types:
        return result
    if "type" not in schema:
        result["type"] = list(types)
    if "string" in types:
        result.setdefault("maxLength", max(LONGEST_STRING, schema.get("minLength", 0)))
    if "array" in types:
        least = max(schema.get("minItems", 0), len(schema.get("prefixItems", ())))
        result.setdefault("maxItems", max(LONGEST_ARRAY, least))
        result.setdefault("items", bounded({}))
    if "integer" in types or "number" in types:
        result |= _range(schema)
    if "number" in types and result["maximum"] - result["minimum"] > NUMBER_STEP * 10:
        result.setdefault("multipleOf", NUMBER_STEP)
    if "object" in types:
        result |= _object(schema)
    return result


def _within(key: str, value: Any) -> Any:
    """The value of a keyword, with the schemas inside it bounded."""
    if key in ("properties", "patternProperties", "$defs", "definitions"):
        return {name: _subschema(part) for name, part in value.items()}
    if key in ("anyOf", "oneOf", "prefixItems"):
        return [_subschema(part) for part in value]
    if key in ("items", "additionalProperties"):
        return _subschema(value)
    return value


def _subschema(schema: Any) -> Any:
    if schema is True:
        return bounded({})
    return bounded(cast("Schema", schema)) if isinstance(schema, Mapping) else schema


def _types(schema: Schema) -> tuple[str, ...]:
    """The types whose limits matter; a schema that names none of them may hold any scalar."""
    if "type" in schema:
        named = schema["type"]
        return (named,) if isinstance(named, str) else tuple(named)
    if any(key in schema for key in _DECIDES_ITSELF):
        return ()
    if "properties" in schema or "additionalProperties" in schema or "patternProperties" in schema:
        return ("object",)
    if "items" in schema or "prefixItems" in schema:
        return ("array",)
    if "pattern" in schema or "format" in schema or "maxLength" in schema or "minLength" in schema:
        return ("string",)
    return _SCALAR_TYPES


def _range(schema: Schema) -> dict[str, float]:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        low = -WIDEST_RANGE if high is None else min(-WIDEST_RANGE, high - WIDEST_RANGE)
    if high is None:
        high = max(WIDEST_RANGE, low + WIDEST_RANGE)
    return {"minimum": low, "maximum": high}


def _object(schema: Schema) -> dict[str, Any]:
    extra = schema.get("additionalProperties", True)
    if "properties" in schema or "patternProperties" in schema:
        return {"additionalProperties": False}
    if extra is False:
        return {}
    return {
        "patternProperties": {_KEY_PATTERN: _subschema(extra)},
        "additionalProperties": False,
        "maxProperties": schema.get("maxProperties", max(MOST_PROPERTIES, schema.get("minProperties", 0))),
    }
