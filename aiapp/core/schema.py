"""JSON schemas of Python types, and values back from JSON text."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from inspect import isroutine
from types import UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union, get_origin

from aiapp.core.accepted import Accepted
from aiapp.core.errors import InvalidInput
from aiapp.core.formats import JsonSchema
from aiapp.core.typed_dicts import readable

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
_OPENING = r"\s*```[^\n`]*\n"
_FENCED = re.compile(rf"{_OPENING}(.*)\n[ \t]*```\s*", re.DOTALL)
"""No JSON text begins with a fence, so what is read without one is never anything else."""
_OPENED = re.compile(_OPENING)
_CLOSING = re.compile(r"\n[ \t]*`{1,3}\s*\Z")
"""As far as it came. No JSON text has a line break in a string, so it is never a part of one."""
LONGEST_NAME = 64
"""Providers take names of at most 64 letters, digits, underscores and hyphens."""
_TYPE = Accepted(
    "a type, such as list[str] or a pydantic model; a JSON schema is the `format` of a Request: JsonSchema(schema)",
    lambda kind: isinstance(kind, Hashable) and not isinstance(kind, str) and not isroutine(kind),
)


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a text is no value of a type: each place that does not fit, and what is wrong there."""

    reason: str


class Schema(Generic[T]):
    """The JSON schema of a type that pydantic understands: models, dataclasses, TypedDicts, enums, unions, primitives.

    Providers answer with JSON objects alone, so a type that is no object is asked for as `{"value": ...}`, and `read`
    takes it out again.
    """

    def __init__(self, of: type[T]) -> None:
        from pydantic import TypeAdapter, create_model
        from pydantic.errors import PydanticUserError

        self.type = of
        self._wrapped = False
        try:
            asked = readable(of)
            self._adapter: TypeAdapter[Any] = TypeAdapter(asked)
            schema = _rooted(self._adapter.json_schema())
            if schema.get("type") != "object":
                self._wrapped = True
                self._adapter = TypeAdapter(create_model("Output", value=(asked, ...)))
                schema = self._adapter.json_schema()
        except PydanticUserError as error:
            raise InvalidInput("output", of, f"a type that has a JSON schema ({error.message})") from None
        except NameError as error:  # of a class that was made in a function, in annotations that are texts
            accepted = f"a type whose annotations name what can be found from its module ({error})"
            raise InvalidInput("output", of, accepted) from None
        # `Optional[int]` has a name where `int | None` has none, and the two are one type.
        said = "output" if get_origin(of) in (Union, UnionType) else getattr(of, "__name__", "output")
        name = re.sub(r"[^a-zA-Z0-9_-]+", "_", said).strip("_")
        self._format = JsonSchema(schema, name[:LONGEST_NAME] or "output", self.fits)

    @staticmethod
    def of(kind: Any) -> Schema[Any]:
        """The schema of a type, made once; a schema is its own."""
        if isinstance(kind, Schema):
            return kind  # pyright: ignore[reportUnknownVariableType]
        _TYPE.check("output", kind)
        try:
            hash(kind)
        except TypeError:  # such as Annotated[str, {...}], which nothing can be kept by
            return Schema(kind)
        return _made(kind)

    def format(self) -> JsonSchema:
        """The constraint that makes a model answer with such a value."""
        return self._format

    def read(self, text: str) -> T | Misfit:
        """The value that a JSON text holds, or why it holds none.

        One Markdown fence around it is passed over: a model writes it where its provider enforces no form.
        """
        from pydantic import ValidationError

        fenced = _FENCED.fullmatch(text)
        try:
            value = self._adapter.validate_json(text if fenced is None else fenced[1])
        except ValidationError as error:
            places = ((".".join(map(str, one["loc"])) or "value", one["msg"]) for one in error.errors())
            return Misfit("; ".join(f"{place}: {problem}" for place, problem in places))
        held: T = value.value if self._wrapped else value
        return held

    def fits(self, text: str) -> bool:
        """Whether a JSON text holds a value."""
        return not isinstance(self.read(text), Misfit)

    def parse(self, text: str) -> T:
        """The value that a JSON text holds, or `InvalidInput` naming each place that does not fit."""
        value = self.read(text)
        if isinstance(value, Misfit):
            raise InvalidInput("answer", text, f"JSON of {self.type!r} ({value.reason})")
        return value

    def partial(self, text: str) -> Any:
        """What a JSON text that is not whole yet holds, as plain JSON values, unchecked; None before it holds any.

        A Markdown fence is passed over as in `read`, also where only its beginning came.
        """
        from pydantic_core import from_json

        opened = _OPENED.match(text)
        inner = text if opened is None else _CLOSING.sub("", text[opened.end() :])
        try:
            value: Any = from_json(inner, allow_partial="trailing-strings") if inner.strip() else None
        except ValueError:
            return None
        if not self._wrapped:
            return value
        return value.get("value") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


_made: Callable[[Any], Schema[Any]] = lru_cache(maxsize=256)(Schema)


def _rooted(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with what its root refers to at its root, as for a type that contains itself."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    definitions: Mapping[str, Any] = schema["$defs"]
    return {**definitions[reference.removeprefix("#/$defs/")], "$defs": definitions}
