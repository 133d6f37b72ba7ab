"""From a JSON schema to a grammar of llguidance that writes nothing but values of the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import llguidance

from aiapp.core.errors import InvalidInput
from aiapp.transformer.bounds import bounded
from aiapp.transformer.rewriting import simplified
from aiapp.transformer.schemas import Schema, walk

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions  # pyright: ignore[reportPrivateUsage]  # it has no public name

# One spelling of a value: the white space of Python's json module.
_JSON_STYLE: JsonCompileOptions = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}

_UNSUPPORTED = (
    "not",
    "if",
    "contains",
    "uniqueItems",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
)


def schema_source(schema: Mapping[str, Any]) -> str:
    """The grammar of the schema with bounds, or of the schema itself where the bounds leave nothing of it."""
    try:
        return _narrow_source(simplified(schema))
    except InvalidInput:
        raise
    except RecursionError as error:
        raise InvalidInput("schema", "its nesting", "a schema nested less deeply") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidInput("schema", schema, f"a JSON schema ({type(error).__name__}: {error})") from error


def _narrow_source(exact: Schema) -> str:
    _refuse_repeated_names(exact)
    if any("oneOf" in part for _, part in walk(exact)):
        _source(exact)  # whether branches exclude each other shows only while they are whole
    try:
        return _source(bounded(exact))
    except InvalidInput:
        return _source(exact)


def _source(schema: Schema) -> str:
    """The grammar of a schema; an error where there is none."""
    text = json.dumps(schema, allow_nan=False)
    source = llguidance.LLMatcher.grammar_from_json_schema(text, overrides=_JSON_STYLE)
    failed, remarks = llguidance.LLMatcher.validate_grammar_with_warnings(source)
    if not failed:
        return source
    reason = "; ".join(remarks).strip()
    found = [f"{key} at {path}" for path, part in walk(schema) for key in _UNSUPPORTED if key in part]
    if "Unimplemented keys" in reason and found:
        raise InvalidInput("schema", ", ".join(found), f"a schema without {', '.join(_UNSUPPORTED)}")
    if "oneOf" in reason:
        accepted = "branches of oneOf that a type or a constant of a required property tells apart, or anyOf"
        raise InvalidInput("schema", schema, accepted)
    raise InvalidInput("schema", schema, f"what llguidance can follow ({reason})")


def _refuse_repeated_names(schema: Schema) -> None:
    """A grammar cannot forbid that a name is written twice, so it cannot count names that it does not know."""
    for path, part in walk(schema):
        free = part.get("additionalProperties", True) is not False or "patternProperties" in part
        surely = len(part.get("required", ()))
        if free and "properties" not in part and part.get("minProperties", 0) - surely > 1:
            accepted = "at most 1 more than the required properties, where the names are free"
            raise InvalidInput(f"schema: minProperties at {path}", part["minProperties"], accepted)
