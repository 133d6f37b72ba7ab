"""How an answer of a form that the API cannot enforce is asked for by a tool, and how it goes back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiapp.catalog.abilities import Abilities
from aiapp.core.formats import JsonSchema
from aiapp.core.parts import Metadata
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.providers.answering import Answer
from aiapp.providers.anthropic import NAME
from aiapp.providers.enforcing import unenforced
from aiapp.providers.reading import fields
from aiapp.providers.wording import said


def answer_by_tool(
    form: JsonSchema, why: str, request: Request, known: Abilities, payload: dict[str, Any], changes: list[Change]
) -> str | None:
    """Offer the tool that takes the answer, and have it called; its name, or None where no tool can take the answer."""
    if form.schema.get("type", "object") != "object":
        changes.append(Change("format", f"{why}, and no tool takes an answer that is no object; not sent"))
        return None
    others: list[Any] = payload.get("tools", [])
    taken = {fields(other).get("name") for other in others}
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


def reader(tool: str | None) -> Answer | None:
    """What reads an answer that the tool takes; None where the API enforces its form."""
    return None if tool is None else Answer(tool, aside=_as_block)


def _as_block(text: str, metadata: Metadata) -> Metadata:
    return {NAME: {"type": "text", "text": text}}
