"""Values as JSON and back: what is said to a model and what comes back can be stored, sent and read again.

Each value is an object whose `kind` names it, such as `{"kind": "text", "text": "Hello"}`; what is at its default is
left out, bytes are base64, money and times are texts. What is opaque (metadata, JSON schemas, `extra`) is kept as it
is and must be JSON already; a tuple there comes back as a list. The text is ASCII: lone surrogates survive, save that
two which form a pair come back as the one character that they encode.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints, overload

from aiapp.core import events, formats, invoice, messages, parts, request, response, usage
from aiapp.core.errors import InvalidInput

T = TypeVar("T")
Reader = Callable[[Any, str], Any]

_KINDS: dict[str, type[Any]] = {
    "altered": events.Altered,
    "alternative": events.Alternative,
    "attempt": response.Attempt,
    "choice": formats.Choice,
    "citation": parts.Citation,
    "cited": events.Cited,
    "completion": events.Completion,
    "file": parts.File,
    "finish": events.Finish,
    "grammar": formats.Grammar,
    "image": parts.Image,
    "invoice": invoice.Invoice,
    "iteration": usage.Iteration,
    "json_schema": formats.JsonSchema,
    "line": invoice.Line,
    "message": messages.Message,
    "only": request.Only,
    "part_end": events.PartEnd,
    "price_row": invoice.PriceRow,
    "quotation": formats.Quotation,
    "ranking": events.Ranking,
    "regex": formats.Regex,
    "request": request.Request,
    "served": events.Served,
    "settings": request.Settings,
    "started": events.Started,
    "text": parts.Text,
    "text_delta": events.TextDelta,
    "thinking": parts.Thinking,
    "thinking_delta": events.ThinkingDelta,
    "tool": request.Tool,
    "tool_call": parts.ToolCall,
    "tool_call_delta": events.ToolCallDelta,
    "tool_call_start": events.ToolCallStart,
    "tool_result": parts.ToolResult,
    "usage": usage.Usage,
    "usage_report": events.UsageReport,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_SIMPLE: dict[Any, str] = {str: "a text", int: "a whole number", bool: "true or false"}


def to_plain(value: Any) -> Any:
    """The value as plain JSON values; sequences become lists."""
    return _plain(value, _name_of(type(value)))


def to_json(value: Any) -> str:
    """The value as JSON text."""
    return json.dumps(to_plain(value))


def canonical(value: Any) -> str:
    """The one JSON text of a value, to be hashed: keys sorted, no white space, defaults left out."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"))


@overload
def from_plain(kind: type[T], value: Any) -> T: ...
@overload
def from_plain(kind: Hashable, value: Any) -> Any: ...
def from_plain(kind: Any, value: Any) -> Any:
    """The value of a type (`Message`, `Event`, `tuple[Message, ...]`) that plain JSON values hold.

    Whatever does not fit is one `InvalidInput` that names the place, such as `message.parts[0].text`.
    """
    return _reader(kind)(value, _name_of(kind))


@overload
def from_json(kind: type[T], text: str | bytes) -> T: ...
@overload
def from_json(kind: Hashable, text: str | bytes) -> Any: ...
def from_json(kind: Any, text: str | bytes) -> Any:
    """The value of a type that a JSON text holds."""
    try:
        value: Any = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(_name_of(kind), text, f"JSON text ({error})") from None
    return from_plain(kind, value)


def _name_of(kind: Any) -> str:
    return _NAMES.get(kind, "value")


def _is_a(value: Any, kind: Any) -> bool:
    return isinstance(value, kind)


def _plain(value: Any, path: str) -> Any:
    shape = _shapes().get(value.__class__)
    if shape is not None:
        return _plain_object(value, shape, path)
    if _is_a(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if _is_a(value, list | tuple):
        return [_plain(one, f"{path}[{place}]") for place, one in enumerate(value)]
    if _is_a(value, Decimal):
        return str(value)
    if _is_a(value, date):  # a datetime is one too
        return value.isoformat()
    return _opaque(value, path)


def _opaque(value: Any, path: str) -> Any:
    """A value that is JSON already, with tuples as lists."""
    if value is None or _is_a(value, str | int) or (_is_a(value, float) and math.isfinite(value)):
        return value
    if _is_a(value, list | tuple):
        return [_opaque(one, f"{path}[{place}]") for place, one in enumerate(value)]
    if not _is_a(value, Mapping):
        raise InvalidInput(path, value, "a value that JSON has")
    for key in value:
        if not isinstance(key, str):
            raise InvalidInput(path, key, "keys that are texts")
    return {key: _opaque(one, f"{path}.{key}") for key, one in value.items()}


def _plain_object(value: Any, shape: _Shape, path: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": shape.kind}
    for name, default in shape.defaults.items():
        one = getattr(value, name)
        if one is default or (type(one) is type(default) and one == default):
            continue
        plain[name] = _plain(one, f"{path}.{name}")
    return plain


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a class is written: its fields with what is left out, `MISSING` where nothing is."""

    kind: str
    defaults: Mapping[str, Any]


@cache
def _shapes() -> dict[type[Any], _Shape]:
    return {made: _Shape(kind, _defaults(made)) for kind, made in _KINDS.items()}


def _defaults(made: type[Any]) -> dict[str, Any]:
    return {
        one.name: one.default_factory() if one.default_factory is not MISSING else one.default
        for one in fields(made)
        if one.name != "kind" and one.metadata.get("written", True)
    }


@cache
def _reader(kind: Any) -> Reader:
    """What reads a value of a type, made once for each type."""
    if kind in _NAMES:
        return _object_reader(kind)
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _union_reader(inside)
    if origin is tuple:
        return _sequence_reader(inside[0])
    if origin is Literal:
        return _word_reader(inside)
    if kind in _SIMPLE:
        return _simple_reader(kind)
    readers: dict[Any, Reader] = {
        bytes: _bytes,
        float: _number,
        Decimal: _decimal,
        date: _date,
        datetime: _moment,
        NoneType: _nothing,
        Any: _opaque,
    }
    return readers.get(kind, _mapping)


def _object_reader(kind: type[Any]) -> Reader:
    name, defaults, hints = _NAMES[kind], _defaults(kind), get_type_hints(kind)
    read_field = {field: hints[field] for field in defaults}

    def read(value: Any, path: str) -> Any:
        if not _is_a(value, dict) or value.get("kind") != name:
            raise InvalidInput(path, value, f'an object of kind "{name}"')
        given: dict[str, Any] = value
        strange = [key for key in given if key not in read_field and key != "kind"]
        if strange:
            raise InvalidInput(f"{path}.{strange[0]}", given[strange[0]], f"no other keys than {', '.join(read_field)}")
        missing = [key for key, default in defaults.items() if default is MISSING and key not in given]
        if missing:
            raise InvalidInput(f"{path}.{missing[0]}", None, f'a value, which every object of kind "{name}" has')
        found = {key: _reader(read_field[key])(given[key], f"{path}.{key}") for key in read_field if key in given}
        try:
            return kind(**found)
        except InvalidInput as error:
            raise InvalidInput(f"{path}.{error.field}", error.value, error.accepted) from None

    return read


def _union_reader(members: tuple[Any, ...]) -> Reader:
    """Reads an object by its kind, and what is none by the first member that takes it."""
    objects = {_NAMES[member]: member for member in members if member in _NAMES}
    others = [member for member in members if member not in _NAMES]

    def read(value: Any, path: str) -> Any:
        if objects and _is_a(value, dict):
            member = objects.get(str(value.get("kind")))
            if member is None:
                raise InvalidInput(path, value, f"an object of kind {', '.join(objects)}")
            return _reader(member)(value, path)
        if value is None and NoneType in others:
            return None
        wrong: InvalidInput | None = None
        for member in others:
            try:
                return _reader(member)(value, path)
            except InvalidInput as error:
                wrong = error if member is not NoneType else wrong
        raise wrong or InvalidInput(path, value, f"an object of kind {', '.join(objects)}")

    return read


def _sequence_reader(member: Any) -> Reader:
    def read(value: Any, path: str) -> Any:
        if not _is_a(value, list):
            raise InvalidInput(path, value, "a list")
        return tuple(_reader(member)(one, f"{path}[{place}]") for place, one in enumerate(value))

    return read


def _word_reader(words: tuple[Any, ...]) -> Reader:
    def read(value: Any, path: str) -> Any:
        if value not in words:
            raise InvalidInput(path, value, ", ".join(words))
        return value

    return read


def _simple_reader(kind: Any) -> Reader:
    def read(value: Any, path: str) -> Any:
        if type(value) is not kind:
            raise InvalidInput(path, value, _SIMPLE[kind])
        return value

    return read


def _number(value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidInput(path, value, "a number")
    return value


def _decimal(value: Any, path: str) -> Decimal:
    if isinstance(value, str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise InvalidInput(path, value, "a decimal number as text")


def _date(value: Any, path: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidInput(path, value, "a date, such as 2026-11-20") from None


def _moment(value: Any, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(path, value, "a time with its zone, such as 2026-11-20T08:30:00+00:00")
    return moment


def _nothing(value: Any, path: str) -> None:
    if value is not None:
        raise InvalidInput(path, value, "null")


def _bytes(value: Any, path: str) -> bytes:
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise InvalidInput(path, value, "base64")


def _mapping(value: Any, path: str) -> Any:
    if not _is_a(value, dict):
        raise InvalidInput(path, value, "an object")
    return _opaque(value, path)
