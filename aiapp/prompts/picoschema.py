"""Picoschema: the compact schemas of Dotprompt, as far as they check a prompt's variables.

A field is `name: type, description`, `name?: type` where it may be missing, `name(array): type`, `name(array):` with
fields, or `name:` with fields. Types: string, number, integer, boolean, any, null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from aiapp.core.errors import InvalidInput

_NAME = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<optional>\?)?(?:\((?P<kind>array|object)(?:,[^)]*)?\))?")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "any": (object,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One variable: a scalar, an object with `fields`, or an array of either."""

    name: str
    type: str
    optional: bool = False
    array: bool = False
    fields: tuple[Field, ...] = ()


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value has named fields."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list of others; a text is not."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def parse(schema: object, where: str) -> tuple[Field, ...]:
    """The fields of a Picoschema mapping."""
    if not is_object(schema):
        raise InvalidInput(where, schema, "a mapping of variable names to types")
    return tuple(_field(str(name), type_, where) for name, type_ in schema.items())


def _field(name: str, type_: object, where: str) -> Field:
    match = _NAME.fullmatch(name)
    if match is None:
        raise InvalidInput(where, name, "a name such as topic, topic? or topics(array)")
    optional, array = match["optional"] is not None, match["kind"] == "array"
    if is_object(type_):
        return Field(match["name"], "object", optional, array, parse(type_, f"{where}.{match['name']}"))
    scalar = str(type_).split(",", 1)[0].strip()
    if scalar not in _TYPES:
        raise InvalidInput(f"{where}.{match['name']}", type_, f"one of {', '.join(_TYPES)}, or a mapping")
    return Field(match["name"], scalar, optional, array)


def problems(fields: Sequence[Field], values: Mapping[str, object], path: str = "") -> Iterator[str]:
    """Everything that is missing, unknown or of the wrong type, as `name: what is wrong`."""
    for field in fields:
        name = f"{path}{field.name}"
        if field.name not in values:
            if not field.optional:
                yield f"{name}: missing"
        elif not (values[field.name] is None and field.optional):
            yield from _mismatch(field, values[field.name], name)
    known = {field.name for field in fields}
    yield from (f"{path}{name}: unknown" for name in values if name not in known)


def _mismatch(field: Field, value: object, name: str) -> Iterator[str]:
    if field.array:
        if not is_array(value):
            yield f"{name}: {type(value).__name__}, expected an array"
            return
        single = Field(field.name, field.type, fields=field.fields)
        for index, item in enumerate(value):
            yield from _mismatch(single, item, f"{name}[{index}]")
    elif field.type == "object":
        if is_object(value):
            yield from problems(field.fields, value, f"{name}.")
        else:
            yield f"{name}: {type(value).__name__}, expected an object"
    elif not isinstance(value, _TYPES[field.type]) or (isinstance(value, bool) and field.type in ("number", "integer")):
        yield f"{name}: {type(value).__name__}, expected {field.type}"
