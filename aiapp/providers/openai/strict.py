"""A JSON schema as OpenAI's strict mode takes it, and what had to change. Pure.

Strict mode compiles the schema into a grammar, so the answer cannot but fit. It wants every property required, every
object closed, no keyword beside a `$ref`, and knows a subset of the keywords. A keyword that it does not know is said
in the description instead. Where the schema has no strict form that means the same (a dict of any keys, a tuple, any
value) it is left as it is and not enforced: a schema is never narrowed to less than it allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aiapp.core.response import Change
from aiapp.providers.enforcing import ANNOTATIONS, unenforced

DEEPEST, MOST_PROPERTIES, MOST_OPTIONS, MOST_CHARACTERS, LONGEST_OPTIONS = 10, 5_000, 1_000, 120_000, 15_000
"""The limits that OpenAI's guide names; the last is the characters of one enum of more than 250 texts."""

_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
_KEPT = {
    "type", "title", "description", "enum", "const", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems",
}  # fmt: skip
_WALKED = {"$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf", "discriminator", "items", "properties"} | {
    "required",
    "additionalProperties",
}
_TOLD = {"title", "description"}
_DEFINITIONS = ("$defs", "definitions")
_SILENT = {"$schema", "$id", "$comment"}
_STRUCTURAL = {
    "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames",
    "prefixItems", "additionalItems", "contains", "unevaluatedProperties", "unevaluatedItems", "minProperties",
    "maxProperties",
}  # fmt: skip
_WHOLE = ("$ref", "anyOf")
_INNER = ("properties", "additionalProperties", "required", "items")
"""Beside another schema that speaks of the same value they cannot stand: each would close the object to the other's."""
_CLOSING = {"properties", "additionalProperties"}
_BEYOND_REGULAR = re.compile(r"\(\?[=!<]|\\[1-9]|\(\?P[=>]")


@dataclass(frozen=True, slots=True)
class Strict:
    """A schema to send: `enforced` tells whether as a strict one; `demanded` are properties that were optional.

    `too_large` tells that only a limit keeps it from being strict.
    """

    schema: Mapping[str, Any]
    enforced: bool
    changes: tuple[Change, ...] = ()
    demanded: tuple[str, ...] = ()
    too_large: bool = False


def strict(schema: Mapping[str, Any], at: str = "format", *, checked: bool = True) -> Strict:
    """The strict form, or the schema as it is where it has none; `at` opens the name of each change.

    `checked` is whether what the model writes is, when it is read. It is made once for each content: an agent sends the
    same tools with every turn.
    """
    return _strict(json.dumps(dict(schema)), at, checked)


@lru_cache(maxsize=512)
def _strict(text: str, at: str, checked: bool) -> Strict:
    schema: Mapping[str, Any] = json.loads(text)
    walk = _Walk(schema, at, checked)
    try:
        made = walk.root()
    except _NoStrictForm as reason:
        change = unenforced(at, f"{reason}; the schema is sent as it is, and not enforced", checked=checked)
        return Strict(schema, False, (change,), too_large=isinstance(reason, _TooLarge))
    return Strict(made, True, tuple(walk.changes), tuple(walk.demanded))


class _NoStrictForm(Exception):
    """Why a schema has no strict form."""


class _TooLarge(_NoStrictForm):
    """A limit that a schema exceeds."""


@dataclass(slots=True)
class _Walk:
    """One pass over a schema, with what it changes and counts on the way."""

    schema: Mapping[str, Any]
    at: str
    checked: bool
    changes: list[Change] = field(default_factory=list[Change])
    demanded: list[str] = field(default_factory=list[str])
    properties: int = 0
    options: int = 0
    characters: int = 0

    def root(self) -> dict[str, Any]:
        if self.schema.get("type") != "object" or "anyOf" in self.schema or "oneOf" in self.schema:
            raise _NoStrictForm("the schema is not of an object")
        made = self.node(self.schema, (), 1)
        for name in _DEFINITIONS:
            if name in self.schema:
                made[name] = {key: self.node(one, (name, key), 1) for key, one in self.schema[name].items()}
                self.characters += sum(map(len, made[name]))
        if self.properties > MOST_PROPERTIES or self.options > MOST_OPTIONS or self.characters > MOST_CHARACTERS:
            raise _TooLarge("the schema is larger than strict mode takes")
        return made

    def node(self, node: Any, path: tuple[str, ...], depth: int) -> dict[str, Any]:
        """One schema inside the whole."""
        if not isinstance(node, Mapping):
            raise _NoStrictForm(f"{_place(path)} allows any value")
        given: dict[str, Any] = dict(node)  # pyright: ignore[reportUnknownArgumentType]
        if depth > DEEPEST:
            raise _TooLarge(f"{_place(path)} is nested deeper than {DEEPEST} levels")
        given = self._merged(given, path)
        structural = [name for name in given if name in _STRUCTURAL or (path and name in _DEFINITIONS)]
        if structural:
            raise _NoStrictForm(f"{_place(path)} has {', '.join(sorted(structural))}")
        combined = [name for name in _WHOLE if name in given]
        combined += [name for name in _INNER if combined and name in given]
        if len(combined) > 1:
            raise _NoStrictForm(f"{_place(path)} has {combined[1]} beside {combined[0]}")
        made = {name: given[name] for name in given if name in _KEPT}
        self._note(given, made, path)
        if "$ref" in given:
            self._reference(given["$ref"], made, path)
        if "anyOf" in given:
            made["anyOf"] = [self.node(one, (*path, f"anyOf[{i}]"), depth) for i, one in enumerate(given["anyOf"])]
        if "object" in _types(given) or ("properties" in given and "type" not in given):
            self._object(given, made, path, depth)
        if "array" in _types(given):
            if not given.get("items"):
                raise _NoStrictForm(f"{_place(path)} is a list of any values")
            made["items"] = self.node(given["items"], (*path, "items"), depth + 1)
        self._options(made, path)
        if not {"type", "anyOf", "$ref"} & made.keys():
            raise _NoStrictForm(f"{_place(path)} allows any value")
        return made

    def _merged(self, given: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """`allOf` of one schema is that schema, unless its keywords contradict those beside it; `oneOf` is `anyOf`."""
        while "allOf" in given:
            if len(given["allOf"]) != 1 or not isinstance(given["allOf"][0], Mapping):
                raise _NoStrictForm(f"{_place(path)} has allOf")
            (only,) = given.pop("allOf")
            twice = [name for name in only if name in given and only[name] != given[name] and name not in _TOLD]
            here, there = _CLOSING & given.keys(), _CLOSING & only.keys()
            if here and there and here != there:  # each closes the object for itself
                twice += here ^ there
            if twice:
                raise _NoStrictForm(f"{_place(path)} has {', '.join(sorted(twice))} beside another in allOf")
            given = {**only, **given}
        if "oneOf" in given:
            if "anyOf" in given:
                raise _NoStrictForm(f"{_place(path)} has oneOf beside anyOf")
            given["anyOf"] = given.pop("oneOf")
            self._unenforced(path, "oneOf", "sent as anyOf")
        return given

    def _reference(self, target: Any, made: dict[str, Any], path: tuple[str, ...]) -> None:
        if self._definition(target) is None:
            raise _NoStrictForm(f"{_place(path)} refers to {target}")
        made.pop("title", None)
        if made:  # strict mode takes no siblings of a $ref, but takes those of an anyOf
            made["anyOf"] = [{"$ref": target}]
        else:
            made["$ref"] = target

    def _object(self, given: dict[str, Any], made: dict[str, Any], path: tuple[str, ...], depth: int) -> None:
        if given.get("additionalProperties", False) is not False or "properties" not in given:
            raise _NoStrictForm(f"{_place(path)} is an object of any keys")
        properties: Mapping[str, Any] = given["properties"]
        self.properties += len(properties)
        self.characters += sum(map(len, properties))
        made["type"] = given.get("type", "object")
        made["properties"] = {name: self.node(one, (*path, name), depth + 1) for name, one in properties.items()}
        required: list[str] = list(given.get("required", ()))
        unknown = [name for name in required if name not in properties]
        if unknown:
            raise _NoStrictForm(f"{_place(path)} requires {', '.join(unknown)}, of which it says nothing")
        for name, one in properties.items():
            if name not in required and not self._nullable(one):
                self.demanded.append(".".join((*path, name)))
                self._change(
                    (*path, name), "required", "strict mode has no optional properties; the model must fill it"
                )
        made["required"] = list(properties)
        made["additionalProperties"] = False

    def _definition(self, target: Any) -> Any:
        """The schema that a reference names; None where it leads nowhere that strict mode follows."""
        home, _, name = str(target).removeprefix("#/").partition("/")
        found: Mapping[str, Any] = self.schema.get(home, {}) if home in _DEFINITIONS else {}
        return self.schema if target == "#" else found.get(name)

    def _nullable(self, node: Any, followed: tuple[str, ...] = ()) -> bool:
        """Whether null is a value of it, so that a model can say that there is none."""
        if not isinstance(node, Mapping):
            return False
        return self._says_null(node, followed)  # pyright: ignore[reportUnknownArgumentType]

    def _says_null(self, node: Mapping[str, Any], followed: tuple[str, ...]) -> bool:
        if "$ref" in node:
            reference: str = node["$ref"]
            return reference not in followed and self._nullable(self._definition(reference), (*followed, reference))
        if None in node.get("enum", ()) or ("const" in node and node["const"] is None) or "null" in _types(node):
            return True
        return any(self._nullable(one, followed) for name in ("anyOf", "oneOf", "allOf") for one in node.get(name, ()))

    def _note(self, given: dict[str, Any], made: dict[str, Any], path: tuple[str, ...]) -> None:
        """What strict mode does not know is said in the description, or left out where it constrains nothing."""
        hints: list[str] = []
        for name, value in given.items():
            unknown_text = (name == "format" and value not in _FORMATS) or (
                name == "pattern" and _BEYOND_REGULAR.search(value)
            )
            if name in ANNOTATIONS:
                self._change(path, name, "strict mode does not take it; left out")
            elif unknown_text or name not in _KEPT | _WALKED | _SILENT:
                made.pop(name, None)
                hints.append(f"{name}: {json.dumps(value)}")
                self._unenforced(path, name, "strict mode does not take it; said in the description")
        if hints:
            made["description"] = "\n".join([*([made["description"]] if "description" in made else []), *hints])

    def _options(self, made: dict[str, Any], path: tuple[str, ...]) -> None:
        """Every enum needs the type of its values."""
        values: list[Any] = [made["const"]] if "const" in made else list(made.get("enum", ()))
        if any(isinstance(value, list | dict) for value in values):
            raise _NoStrictForm(f"{_place(path)} is one of several objects or lists")
        texts = [value for value in values if isinstance(value, str)]
        self.options += len(values)
        self.characters += sum(map(len, texts))
        if len(texts) > 250 and sum(map(len, texts)) > LONGEST_OPTIONS:
            raise _TooLarge(f"{_place(path)} has more options than strict mode takes")
        if values and "type" not in made:
            types = list(dict.fromkeys(_JSON_TYPES[type(value)] for value in values if type(value) in _JSON_TYPES))
            if types:
                made["type"] = types[0] if len(types) == 1 else types

    def _change(self, path: tuple[str, ...], keyword: str, reason: str) -> None:
        self.changes.append(Change(".".join((self.at, *path, keyword)), reason, lost=False))

    def _unenforced(self, path: tuple[str, ...], keyword: str, reason: str) -> None:
        self.changes.append(unenforced(".".join((self.at, *path, keyword)), reason, checked=self.checked))


_JSON_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def _types(node: Mapping[str, Any]) -> list[str]:
    kind: Any = node.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _place(path: tuple[str, ...]) -> str:
    return ".".join(path) or "the schema"
