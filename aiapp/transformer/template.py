"""What the bundled model reads in place of JSON schema: tools and answer formats as one compact line each.

`search_flights(from: string, to: string, adults?: integer, cabin?: economy|business): Find flights.` takes a quarter
of the tokens of the same tool as JSON. Training, the runtime and `export/chat_template.jinja` all use this form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

Schema: TypeAlias = Mapping[str, Any]

CALL = "<|call|>"
"""The token that opens a tool call; the JSON object after it names the tool and its arguments."""
NO_TOOL = "No tool fits."
"""What the model answers when it was given tools and none of them does what was asked."""


DEEPEST = 4
"""How deep a schema's nesting is shown, and how many references are followed to a type."""


def system_text(instructions: str, tools: Sequence[str], answer: Schema | None) -> str:
    """The system turn: instructions, tools (lines of `tool_line`), the form of the answer; empty parts are left out."""
    parts = [instructions] if instructions else []
    if tools:
        parts.append("Tools:\n" + "\n".join(tools))
    if answer is not None:
        parts.append(f"Answer as JSON: {type_text(answer, answer)}")
    return "\n\n".join(parts)


def tool_line(name: str, description: str, parameters: Schema) -> str:
    """A tool as one line: its name, its parameters with their types, and the first line of its description."""
    shown = description.strip().split("\n", 1)[0]
    signature = f"{name}({_fields(parameters, parameters)})"
    return f"{signature}: {shown}" if shown else signature


def call_text(name: str, arguments: Mapping[str, Any]) -> str:
    """The JSON of a tool call, in the spelling that the model was trained on."""
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)


def type_text(schema: Schema, root: Schema) -> str:
    """A JSON schema as a short type: `string`, `a|b`, `[integer]`, `{name: string, age?: integer}`.

    `root` holds the definitions that a `$ref` names. What is nested deeper than `DEEPEST` is only called an object.
    """
    return _Renderer(root).type(schema, 0)


def _fields(schema: Schema, root: Schema) -> str:
    return _Renderer(root).fields(schema, 0)


class _Renderer:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def type(self, schema: Schema | bool, depth: int) -> str:
        """A schema's short type; one that is `true` or `false` says nothing of it."""
        found: Schema = {} if isinstance(schema, bool) else self._resolved(schema)
        if "enum" in found or "const" in found:
            options = found.get("enum", [found.get("const")])
            return "|".join(option if isinstance(option, str) else json.dumps(option) for option in options)
        for union in ("anyOf", "oneOf"):
            if union in found and depth > DEEPEST:
                return "any"
            if union in found:
                return "|".join(dict.fromkeys(self.type(option, depth + 1) for option in found[union]))
        kind = found.get("type", "object" if "properties" in found else "any")
        if isinstance(kind, list):
            names = cast(list[str], kind)
            return "|".join(dict.fromkeys(self.type({**found, "type": one}, depth + 1) for one in names))
        if depth > DEEPEST:
            return str(kind)
        if kind == "array":
            items = _object(found.get("items"))
            return "[any]" if items is None else f"[{self.type(items, depth + 1)}]"
        if kind == "object" and found.get("properties"):
            return "{" + self.fields(found, depth + 1) + "}"
        return str(kind)

    def fields(self, schema: Schema, depth: int) -> str:
        required = set(schema.get("required", ()))
        fields = schema.get("properties", {}).items()
        return ", ".join(f"{name}{'' if name in required else '?'}: {self.type(part, depth)}" for name, part in fields)

    def _resolved(self, schema: Schema) -> Schema:
        """Follow local references; one that leads nowhere, or in a circle, says nothing about its type."""
        for _ in range(DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            found: Schema | None = self._root
            for step in reference.removeprefix("#/").split("/"):
                found = None if found is None else _object(found.get(step))
            if found is None:
                return {}
            schema = found
        return {}


def _object(value: object) -> Schema | None:
    """A value of a JSON schema, if it is an object."""
    return cast(Schema, value) if isinstance(value, Mapping) else None
