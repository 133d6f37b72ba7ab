"""Tools, calls and results as vendors take them: what they would refuse is refused before it is sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message
from aiapp.core.parts import ToolCall, ToolResult
from aiapp.core.request import Request, Tool
from aiapp.core.response import Change
from aiapp.providers.payload import tools_in
from aiapp.providers.reading import fields

ANSWER_TOOL = "aiapp_answer"
"""The tool by which an answer of a type is asked for, where the wire enforces no form of an answer; no other has it."""
_OTHER = re.compile(r"[^a-zA-Z0-9_-]")
_OTHER_NAME = "another name; by this one, aiapp asks for answers of a type"
_ELSEWHERE = ("previous_response_id", "conversation")
"""Keys by which a user says that the server has turns that the request has not."""


def check_names(request: Request, whose: str, longest: int | None) -> None:
    """Refuse a name that the wire does not take, and aiapp's own; without `longest` the wire takes any."""
    for given in map(fields, tools_in(request.settings.extra)):
        if ANSWER_TOOL in (given.get("name"), fields(given.get("function")).get("name")):
            raise InvalidInput("extra.tools", ANSWER_TOOL, _OTHER_NAME)
    for tool in request.tools:
        if longest is not None and (len(tool.name) > longest or _OTHER.search(tool.name)):
            accepted = f"for {whose}, a name of at most {longest} letters A-Z and a-z, digits, _ and -"
            raise InvalidInput("tools", tool.name, accepted)
        if tool.name == ANSWER_TOOL:
            raise InvalidInput("tools", tool.name, _OTHER_NAME)


def parameters_of(tool: Tool) -> dict[str, Any]:
    """The schema, which says of what it is: vendors refuse one that does not, such as `{}` for no arguments."""
    return {"type": "object", **({} if tool.parameters else {"properties": {}}), **tool.parameters}


def called(name: str, longest: int, changes: list[Change]) -> str:
    """The name in a call of an earlier turn: models also make names up, or come from a wire that takes others."""
    if 0 < len(name) <= longest and not _OTHER.search(name):
        return name
    taken = _OTHER.sub("_", name)[:longest] or "_"
    changes.append(Change("messages.tool_call", f"the name {name!r} is not taken here; sent as {taken!r}", lost=False))
    return taken


def check_answered(messages: Iterable[Message], extra: Mapping[str, Any]) -> None:
    """Refuse a result of no call, and a call without a result, which would be refused only after they were sent."""
    if any(key in extra for key in _ELSEWHERE):
        return
    waiting: list[ToolCall] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCall):
                waiting.append(part)
            elif isinstance(part, ToolResult):
                call = next((one for one in waiting if one.id == part.call_id), None)
                if call is None:
                    raise InvalidInput("messages", part, "results of calls that stand before them, one for each call")
                waiting.remove(call)
    if waiting:
        accepted = f'a result for each call, such as tool(ToolResult("{waiting[0].id}", ...)), in a later message'
        raise InvalidInput("messages", waiting[0], accepted)
