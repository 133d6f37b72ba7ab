"""What becomes of a schema where litellm rewrites it for a vendor. Pure.

Some of its translations empty a schema in silence: a `dict[str, int]` becomes an object without any properties.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiapp.core.response import Change

Schema = Mapping[str, Any]
_PLACES = ("schema", "response_schema", "response_json_schema", "format", "input_schema", "parameters")
"""Names under which vendors take a schema, of an answer or of a tool's arguments."""
_SILENT = ("title", "description", "default", "examples", "$defs", "$schema", "$id", "$comment", "discriminator")
"""They constrain nothing."""
_ANY = frozenset({"properties", "items", "anyOf", "oneOf", "allOf", "type", "enum", "const", "$ref"})


class Narrowed(ValueError):
    """The vendor would be asked for something else than the schema says."""


def schema_in(arguments: Schema | Sequence[Any]) -> Schema | None:
    """The first schema in a vendor's arguments; Bedrock takes it as text."""
    pairs: Iterable[tuple[str | int, Any]] = (
        arguments.items() if isinstance(arguments, Mapping) else enumerate(arguments)
    )
    for name, value in pairs:
        held: Any = _read(value) if name in _PLACES else value
        if name in _PLACES and isinstance(held, Mapping) and held.get("type") != "json_schema":  # pyright: ignore[reportUnknownMemberType]
            return held  # pyright: ignore[reportUnknownVariableType]
        if isinstance(held, Mapping | list) and (found := schema_in(held)) is not None:  # pyright: ignore[reportUnknownArgumentType]
            return found
    return None


def losses(asked: Schema, sent: Schema) -> tuple[Change, ...]:
    """The keywords of a schema that are not sent; `Narrowed` where the rest no longer means the same."""
    comparison = _Comparison(asked, sent)
    return tuple(dict.fromkeys(comparison.of(asked, sent, "format")))


def enforceable_by_claude(sent: Schema) -> bool:
    """Whether Anthropic and Bedrock take a schema for an answer: not with properties of any name, nor with itself."""
    definitions: Schema = sent.get("$defs") or {}
    recursive = any(f'"#/$defs/{name}"' in json.dumps(body) for name, body in definitions.items())
    return not recursive and not _is_open(sent)


def _is_open(node: Any) -> bool:
    if isinstance(node, Mapping):
        inner: Schema = node  # pyright: ignore[reportUnknownVariableType]
        return inner.get("additionalProperties", False) is not False or any(map(_is_open, inner.values()))
    return isinstance(node, list) and any(map(_is_open, node))  # pyright: ignore[reportUnknownArgumentType]


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


class _Comparison:
    """One schema beside what became of it; `_open` are the references on the way to where it stands."""

    def __init__(self, asked: Schema, sent: Schema) -> None:
        self._asked, self._sent = asked, sent
        self._open: list[Any] = []

    def of(self, asked: Any, sent: Any, path: str) -> Iterator[Change]:
        if not isinstance(asked, Mapping) or not isinstance(sent, Mapping):
            if asked != sent:
                raise Narrowed(path)
            return
        before: Schema = asked  # pyright: ignore[reportUnknownVariableType]
        after: Schema = sent  # pyright: ignore[reportUnknownVariableType]
        wanted, made = _resolved(before, self._asked, path), _resolved(after, self._sent, path)
        reference = before.get("$ref")
        if reference in self._open:
            if "$ref" not in after:
                raise Narrowed(path)
            return
        if not _ANY & wanted.keys() and _ANY & made.keys():
            raise Narrowed(path)
        if not wanted.keys() & {"properties", "additionalProperties"} and made.get("additionalProperties") is False:
            raise Narrowed(path)
        self._open.append(reference or path)
        for name, value in wanted.items():
            if name not in _SILENT:
                yield from self._keyword(name, value, made, path)
        self._open.pop()

    def _keyword(self, name: str, value: Any, made: Schema, path: str) -> Iterator[Change]:
        if name == "additionalProperties" and not _is_closed(value):
            yield from self.of(value, made.get(name), f"{path}.*")
            return
        match name:
            case "properties":
                there: Schema = made.get(name) or {}
                for one, inner in value.items():
                    yield from self.of(inner, there.get(one), f"{path}.{one}")
            case "items":
                yield from self.of(value, made.get(name), f"{path}[]")
            case "anyOf" | "oneOf":
                yield from self._variants(value, made, path)
            case "const" | "enum":
                if _values(made) != (value if name == "enum" else [value]):
                    raise Narrowed(path)
            case "type" | "allOf" | "prefixItems" | "patternProperties" | "not":
                if made.get(name) != value:
                    raise Narrowed(path)
            case _:
                if made.get(name) != value:
                    reason = f"litellm does not send `{name}` for this model"
                    yield Change(
                        path, f"{reason}; the answer is checked against the whole schema when it is read", False
                    )

    def _variants(self, asked: list[Any], made: Schema, path: str) -> Iterator[Change]:
        """One by one; a variant for null may have become a mark on the others."""
        sent: list[Any] = made.get("anyOf") or made.get("oneOf") or []
        if len(sent) < len(asked) and all(one.get("nullable") for one in sent):
            asked = [one for one in asked if one != {"type": "null"}]
        if len(sent) != len(asked):
            raise Narrowed(path)
        for wanted, one in zip(asked, sent, strict=True):
            yield from self.of(wanted, one, path)


def _resolved(node: Schema, root: Schema, path: str) -> Schema:
    """What a reference stands for; one that leads nowhere says nothing to the vendor either."""
    if "$ref" not in node:
        return node
    kind, _, name = str(node["$ref"]).rpartition("/")
    definitions: Schema = root.get("$defs") or {}
    if kind != "#/$defs" or name not in definitions:
        raise Narrowed(path)
    found: Schema = definitions[name]
    return found


def _is_closed(value: object) -> bool:
    return value is False


def _values(made: Schema) -> Any:
    return [made["const"]] if "const" in made else made.get("enum")
