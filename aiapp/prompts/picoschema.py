"""Picoschema: the compact schemas of Dotprompt, to JSON Schema.

A field is `name: type, description`, or `name?: type` where it may be missing or null. Types: string, number, integer,
boolean, null, any, and the names of schemas that are given. `name(array): type` or, with fields below it,
`name(array):`; `name(enum): [A, B]`; `name:` or `name(object):` with fields below it; `(*): type` for all other fields.
A description of an array, an enum or an object stands in its brackets: `name(array, what they are)`. What has a `type`
or `properties` is JSON Schema already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.prompts.validation import of_types
from aiapp.prompts.values import is_array, is_object

Where: TypeAlias = Callable[[tuple[str, ...]], str]
"""The place of an entry, by the names on the way to it, for errors."""
Schemas: TypeAlias = Mapping[str, Mapping[str, Any]]
"""JSON schemas by name."""

SCALARS = ("string", "number", "integer", "boolean", "null", "any")
_JSON_TYPES = ("string", "number", "integer", "boolean", "null", "object", "array")
_KEY = re.compile(r"(?P<name>[^\s()?]+)(?P<optional>\?)?(?:\((?P<kind>array|object|enum)(?:,\s*(?P<about>.*))?\))?")
_REST = "(*)"


def to_json_schema(schema: object, where: Where, named: Schemas) -> dict[str, Any]:
    """The JSON schema of what stands under `schema:` in a prompt file."""
    if is_object(schema):
        if "$ref" in schema or any(keyword in schema for keyword in ("anyOf", "oneOf", "allOf")):
            return dict(schema)
        if isinstance(schema.get("type"), str | list) and set(of_types(schema)) <= set(_JSON_TYPES):
            return dict(schema)
        if is_object(schema.get("properties")):
            return {**schema, "type": "object"}
    return _Picoschema(where, named).schema(schema, ())


class _Picoschema:
    def __init__(self, where: Where, named: Schemas) -> None:
        self._where, self._named = where, named

    def schema(self, given: object, path: tuple[str, ...]) -> dict[str, Any]:
        if is_object(given):
            return self._object(given, path)
        if given is None or isinstance(given, str):
            return self._scalar("null" if given is None else given, path)
        raise InvalidInput(self._where(path), given, "a type such as string, or names of fields with their types")

    def _scalar(self, text: str, path: tuple[str, ...]) -> dict[str, Any]:
        name, _, about = (one.strip() for one in text.partition(","))
        described = {"description": about} if about else {}
        if name in self._named:
            return {**self._named[name], **described}
        if name not in SCALARS:
            raise InvalidInput(self._where(path), text, f"one of {', '.join([*SCALARS, *self._named])}, or fields")
        return described if name == "any" else {"type": name, **described}

    def _object(self, fields: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        properties, required = dict[str, Any](), list[str]()
        others: object = False
        for key, given in fields.items():
            here = (*path, str(key))
            if key == _REST:
                others = self.schema(given, here)
                continue
            match = _KEY.fullmatch(str(key))
            if match is None:
                accepted = "a name such as topic, topic?, topics(array), topic(enum) or topic(object, what it is)"
                raise InvalidInput(self._where(here), key, accepted)
            if match["name"] in properties:
                raise InvalidInput(self._where(here), match["name"], "each name once")
            properties[match["name"]] = self._field(match, given, here)
            if match["optional"] is None:
                required.append(match["name"])
        needed = {"required": required} if required else {}
        return {"type": "object", "properties": properties, **needed, "additionalProperties": others}

    def _field(self, key: re.Match[str], given: object, path: tuple[str, ...]) -> dict[str, Any]:
        made = self._kind(key["kind"], given, path)
        if key["optional"]:
            if isinstance(made.get("type"), str):
                made["type"] = [made["type"], "null"]
            if "enum" in made and None not in made["enum"]:
                made["enum"] = [*made["enum"], None]
        about = (key["about"] or "").strip()
        return {**made, "description": about} if about else made

    def _kind(self, kind: str | None, given: object, path: tuple[str, ...]) -> dict[str, Any]:
        if kind == "enum":
            if not is_array(given) or not given:
                raise InvalidInput(self._where(path), given, "a list of what it may be")
            return {"enum": list(given)}
        if kind == "object" and not is_object(given):
            raise InvalidInput(self._where(path), given, "fields")
        schema = self.schema(given, path)
        return {"type": "array", "items": schema} if kind == "array" else schema
