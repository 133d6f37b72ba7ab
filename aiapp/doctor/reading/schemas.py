"""The schemas that a call asks for: of its answer, and of its strict tools."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from aiapp.doctor.reading.literals import Source, dotted
from aiapp.doctor.reading.types import schema_of
from aiapp.doctor.sightings import SchemaSeen, Wire

_BY_TYPE = ("response_format", "text_format", "output_format", "output")
"""Arguments that take a type, which a helper of the SDK makes a schema of."""


def schemas_of(call: ast.Call, wire: Wire, source: Source) -> Iterator[SchemaSeen]:
    """The schemas of a call, as far as the file tells them whole."""
    given = {word.arg: word.value for word in call.keywords if word.arg}
    for word in _BY_TYPE:
        node = given.get(word)
        schema = None if node is None else schema_of(node, source)
        if node is not None and schema is not None:
            yield SchemaSeen(schema, source.place(node), dotted(node), literal=False)
    for holder in (given.get("response_format"), _below(given.get("text"), "format", source),
                   _below(given.get("output_config"), "format", source), given.get("output_format")):  # fmt: skip
        yield from _literal(holder, wire, source)
    for tool in source.items(given.get("tools")):
        function = _below(tool, "function", source) or tool
        if source.value(_below(function, "strict", source)) is not True:
            continue
        schema_node = _below(function, "parameters", source) or _below(function, "input_schema", source)
        name: Any = source.value(_below(function, "name", source))
        title = f"tool {name}" if isinstance(name, str) else "a tool"
        yield from _told(schema_node, title, source)


def _literal(holder: ast.expr | None, wire: Wire, source: Source) -> Iterator[SchemaSeen]:
    """A format that is written out: of Chat Completions below `json_schema`, of the others at once.

    OpenAI enforces it, and so has limits for it, only where it is strict.
    """
    if holder is None or source.value(_below(holder, "type", source)) != "json_schema":
        return
    within = _below(holder, "json_schema", source) or holder
    if wire == "messages" or source.value(_below(within, "strict", source)) is True:
        yield from _told(_below(within, "schema", source), "the answer", source)


def _told(node: ast.expr | None, title: str, source: Source) -> Iterator[SchemaSeen]:
    value = source.value(node)
    if node is not None and isinstance(value, dict):
        schema: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        yield SchemaSeen(schema, source.place(node), title, literal=True)


def _below(node: ast.expr | None, key: str, source: Source) -> ast.expr | None:
    return source.entries(node).get(key)
