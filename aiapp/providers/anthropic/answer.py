"""Answers of a form that the API cannot enforce: they are asked for by a tool, whose arguments are the answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiapp.catalog.abilities import Abilities
from aiapp.core.events import Event, Finish, PartEnd, TextDelta, ThinkingDelta, ToolCallDelta, ToolCallStart
from aiapp.core.formats import JsonSchema
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.providers.anthropic import NAME
from aiapp.providers.enforcing import unenforced
from aiapp.providers.wording import said


def answer_by_tool(
    form: JsonSchema, why: str, request: Request, known: Abilities, payload: dict[str, Any], changes: list[Change]
) -> str | None:
    """Offer the tool that takes the answer, and have it called; its name, or None where no tool can take the answer."""
    if form.schema.get("type", "object") != "object":
        changes.append(Change("format", f"{why}, and no tool takes an answer that is no object; not sent"))
        return None
    others: list[Mapping[str, Any]] = payload.get("tools", [])
    taken = {other.get("name") for other in others}
    name = form.name if form.name not in taken else f"{form.name[:57]}_answer"
    tool = {"name": name, "description": said("answer-tool"), "input_schema": {"type": "object", **form.schema}}
    payload["tools"] = [*others, tool]
    alone = _one_at_a_time(others, request)
    if _may_be_forced(request, known):
        choice = {"type": "any"} if others and request.settings.tool_choice != "none" else _exactly(name)
        payload["tool_choice"] = {**choice, **alone}
        how = f"the tool {name!r} is called with it; the model does not reason before a forced tool"
    elif request.settings.tool_choice in (None, "auto", "none"):
        payload["tool_choice"] = {"type": "auto", **alone}
        payload["system"] = [*payload.get("system", []), {"type": "text", "text": said("answer-by-tool", tool=name)}]
        how = f"the model is told to call the tool {name!r} with it"
    else:
        how = f"the model may call the tool {name!r} with it"
    reason = f"{why}: {how}, and the arguments are the answer"
    changes.append(unenforced("format", reason, checked=form.fits is not None))
    return name


def _may_be_forced(request: Request, known: Abilities) -> bool:
    """Reasoning with a budget of its own, and some models, refuse a forced tool; a choice of the caller's stands."""
    thinking: Mapping[str, Any] = request.settings.extra.get("thinking") or {}
    chosen = request.settings.tool_choice
    free = chosen in (None, "auto", "none")
    return known.forced_tools is not False and thinking.get("type") != "enabled" and free


def _exactly(name: str) -> dict[str, Any]:
    return {"type": "tool", "name": name}


def _one_at_a_time(others: Sequence[object], request: Request) -> dict[str, Any]:
    """One answer is wanted; the caller's own tools may still be called side by side."""
    return {"disable_parallel_tool_use": True} if not others or request.settings.parallel_tools is False else {}


class Answer:
    """Makes the arguments of the answer's tool the text of the answer, event by event.

    What the model says before it calls the tool is no part of the answer, which is known only once the call begins:
    so it waits until then, and becomes thinking that goes back as the text it was. Without a call it is the answer.
    """

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._waiting: list[Event] = []
        self._index: int | None = None
        self._dropped: set[int] = set()
        self._calls_others = False

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events of the answer, as far as they can be told by now."""
        for event in events:
            yield from self._event(event)

    def _event(self, event: Event) -> Iterator[Event]:
        match event:
            case ToolCallStart(index, _, name) if name == self._tool:
                if self._index is not None:
                    self._dropped.add(index)
                    return
                self._index = index
                yield from self._said_beside()
            case ToolCallDelta(index) | PartEnd(index=int(index)) if index in self._dropped:
                return
            case ToolCallDelta(index, arguments) if index == self._index:
                yield TextDelta(arguments)
            case PartEnd(index=int(index)) if index == self._index:
                yield PartEnd()
            case Finish(reason, raw, detail):
                yield from self._waiting
                answered = self._index is not None and not self._calls_others
                yield Finish("stop" if answered and reason == "tool_calls" else reason, raw, detail)
            case _:
                self._calls_others |= isinstance(event, ToolCallStart)
                yield from self._other(event)

    def _other(self, event: Event) -> Iterator[Event]:
        """Text waits, and so does what comes after it, up to its end once the answer is there."""
        if not self._waiting and not isinstance(event, TextDelta):
            yield event
            return
        self._waiting.append(event)
        if self._index is not None and isinstance(event, PartEnd):
            yield from self._said_beside()

    def _said_beside(self) -> Iterator[Event]:
        said = ""
        for event in self._waiting:
            match event:
                case TextDelta(text):
                    said += text
                    yield ThinkingDelta(text)
                case PartEnd(_, None) if said:
                    yield PartEnd({NAME: {"type": "text", "text": said}})
                    said = ""
                case _:
                    yield event
        self._waiting = []
