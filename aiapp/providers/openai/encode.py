"""A request as the Responses API takes it. Pure."""

from __future__ import annotations

from typing import Any, assert_never

from aiapp.catalog.abilities import Abilities, abilities
from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Choice, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.response import Change
from aiapp.providers.enforcing import unenforced
from aiapp.providers.foreign import left_behind
from aiapp.providers.openai.forms import answer_tool, as_tool, instruction
from aiapp.providers.openai.items import LONGEST_NAME, NAME, items_of
from aiapp.providers.openai.limits import within
from aiapp.providers.openai.strict import strict
from aiapp.providers.payload import limit_in, merged, tools_in
from aiapp.providers.protocol import Prepared
from aiapp.providers.tools import ANSWER_TOOL, check_answered, check_names, parameters_of

_INPUT_ELSEWHERE = ("previous_response_id", "conversation", "prompt")
"""Keys of a user's own under which the server has something to answer."""
_OURS = ("store", "include")
"""Keys of which a request says nothing."""
LIFETIMES = {"short": "30m", "long": "12h"}


def encode(request: Request, model: str) -> Prepared:
    """The payload, and what had to change. Nothing is stored at the provider; reasoning comes back encrypted."""
    check_names(request, NAME, LONGEST_NAME)
    check_answered(request.messages, request.settings.extra)
    changes: list[Change] = []
    known = abilities(NAME, model)
    settings = within(request.settings, known, changes)
    payload: dict[str, Any] = {
        "model": model,
        "input": items_of(request.messages, known, changes, marks=settings.cache != "off"),
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    changes.extend(left_behind(request.messages, NAME))
    tools = [*(tool_payload(tool, changes) for tool in request.tools), *tools_in(settings.extra)]
    offered = len(tools)
    choice: object = settings.tool_choice
    if isinstance(request.format, JsonSchema) and known.json_schema is False:
        choice = _unnatural(request.format, settings, known, tools, payload, changes)
    elif request.format is not None:
        _format(request, payload, changes)
    _tools(tools, choice, settings, payload, changes)
    _settings(settings, payload, changes)
    _cache(settings, known, payload, changes)
    extra = dict(settings.extra)
    included: Any = extra.get("include")
    if included and isinstance(included, list | tuple):  # beside what a later turn needs
        extra["include"] = list(dict.fromkeys([*payload["include"], *map(str, included)]))  # pyright: ignore[reportUnknownArgumentType]
    payload = merged(payload, extra, changes, ours=_OURS)
    if not payload["input"] and not any(key in payload for key in _INPUT_ELSEWHERE):
        why = "; ".join(map(str, dict.fromkeys(changes))) or "they are empty"
        raise InvalidInput("messages", payload["input"], f"at least one part that the Responses API takes ({why})")
    most = limit_in(payload, "max_output_tokens") or known.output_tokens
    return Prepared(payload, tuple(dict.fromkeys(changes)), ANSWER_TOOL if len(tools) > offered else None, most)


def tool_payload(tool: Tool, changes: list[Change], *, checked: bool = True) -> dict[str, Any]:
    """A tool, strict where that takes nothing from it: a model that must fill an optional argument makes one up.

    `checked` is whether the arguments are, when they are read.
    """
    at = f"tools.{tool.name}"
    parameters = parameters_of(tool)
    made = strict(parameters, at, checked=checked)
    enforced = made.enforced and not made.demanded
    if enforced:
        changes.extend(made.changes)
    elif made.enforced:
        reason = f"optional: {', '.join(made.demanded)}; the schema is sent as it is, and not enforced"
        changes.append(unenforced(at, reason, checked=checked))
    else:
        changes.extend(made.changes)
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(made.schema if enforced else parameters),
        "strict": enforced,
    }


def _unnatural(
    form: JsonSchema,
    settings: Settings,
    known: Abilities,
    tools: list[dict[str, Any]],
    payload: dict[str, Any],
    changes: list[Change],
) -> object:
    """The schema for a model without a native format for it; the tool choice that goes with it."""
    if known.forced_tools is False:
        text = instruction(form, changes)
        place = next((i for i, item in enumerate(payload["input"]) if item.get("role") != "system"), 0)
        content = [{"type": "input_text", "text": text}]
        payload["input"].insert(place, {"type": "message", "role": "system", "content": content})
        payload["text"] = {"format": {"type": "json_object"}}
        return settings.tool_choice
    choice = as_tool(settings, bool(tools), changes)
    tools.append(tool_payload(answer_tool(form.schema), changes, checked=form.fits is not None))
    return choice


def _format(request: Request, payload: dict[str, Any], changes: list[Change]) -> None:
    match request.format:
        case JsonSchema(schema, name, fits):
            made = strict(schema, checked=fits is not None)
            changes.extend(made.changes)
            form = {"type": "json_schema", "name": name, "schema": dict(made.schema), "strict": made.enforced}
            payload["text"] = {"format": form}
        case Regex() | Choice() | Grammar() | Quotation():
            changes.append(Change("format", "the Responses API enforces JSON schemas only; not sent"))
        case None:
            pass
        case _:
            assert_never(request.format)


def _tools(
    tools: list[dict[str, Any]], choice: object, settings: Settings, payload: dict[str, Any], changes: list[Change]
) -> None:
    if not tools:
        given = {"tool_choice": choice is not None, "parallel_tools": settings.parallel_tools is not None}
        forced = isinstance(choice, Only) or choice == "required"
        reason = "no tools are given; not sent"
        changes.extend(
            Change(name, reason, lost=name == "tool_choice" and forced) for name, there in given.items() if there
        )
        return
    payload["tools"] = tools
    if choice is not None:
        payload["tool_choice"] = {"type": "function", "name": choice.name} if isinstance(choice, Only) else choice
    if settings.parallel_tools is not None:
        payload["parallel_tool_calls"] = settings.parallel_tools


def _settings(settings: Settings, payload: dict[str, Any], changes: list[Change]) -> None:
    named = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_output_tokens": settings.max_tokens,
        "service_tier": settings.service_tier,
    }
    payload.update({name: value for name, value in named.items() if value is not None})
    if settings.effort is not None:
        payload["reasoning"] = {"effort": settings.effort}
    given = {"top_k": settings.top_k is not None, "seed": settings.seed is not None, "stop": bool(settings.stop)}
    unsupported = "the Responses API has no such setting; dropped"
    changes.extend(Change(name, unsupported) for name, is_given in given.items() if is_given)


def _cache(settings: Settings, known: Abilities, payload: dict[str, Any], changes: list[Change]) -> None:
    """OpenAI caches by itself; models with marks also take a lifetime, and can be told not to."""
    if settings.cache is None:
        return
    if known.cache_marks is False:
        reason = "the model caches prompts by itself, for a time of its own"
        changes.append(Change("cache", reason, lost=settings.cache != "short"))
    elif settings.cache == "off":
        payload["prompt_cache_options"] = {"mode": "explicit"}  # without a mark nothing is written
    else:
        payload["prompt_cache_options"] = {"ttl": LIFETIMES[settings.cache]}
