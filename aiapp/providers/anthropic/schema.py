"""JSON schemas as the Messages API enforces them: what it cannot enforce becomes a hint or is refused.

The keywords, the formats and the limits are those of anthropic 2.11 (`lib/_parse/_transform.py`) and of pydantic-ai
2.68 (`_anthropic_schema_limits.py`). The SDK's own transform makes `{}` of a `dict[str, int]`, silently; this one
refuses, and the answer is then asked for by a tool, whose schema the API takes as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from aiapp.core.response import Change
from aiapp.providers.enforcing import ANNOTATIONS, unenforced

FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
MAX_OPTIONAL = 24
MAX_UNIONS = 16
_KEPT = ("title", "description")
_TYPES = (
    (str, "string"),
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (Mapping, "object"),
    (list, "array"),
)
_SILENT = ("$schema", "$id", "$comment", "$defs", "discriminator")
"""They constrain nothing, or nothing that is not said elsewhere: a tag is a `const` in each of the variants."""
_UNIONS = ("anyOf", "oneOf", "allOf")
_INNER = ("properties", "required", "additionalProperties", "items", "prefixItems")
"""Beside another schema that speaks of the same value they cannot stand: each would close the object to the other's."""
_NAMING = ("patternProperties", "dependentSchemas", "dependentRequired", "if", "then", "else", "unevaluatedProperties")
"""They speak of properties that `properties` need not name, which a closed object cannot have."""
_DEFS = "#/$defs/"
Schema = Mapping[str, Any]


class Inexpressible(ValueError):
    """The API cannot enforce a schema without changing what it allows."""


def transform(schema: Schema, *, checked: bool = True) -> tuple[dict[str, Any], tuple[Change, ...]]:
    """The schema as the API enforces it, and each keyword that is now only a hint; else `Inexpressible`.

    `checked` is whether the answer is, when it is read. It is made once for each content.
    """
    return _transform(json.dumps(dict(schema)), checked)


@lru_cache(maxsize=512)
def _transform(text: str, checked: bool) -> tuple[dict[str, Any], tuple[Change, ...]]:
    return _Transform(json.loads(text), checked).whole()


def over_limit(schemas: Sequence[Schema]) -> str | None:
    """The first limit that the schemas of one request exceed together.

    Only what is reached without following a reference counts, and a union is a property with variants of its own: so
    the API was seen to count.
    """
    optional = unions = 0
    for schema in schemas:
        for node in _objects(schema):
            for name, value in node["properties"].items():
                optional += name not in node.get("required", ())
                unions += "anyOf" in value
    if optional > MAX_OPTIONAL:
        return f"it has {optional} optional properties, and the API takes {MAX_OPTIONAL}"
    if unions > MAX_UNIONS:
        return f"it has {unions} properties of several types, and the API takes {MAX_UNIONS}"
    return None


def _objects(node: Any) -> Iterator[Schema]:
    if isinstance(node, Mapping):
        schema: Schema = node  # pyright: ignore[reportUnknownVariableType]
        if isinstance(schema.get("properties"), Mapping):
            yield schema
            for value in schema["properties"].values():
                yield from _objects(value)
        for name in ("anyOf", "items"):
            yield from _objects(schema.get(name))
    elif isinstance(node, list):
        for one in node:  # pyright: ignore[reportUnknownVariableType]
            yield from _objects(one)


class _Transform:
    """One schema under transformation."""

    def __init__(self, root: Schema, checked: bool) -> None:
        self._root, self._checked = root, checked
        self._changes: list[Change] = []
        self._definitions: dict[str, dict[str, Any]] = {}
        self._open: list[str] = []

    def whole(self) -> tuple[dict[str, Any], tuple[Change, ...]]:
        schema = self._node(self._root, "format")
        if self._definitions:
            schema["$defs"] = {name: made for name in self._root["$defs"] if (made := self._definitions.get(name))}
        return schema, tuple(dict.fromkeys(self._changes))

    def _node(self, schema: Any, path: str) -> dict[str, Any]:
        if not isinstance(schema, Mapping) or not schema:
            raise Inexpressible(f"{path} may be any value")
        rest: dict[str, Any] = {name: value for name, value in schema.items() if name not in _SILENT}  # pyright: ignore[reportUnknownVariableType]
        result: dict[str, Any] = {name: rest.pop(name) for name in _KEPT if name in rest}
        combined = [name for name in ("$ref", *_UNIONS) if name in rest]
        combined += [name for name in (*_INNER, *_NAMING) if combined and name in rest]
        if len(combined) > 1:
            raise Inexpressible(f"{path} has {combined[1]} beside {combined[0]}")
        if "$ref" in rest:
            return self._reference(rest, result, path)
        result |= self._shape(rest, path)
        if rest:
            self._hint(rest, result, path)
        return result

    def _shape(self, rest: dict[str, Any], path: str) -> dict[str, Any]:
        """What the API enforces of a node; it is taken out of `rest`."""
        kind = rest.pop("type", None)
        for name in ("enum", "const"):
            if name in rest:
                values = rest[name] if name == "enum" else [rest[name]]
                allowed = [one for one in values if kind is None or _is_of_type(one, kind)]
                if not allowed or not all(map(_is_primitive, allowed)):
                    raise Inexpressible(f"{path} is one of several objects or lists, or of no values at all")
                del rest[name]
                return {name: allowed if name == "enum" else allowed[0]}
        for name in _UNIONS:
            if name in rest:
                made = self._variants(name, rest.pop(name), path)
                if kind is not None and any(one.get("type") != kind for one in made["anyOf"]):
                    rest["type"] = kind
                return made
        if isinstance(kind, list):
            return self._several(kind, rest, path)  # pyright: ignore[reportUnknownArgumentType]
        match kind or ("object" if "properties" in rest else None):
            case "object":
                return self._object(rest, path)
            case "array":
                return self._array(rest, path)
            case "string":
                known = {"format": rest.pop("format")} if rest.get("format") in FORMATS else {}
                return {"type": "string", **known}
            case "integer" | "number" | "boolean" | "null":
                return {"type": kind}
            case _:
                raise Inexpressible(f"{path} may be any value")

    def _object(self, rest: dict[str, Any], path: str) -> dict[str, Any]:
        if rest.pop("additionalProperties", False) is not False or any(name in rest for name in _NAMING):
            raise Inexpressible(f"{path} may have properties of any name")
        if "properties" not in rest:
            raise Inexpressible(f"{path} may be any object")
        unknown = [name for name in rest.get("required", ()) if name not in rest["properties"]]
        if unknown:
            raise Inexpressible(f"{path} requires {', '.join(unknown)}, of which it says nothing")
        properties = {name: self._node(value, f"{path}.{name}") for name, value in rest.pop("properties").items()}
        required = {"required": list(rest.pop("required"))} if "required" in rest else {}
        return {"type": "object", "properties": properties, "additionalProperties": False, **required}

    def _array(self, rest: dict[str, Any], path: str) -> dict[str, Any]:
        if "prefixItems" in rest or "items" not in rest:
            raise Inexpressible(f"{path} is a list whose items are told apart by their places, or are of any kind")
        result = {"type": "array", "items": self._node(rest.pop("items"), f"{path}[]")}
        least = rest.get("minItems")
        if least is not None:
            result["minItems"] = min(least, 1)
            if least <= 1:
                del rest["minItems"]
        return result

    def _variants(self, name: str, variants: list[Any], path: str) -> dict[str, Any]:
        if name == "allOf" and len(variants) > 1:
            raise Inexpressible(f"{path} has to fit several schemas at once")
        if name == "oneOf":
            self._changed(path, "oneOf", "was sent as `anyOf`")
        return {"anyOf": [self._node(variant, path) for variant in variants]}

    def _several(self, kinds: list[str], rest: dict[str, Any], path: str) -> dict[str, Any]:
        """A list of types: one variant each, with the keywords that are left."""
        keywords, variants = dict(rest), list[dict[str, Any]]()
        for kind in kinds:
            bare = {} if kind == "null" else keywords
            variants.append(self._node({"type": kind, **bare}, path))
        rest.clear()
        return {"anyOf": variants}

    def _reference(self, rest: dict[str, Any], beside: dict[str, Any], path: str) -> dict[str, Any]:
        """A reference stands alone; the schema that it names is transformed once."""
        target = str(rest.pop("$ref"))
        name = target.removeprefix(_DEFS)
        definitions: Mapping[str, Any] = self._root.get("$defs") or {}
        if not target.startswith(_DEFS) or name not in definitions:
            raise Inexpressible(f"{path} refers to {target}")
        if name in self._open:
            raise Inexpressible(f"{path} contains itself")
        for keyword in (*beside, *rest):
            self._changed(path, keyword, "beside a reference was left out")
        if name not in self._definitions:
            self._open.append(name)
            self._definitions[name] = self._node(definitions[name], f"format.{name}")
            self._open.pop()
        return {"$ref": target}

    def _hint(self, rest: dict[str, Any], result: dict[str, Any], path: str) -> None:
        hint = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in rest.items())
        told = f"{result['description']}\n\n" if "description" in result else ""
        result["description"] = f"{told}{{{hint}}}"
        for name in rest:
            self._changed(path, name, "is told to the model, not enforced")

    def _changed(self, path: str, keyword: str, what: str) -> None:
        reason = f"`{keyword}` {what}"
        if keyword in ANNOTATIONS or keyword in _KEPT:
            self._changes.append(Change(path, reason, lost=False))
        else:
            said = f"{reason}; the answer is checked against the whole schema when it is read"
            self._changes.append(unenforced(path, said if self._checked else reason, checked=self._checked))


def _is_of_type(value: object, kind: Any) -> bool:
    """Whether a value is of a type, or of one of several, in the words of JSON Schema."""
    named = next((name for kept, name in _TYPES if isinstance(value, kept)), "null")
    is_whole = named == "integer" or (isinstance(value, float) and value.is_integer())
    kinds = kind if isinstance(kind, list) else [kind]  # pyright: ignore[reportUnknownVariableType]
    return named in kinds or (is_whole and "integer" in kinds) or (named == "integer" and "number" in kinds)


def _is_primitive(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
