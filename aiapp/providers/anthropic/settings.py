"""Settings as the Messages API takes them, as far as the model can honour them. Pure."""

from __future__ import annotations

from typing import Any, assert_never, get_args

from aiapp.catalog.abilities import Abilities
from aiapp.core.request import Effort, Only, Request, Settings
from aiapp.core.response import Change
from aiapp.providers.payload import tools_in
from aiapp.providers.tools import parameters_of

DEFAULT_MAX_TOKENS = 16_384
"""The API requires a limit; this one is sent where the request has none. As much arrives within ten minutes."""
TIERS = ("auto", "standard_only")
_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
"""What the API has, least first."""


def set_settings(settings: Settings, known: Abilities, payload: dict[str, Any], changes: list[Change]) -> None:
    """Put the settings that are not about tools into the payload."""
    payload["max_tokens"] = _max_tokens(settings, known, changes)
    if settings.stop:
        payload["stop_sequences"] = list(settings.stop)
    if settings.effort is not None:
        _set_effort(settings.effort, known, payload, changes)
    if settings.service_tier in TIERS:
        payload["service_tier"] = settings.service_tier
    elif settings.service_tier is not None:
        changes.append(Change("service_tier", f"the Messages API takes {' or '.join(TIERS)}; dropped"))
    sampling = {"temperature": settings.temperature, "top_p": settings.top_p, "top_k": settings.top_k}
    for name, value in {**sampling, "seed": settings.seed}.items():
        if value is not None:
            changes.append(Change(name, "the Messages API takes no such setting since version 2026-10-21; dropped"))


def set_tools(request: Request, known: Abilities, payload: dict[str, Any], changes: list[Change]) -> None:
    """Put the tools, and which of them must or may be called, into the payload."""
    settings = request.settings
    own = [
        {"name": tool.name, "description": tool.description, "input_schema": parameters_of(tool)}
        for tool in request.tools
    ]
    tools = [*own, *tools_in(settings.extra)]
    if not tools:
        if isinstance(settings.tool_choice, Only) or settings.tool_choice == "required":
            changes.append(Change("tool_choice", "there is no tool to call; dropped"))
        return
    payload["tools"] = tools
    choice = _tool_choice(settings, known, changes)
    if settings.parallel_tools is False and choice != {"type": "none"}:
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice is not None:
        payload["tool_choice"] = choice


def _tool_choice(settings: Settings, known: Abilities, changes: list[Change]) -> dict[str, Any] | None:
    match settings.tool_choice:
        case None:
            return None
        case "auto" | "none":
            return {"type": settings.tool_choice}
        case "required" | Only() if known.forced_tools is False:
            changes.append(Change("tool_choice", "this model refuses a forced tool; it decides by itself"))
            return {"type": "auto"}
        case "required":
            return {"type": "any"}
        case Only(name):
            return {"type": "tool", "name": name}
        case _:
            assert_never(settings.tool_choice)


def _max_tokens(settings: Settings, known: Abilities, changes: list[Change]) -> int:
    most = known.output_tokens
    if settings.max_tokens is None:
        return DEFAULT_MAX_TOKENS if most is None else min(DEFAULT_MAX_TOKENS, most)
    if most is not None and settings.max_tokens > most:
        changes.append(Change("max_tokens", f"this model answers with at most {most} tokens; {most} sent"))
        return most
    return settings.max_tokens


def _set_effort(effort: Effort, known: Abilities, payload: dict[str, Any], changes: list[Change]) -> None:
    accepted = set[str](("none", *_EFFORTS) if known.efforts is None else known.efforts)
    if effort == "none" and effort in accepted:
        payload["thinking"] = {"type": known.without_thinking or "disabled"}
        return
    sent = _nearest(effort, [one for one in _EFFORTS if one in accepted])
    if sent is not None:
        payload.setdefault("output_config", {})["effort"] = sent
    if sent != effort:
        instead = "dropped" if sent is None else f"{sent!r} sent"
        changes.append(Change("effort", f"this model has no effort {effort!r}; {instead}"))


def _nearest(effort: Effort, accepted: list[Effort]) -> Effort | None:
    """The highest of the accepted efforts that asks for no more, else the lowest; None where there is none."""
    order: tuple[Effort, ...] = get_args(Effort)
    below: list[Effort] = [one for one in accepted if order.index(one) <= order.index(effort)]
    if below:
        return below[-1]
    return accepted[0] if accepted else None
