"""Random JSON schemas as people and MCP servers write them, and values that they mean.

A value names no property but those that its schema names, and every one of these: that an object is closed, and that
its optional properties are asked for, is what enforcing it takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
from hypothesis import strategies as st

from tests.transformer.schema_strategy import Schema, Schemas, constants, containers, integers, under

BASE: Schema = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
DEFINITIONS: dict[str, Schema] = {
    "Base": BASE,
    "Maybe": {"anyOf": [{"$ref": "#/$defs/Base"}, {"type": "null"}]},
    "Tree": {
        "type": "object",
        "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
        "required": ["kids"],
    },
}
leaves: Schemas = st.one_of(
    st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")]),
    st.sampled_from([{"type": ["string", "null"], "minLength": 1}, {"type": ["object", "null"]}, {"type": "object"}]),
    st.sampled_from([{"$ref": f"#/$defs/{name}"} for name in DEFINITIONS]),
    integers(),
    under("const", constants),
    under("enum", st.lists(constants, min_size=1, max_size=3, unique_by=json.dumps)),
)


@st.composite
def combined(draw: st.DrawFn, inner: Schemas) -> Schema:
    """One value that several keywords speak of, each by a schema of its own."""
    properties = draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, min_size=1, max_size=2))
    own: Schema = {"type": draw(st.sampled_from(["object", ["object", "null"]])), "properties": properties}
    own |= draw(st.sampled_from([{}, {"required": list(properties)}, {"additionalProperties": False}]))
    other = draw(st.sampled_from([{"$ref": "#/$defs/Base"}, BASE, {"$ref": "#/$defs/Maybe"}, {"required": ["a"]}]))
    keyword = draw(st.sampled_from(["allOf", "anyOf", "oneOf", "$ref", "then", "none"]))
    if keyword == "none":
        return own
    if keyword == "$ref":
        return {"$ref": "#/$defs/Base", **draw(st.sampled_from([own, {"anyOf": [own]}, {"description": "d"}]))}
    if keyword == "then":
        return {**own, "if": {"required": ["a"]}, "then": other}
    alone = draw(st.booleans())
    return {keyword: [other, own] if alone else [other], **({} if alone else own)}


schemas: Schemas = st.recursive(
    leaves, lambda inner: containers(inner) | combined(inner) | combined(inner), max_leaves=4
)


@st.composite
def roots(draw: st.DrawFn) -> Schema:
    """A schema of an object, with its definitions."""
    root = draw(st.one_of(combined(schemas), schemas.map(lambda one: {"properties": {"x": one}, "required": ["x"]})))
    return {"type": "object", **root, "$defs": DEFINITIONS} if "$ref" not in root else {**root, "$defs": DEFINITIONS}


def misfits(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What keeps a value from being one of the schema's."""
    judge: Any = jsonschema.Draft202012Validator(dict(schema))
    return [error.message for error in judge.iter_errors(value)]


@st.composite
def values(draw: st.DrawFn, schema: Any, root: Schema, depth: int = 0) -> Any:
    """A value that a schema may mean; whether it fits is for its reader to ask."""
    if not isinstance(schema, Mapping):
        return draw(st.sampled_from([None, 1, "x"]))
    node: Mapping[str, Any] = schema  # pyright: ignore[reportUnknownVariableType]
    if "const" in node or "enum" in node:
        return draw(st.sampled_from([node["const"]] if "const" in node else node["enum"]))
    parts: list[Any] = list(node.get("allOf", ()))
    parts += [draw(st.sampled_from(node[name])) for name in ("anyOf", "oneOf") if name in node]
    parts += [node["then"]] if "then" in node else []
    if "$ref" in node:
        parts.append(root["$defs"].get(node["$ref"].removeprefix("#/$defs/")))
    found = [draw(values(part, root, depth + 1)) for part in parts]
    if "type" in node or "properties" in node or not found:
        found.insert(0, draw(_own(node, root, depth)))
    objects: list[dict[str, Any]] = [one for one in found if isinstance(one, dict)]
    if len(objects) < len(found):
        return draw(st.sampled_from(found))
    return {name: value for one in reversed(objects) for name, value in one.items()}


_OF_KINDS: dict[str, list[Any]] = {"number": [0.5, 3], "boolean": [True, False], "null": [None], "string": ["x"]}


@st.composite
def _own(draw: st.DrawFn, node: Mapping[str, Any], root: Schema, depth: int) -> Any:
    given: Any = node.get("type", "object" if "properties" in node else "string")
    kinds: list[str] = [given] if isinstance(given, str) else given
    match draw(st.sampled_from(kinds)):
        case "object":
            return {name: draw(values(one, root, depth + 1)) for name, one in node.get("properties", {}).items()}
        case "array":
            items = [draw(values(one, root, depth + 1)) for one in node.get("prefixItems", ())]
            more = 0 if depth > 3 else draw(st.integers(0, 2))
            return items + [draw(values(node.get("items", True), root, depth + 1)) for _ in range(more)]
        case "integer":
            step, low = node.get("multipleOf", 1), node.get("minimum", node.get("exclusiveMinimum", -1) + 1)
            return -(-low // step) * step
        case other:
            return draw(st.sampled_from(_OF_KINDS[other]))
