"""JSON schemas as trees: where the schemas inside a schema stand, and what a local reference points to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

Schema: TypeAlias = Mapping[str, Any]

_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_SINGLE = (
    *("items", "additionalItems", "unevaluatedItems", "contains"),
    *("additionalProperties", "unevaluatedProperties", "propertyNames"),
    *("not", "if", "then", "else"),
)


def is_schema(value: object) -> bool:
    """Whether a value is written as a schema: an object or a Boolean."""
    return isinstance(value, Mapping | bool)


def as_object(value: object) -> Schema:
    """A schema as an object; `true`, and what is no schema, as the empty one."""
    return cast("Schema", value) if isinstance(value, Mapping) else {}


def inside(key: str, value: object) -> Iterator[tuple[str, Any]]:
    """The schemas that the value of a keyword holds, each with its path."""
    if key in _NAMED and isinstance(value, Mapping):
        named = cast("Mapping[str, Any]", value)
        yield from ((f"{key}/{name}", part) for name, part in named.items() if is_schema(part))
    elif key in _LISTED and isinstance(value, list):
        listed = cast("Sequence[Any]", value)
        yield from ((f"{key}/{place}", part) for place, part in enumerate(listed) if is_schema(part))
    elif key in _SINGLE and is_schema(value):
        yield key, value


def changed(key: str, value: object, change: Callable[[Any], Any]) -> Any:
    """The value of a keyword with the schemas that it holds changed; a list of names stays as it is."""
    if key in _NAMED and isinstance(value, Mapping):
        named = cast("Mapping[str, Any]", value)
        return {name: change(part) if is_schema(part) else part for name, part in named.items()}
    if key in _LISTED and isinstance(value, list):
        return [change(part) if is_schema(part) else part for part in cast("Sequence[Any]", value)]
    return change(value) if key in _SINGLE and is_schema(value) else value


def walk(schema: Any, path: str = "#") -> Iterator[tuple[str, Schema]]:
    """A schema and all inside it that are objects, each with its path."""
    if isinstance(schema, Mapping):
        whole = cast("Schema", schema)
        yield path, whole
        for key, value in whole.items():
            for step, part in inside(key, value):
                yield from walk(part, f"{path}/{step}")


class Document:
    """A whole schema, in which references are looked up."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._one_base = not any("$id" in part for path, part in walk(root) if path != "#")

    def resolve(self, reference: object) -> Any:
        """The schema that a JSON pointer names; `None` if it leads nowhere or the document has other bases."""
        if not isinstance(reference, str) or not reference.startswith("#") or not self._one_base:
            return None
        pointer = unquote(reference[1:])
        if pointer and not pointer.startswith("/"):
            return None
        found: object = self._root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list):
                found = {str(place): part for place, part in enumerate(cast("Sequence[Any]", found))}
            found = as_object(found).get(name)
        return found if is_schema(found) else None
