"""Picoschema: the compact schemas of Dotprompt, as far as they check a prompt's variables.

A field is `name: type, description`, or `name?: type` where it may be missing or None. Types: string, number, integer,
boolean, any, null. `name(array): type` or, with fields below it, `name(array):`; `name(enum): [A, B]`; `name:` or
`name(object):` with fields below it. A description of an array, an enum or an object stands in its brackets:
`name(array, what they are)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, TypeGuard, get_args

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message

Scalar: TypeAlias = Literal["string", "number", "integer", "boolean", "any", "null"]
Type: TypeAlias = Scalar | Literal["enum", "object", "shown", "message"]
"""`shown` is anything that has one plain text and `message` an earlier message: no schema declares either."""

Where: TypeAlias = Callable[[tuple[str, ...]], str]
"""The place of an entry, by the names on the way to it, for errors."""

_NAME = re.compile(
    r"(?P<name>[^\W\d][\w-]*)(?P<optional>\?)?(?:\((?P<kind>array|object|enum)(?:,\s*(?P<about>[^)]*))?\))?"
)
_SCALARS: dict[str, Scalar] = {scalar: scalar for scalar in get_args(Scalar)}
_CLASSES: dict[Type, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "any": (object,),
    "null": (type(None),),
    "shown": (str, int, float, bool),
    "message": (Message,),
}
_NUMBERS: tuple[Type, ...] = ("number", "integer")


@dataclass(frozen=True, slots=True)
class Field:
    """One variable: a scalar, one of `options`, an object with `fields`, or an array of such.

    An open object may have more than its fields. `optional` is what may be missing or None.
    """

    name: str
    type: Type
    description: str = ""
    optional: bool = False
    array: bool = False
    fields: tuple[Field, ...] = ()
    options: tuple[object, ...] = ()
    open: bool = False


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value has named fields."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list of others; a text is not."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def is_messages(value: object) -> TypeGuard[Sequence[Message]]:
    """Whether a value is a list of messages."""
    return is_array(value) and all(isinstance(item, Message) for item in value)


def parse(schema: object, where: Where, path: tuple[str, ...] = ()) -> tuple[Field, ...]:
    """The fields of a Picoschema mapping."""
    if not is_object(schema):
        raise InvalidInput(where(path), schema, "a mapping of variable names to types")
    fields = tuple(_field(name, type_, where, (*path, str(name))) for name, type_ in schema.items())
    names = [field.name for field in fields]
    if len(set(names)) < len(names):
        raise InvalidInput(where(path), names, "each name once")
    return fields


def _field(key: object, type_: object, where: Where, path: tuple[str, ...]) -> Field:
    match = _NAME.fullmatch(key) if isinstance(key, str) else None
    if match is None:
        accepted = "a name such as topic, topic?, topics(array), topic(enum) or topic(object, what it is)"
        raise InvalidInput(where(path), key, accepted)
    field = Field(match["name"], "object", (match["about"] or "").strip(), match["optional"] is not None)
    array = match["kind"] == "array"
    if match["kind"] == "enum":
        if not is_array(type_) or not type_:
            raise InvalidInput(where(path), type_, "a list of what it may be")
        return replace(field, type="enum", options=tuple(type_))
    if is_object(type_):
        return replace(field, array=array, fields=parse(type_, where, path))
    scalar, _, about = ("null" if type_ is None else str(type_)).partition(",")
    if scalar.strip() not in _SCALARS or match["kind"] == "object":
        accepted = "fields" if match["kind"] == "object" else f"one of {', '.join(_SCALARS)}, or fields"
        raise InvalidInput(where(path), type_, accepted)
    return replace(field, type=_SCALARS[scalar.strip()], array=array, description=field.description or about.strip())


def problems(fields: Sequence[Field], values: Mapping[str, object], path: str = "") -> Iterator[str]:
    """Everything that is missing, unknown or of the wrong type, as `name: what is wrong`."""
    yield from _missing_or_wrong(fields, values, path)
    known = {field.name for field in fields}
    yield from (f"{path}{name}: unknown" for name in values if name not in known)


def _missing_or_wrong(fields: Sequence[Field], values: Mapping[str, object], path: str) -> Iterator[str]:
    for field in fields:
        name = f"{path}{field.name}"
        if field.name not in values:
            if not field.optional:
                yield f"{name}: missing"
        elif not (values[field.name] is None and field.optional):
            yield from _mismatch(field, values[field.name], name)


def _mismatch(field: Field, value: object, name: str) -> Iterator[str]:
    given = type(value).__name__
    if field.array:
        if not is_array(value):
            yield f"{name}: {given}, expected an array"
            return
        single = replace(field, array=False)
        for index, item in enumerate(value):
            yield from _mismatch(single, item, f"{name}[{index}]")
    elif field.type == "object":
        if not is_object(value):
            yield f"{name}: {given}, expected an object"
        elif field.open:
            yield from _missing_or_wrong(field.fields, value, f"{name}.")
        else:
            yield from problems(field.fields, value, f"{name}.")
    elif field.type == "enum":
        # 1 == True in Python, and an option is one of the two.
        if not any(value == option and type(value) is type(option) for option in field.options):
            yield f"{name}: {_short(value)}, expected one of {', '.join(map(str, field.options))}"
    elif not isinstance(value, _CLASSES[field.type]) or (field.type in _NUMBERS and isinstance(value, bool)):
        expected = "a text, number or boolean" if field.type == "shown" else field.type
        yield f"{name}: {given}, expected {expected}"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
