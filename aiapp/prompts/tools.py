"""The tools of a prompt file: written out under `toolDefs`, or named under `tools` and given by the program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.request import Tool
from aiapp.prompts.front_matter import FrontMatter
from aiapp.prompts.picoschema import Schemas, to_json_schema
from aiapp.prompts.values import is_array, is_object


def declared_tools(
    matter: FrontMatter, given: Iterable[Tool], schemas: Schemas
) -> tuple[tuple[Tool, ...], tuple[str, ...]]:
    """The tools of a file, and the names of those that nobody gave."""
    known = {tool.name: tool for tool in given}
    found: dict[str, Tool] = {}
    missing: list[str] = []
    for number, one in enumerate(_list(matter, "toolDefs")):
        tool = _written(matter, one, number, schemas)
        found[tool.name] = tool
    for number, name in enumerate(_list(matter, "tools")):
        if not isinstance(name, str):
            raise InvalidInput(matter.where("tools", f"[{number}]"), name, "the name of a tool")
        if name in known:
            found[name] = known[name]
        elif name not in found:
            missing.append(name)
    return tuple(found.values()), tuple(missing)


def _list(matter: FrontMatter, name: str) -> Iterable[Any]:
    value = matter.entries.get(name, [])
    if not is_array(value):
        raise InvalidInput(matter.where(name), value, "a list")
    return value


def _written(matter: FrontMatter, one: Any, number: int, schemas: Schemas) -> Tool:
    place = ("toolDefs", f"[{number}]")
    if not is_object(one) or not isinstance(one.get("name"), str):
        raise InvalidInput(matter.where(*place), one, "a tool with name, description and inputSchema")
    parameters: Mapping[str, Any] = {"type": "object", "properties": {}}
    if "inputSchema" in one:
        parameters = to_json_schema(
            one["inputSchema"], lambda path: matter.where(*place, "inputSchema", *path), schemas
        )
    return Tool(one["name"], str(one.get("description", "")), parameters)
