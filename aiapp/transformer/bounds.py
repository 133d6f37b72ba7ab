"""Bounds on a JSON schema, so that every value it allows is short enough to be finished.

A small model that may write a number, string or list of any length sometimes never stops. The bounded schema allows
a subset of what the schema allows; only a schema that refers to itself stays unbounded. Where several schemas speak
of one value (`allOf`, or a keyword beside `$ref` or `anyOf`), the outermost is given the bounds and the others are
written out inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from aiapp.transformer.schemas import Document, Schema, as_object, changed

Mutable: TypeAlias = dict[str, Any]

LONGEST_STRING = 100
LONGEST_ITEM = 40  # of a list of strings
LONGEST_ARRAY = 10
MOST_PROPERTIES = 8
WIDEST_RANGE = 1_000_000_000
NUMBER_STEP = 0.000001

_KEY_PATTERN = "^[A-Za-z0-9_ -]{1,32}$"
_SCALAR_TYPES = ("string", "number", "boolean", "null")
_IN_PLACE = ("allOf", "anyOf", "oneOf")
_LIMITS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_ANNOTATIONS = {
    *("$defs", "definitions", "$schema", "$id", "$anchor", "$comment", "title", "description", "default"),
    *("examples", "deprecated", "readOnly", "writeOnly", "discriminator"),
}
_SPEAKS_OF = {
    "object": ("properties", "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "additionalItems", "minItems", "maxItems"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": (*_LIMITS, "multipleOf"),
}


def bounded(schema: Schema) -> Mutable:
    """The schema with a limit wherever it has none; objects with named properties take no others.

    A `oneOf` becomes an `anyOf`: that its branches exclude each other must have been made sure of before.
    """
    return {**_Bounder(Document(schema)).bounded(schema)}


class _Bounder:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._arrays = 0  # how many the schema at hand stands in

    def bounded(self, schema: Any) -> Any:
        """The schema of a value, with bounds."""
        if schema is True:
            return self.bounded({})
        if not isinstance(schema, Mapping):
            return schema
        whole = cast("Schema", schema)
        said = whole.keys() - _ANNOTATIONS
        if said == {"$ref"} or said in ({"anyOf"}, {"oneOf"}):
            return _as_any_of({key: changed(key, value, self.bounded) for key, value in whole.items()})
        if "enum" in said or "const" in said:
            return self._written_out(whole, ())
        result = self._written_out(whole, ())
        parts = list(_parts(result))
        types = _types(parts)
        if types and not any("type" in part for part in parts):
            result["type"] = list(types)
        if "string" in types:
            longest = LONGEST_ITEM if self._arrays else LONGEST_STRING
            result.setdefault("maxLength", max(longest, *_counts(parts, "minLength"), *_lengths(parts)))
        if "array" in types:
            self._bound_array(result, parts)
        if "integer" in types or "number" in types:
            _bound_number(result, parts, fractions="number" in types)
        if "object" in types:
            self._close(result, parts)
        return result

    def _written_out(self, schema: Schema, seen: tuple[str, ...]) -> Mutable:
        """The schema with bounds inside it, but none of its own, and with what it refers to beside other keywords.

        A property that is only mentioned stays open where another schema may describe it.
        """
        result: Mutable = {}
        extra: list[Any] = []
        shared = bool(seen) or any(key in schema for key in (*_IN_PLACE, "$ref"))
        for key, value in schema.items():
            if key in _IN_PLACE:
                result[key] = [self._part(part, (*seen, key)) for part in value]
            elif key == "$ref" and isinstance(found := self._document.resolve(value), Mapping) and value not in seen:
                extra.append(self._written_out(cast("Schema", found), (*seen, value)))
            elif key == "properties" and shared:
                result[key] = {name: part if _is_open(part) else self.bounded(part) for name, part in value.items()}
            else:
                self._arrays += key == "items"
                result[key] = changed(key, value, self.bounded)
                self._arrays -= key == "items"
        if extra:
            result["allOf"] = [*result.get("allOf", ()), *extra]
        return _as_any_of(result)

    def _part(self, schema: Any, seen: tuple[str, ...]) -> Any:
        return self._written_out(cast("Schema", schema), seen) if isinstance(schema, Mapping) else schema

    def _bound_array(self, schema: Mutable, parts: Sequence[Schema]) -> None:
        longest = [len(part.get(key, ())) for part in parts for key in ("prefixItems",) if key in part]
        longest += [len(part["items"]) for part in parts if isinstance(part.get("items"), list)]
        most = max(LONGEST_ARRAY, *_counts(parts, "minItems"), *longest, *_lengths(parts))
        schema.setdefault("maxItems", most)
        if isinstance(schema.get("items"), list):
            schema.setdefault("additionalItems", self.bounded({}))
        elif not any("items" in part or "prefixItems" in part for part in parts[1:]):
            schema.setdefault("items", self.bounded({}))

    def _close(self, schema: Mutable, parts: Sequence[Schema]) -> None:
        """Let the object have no properties but those that some part names; one that names none is a map."""
        extra: Any = schema.get("additionalProperties", True)
        mentions = [item for part in parts for item in as_object(part.get("properties")).items()]
        described = {name for name, value in mentions if not _is_open(value)}
        own = as_object(schema.get("properties"))
        if "properties" in schema:
            schema["properties"] = {
                name: value if name in described else self.bounded(value) for name, value in own.items()
            }
            own = schema["properties"]
        if extra is False or any("$ref" in part for part in parts):
            return
        rest = self.bounded(extra)
        patterns = [pattern for part in parts for pattern in as_object(part.get("patternProperties"))]
        needed = {name for part in parts for name in part.get("required", ())}
        others: Any = True if any("additionalProperties" in part for part in parts[1:]) else rest
        added = {
            name: extra if name in described else rest
            for name, value in mentions
            if name not in own and value is not False
        }
        added |= {name: others for name in sorted(needed) if name not in own and name not in added}
        if added:
            schema["properties"] = {**own, **added}
        if patterns:
            schema["patternProperties"] = dict.fromkeys(patterns, extra) | schema.get("patternProperties", {})
        elif not any("properties" in part for part in parts):
            most = max(MOST_PROPERTIES, *_counts(parts, "minProperties"), len(needed))
            schema["patternProperties"] = {_KEY_PATTERN: others}
            schema.setdefault("maxProperties", most)
        schema["additionalProperties"] = False


def _is_open(schema: Any) -> bool:
    return schema is True or schema == {}


def _parts(schema: Schema) -> Iterator[Schema]:
    """All the schemas that speak of the same value."""
    yield schema
    for key in _IN_PLACE:
        for part in schema.get(key, ()):
            yield from _parts(as_object(part))


def _as_any_of(schema: Mutable) -> Mutable:
    if "oneOf" not in schema:
        return schema
    choice = {"anyOf": schema["oneOf"]}
    rest = {key: value for key, value in schema.items() if key != "oneOf"}
    return {**rest, "allOf": [*rest.get("allOf", ()), choice]} if "anyOf" in rest else {**rest, **choice}


def _types(parts: Sequence[Schema]) -> tuple[str, ...]:
    """The types whose limits matter; a schema that speaks of none may hold any scalar."""
    stated: list[str] = []
    for part in parts:
        if "type" in part:
            stated += [part["type"]] if isinstance(part["type"], str) else part["type"]
    if stated:
        return tuple(dict.fromkeys(stated))
    implied = tuple(name for name, keys in _SPEAKS_OF.items() if any(key in part for part in parts for key in keys))
    if implied or any(key in part for part in parts for key in ("enum", "const", "$ref")):
        return implied
    return _SCALAR_TYPES


def _counts(parts: Sequence[Schema], key: str) -> Iterable[int]:
    yield from (part[key] for part in parts if isinstance(part.get(key), int))
    yield 0


def _constants(parts: Sequence[Schema]) -> Iterator[Any]:
    for part in parts:
        yield from part.get("enum", ())
        if "const" in part:
            yield part["const"]


def _lengths(parts: Sequence[Schema]) -> Iterable[int]:
    yield from (len(cast("Sequence[Any]", value)) for value in _constants(parts) if isinstance(value, str | list))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bound_number(schema: Mutable, parts: Sequence[Schema], *, fractions: bool) -> None:
    limits = [part[key] for part in parts for key in _LIMITS if _is_number(part.get(key))]
    constants = [value for value in _constants(parts) if _is_number(value)]
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        low = min([0, *limits, *constants]) - WIDEST_RANGE if limits or constants else -WIDEST_RANGE
    if high is None:
        high = max([0, *limits, *constants]) + WIDEST_RANGE if limits or constants else WIDEST_RANGE
    schema |= {"minimum": low, "maximum": high}
    if fractions and high - low > NUMBER_STEP * 10:
        _step_inside(schema)
    finer = constants or any("multipleOf" in part for part in parts)
    if fractions and not finer and high - low > NUMBER_STEP * 10:
        schema["multipleOf"] = NUMBER_STEP


def _step_inside(schema: Mutable) -> None:
    """No bound that is whole and excluded: llguidance 1.9 lets that bound itself through, written without a point."""
    for excluded, included, step, nearer in (
        ("exclusiveMinimum", "minimum", NUMBER_STEP, max),
        ("exclusiveMaximum", "maximum", -NUMBER_STEP, min),
    ):
        bound = schema.get(excluded)
        if _is_number(bound) and float(schema[excluded]).is_integer():
            schema[included] = nearer(schema[included], schema.pop(excluded) + step)
