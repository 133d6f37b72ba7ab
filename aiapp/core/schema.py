"""JSON schemas of Python types, and values back from JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import JsonSchema

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


class Schema(Generic[T]):
    """The JSON schema of a type that pydantic understands: models, dataclasses, TypedDicts, unions, primitives."""

    def __init__(self, of: type[T]) -> None:
        from pydantic import TypeAdapter

        self.type = of
        self._adapter: TypeAdapter[T] = TypeAdapter(of)

    def format(self) -> JsonSchema:
        """The constraint that makes a model answer with such a value."""
        schema: dict[str, Any] = self._adapter.json_schema()
        return JsonSchema(schema, getattr(self.type, "__name__", "output"))

    def parse(self, text: str) -> T:
        """The value that a JSON text holds, or `InvalidInput` naming each place that does not fit."""
        from pydantic import ValidationError

        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            where = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['msg']}" for e in error.errors())
            raise InvalidInput("answer", text, f"JSON of {self.type!r} ({where})") from None
