"""A request as Chat Completions takes it, at one vendor. Pure."""

from __future__ import annotations

from typing import Any, assert_never

from aiapp.catalog.abilities import Abilities, abilities
from aiapp.core.formats import Choice, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.response import Change
from aiapp.providers.enforcing import unenforced
from aiapp.providers.foreign import left_behind
from aiapp.providers.openai.chat.messages import Messages
from aiapp.providers.openai.encode import tool_payload
from aiapp.providers.openai.forms import answer_tool, as_tool, instruction
from aiapp.providers.openai.items import LONGEST_NAME
from aiapp.providers.openai.limits import within
from aiapp.providers.openai.strict import strict
from aiapp.providers.openai.vendors import Vendor
from aiapp.providers.payload import limit_in, merged, tools_in
from aiapp.providers.protocol import Prepared
from aiapp.providers.tools import ANSWER_TOOL, check_answered, check_names, parameters_of


def encode(request: Request, model: str, vendor: Vendor) -> Prepared:
    """The payload, and what had to change."""
    check_names(request, vendor.name, LONGEST_NAME if vendor.tool_rules else None)
    if vendor.tool_rules:
        check_answered(request.messages, request.settings.extra)
    changes: list[Change] = []
    known = abilities(vendor.table or vendor.name, model)
    settings = within(request.settings, known, changes)
    messages = Messages(
        vendor,
        changes,
        images=vendor.images and known.images is not False,
        files=vendor.files and known.files is not False,
        marks=vendor.marks and known.cache_marks is not False and settings.cache != "off",
    )
    payload: dict[str, Any] = {"model": model, "messages": messages.of(request.messages)}
    changes.extend(left_behind(request.messages, vendor.name))
    tools = [*(_tool(tool, vendor, changes) for tool in request.tools), *tools_in(settings.extra)]
    offered = len(tools)
    choice = _format(request, settings, vendor, known, tools, payload, changes)
    _tools(tools, choice, settings, vendor, payload, changes)
    _settings(settings, vendor, payload, changes)
    _cache(settings, vendor, known, payload, changes)
    payload = merged(payload, settings.extra, changes)
    most = limit_in(payload, vendor.limit) or known.output_tokens
    return Prepared(payload, tuple(dict.fromkeys(changes)), ANSWER_TOOL if len(tools) > offered else None, most)


def _tool(tool: Tool, vendor: Vendor, changes: list[Change], *, checked: bool = True) -> dict[str, Any]:
    if vendor.strict_tools:
        function = tool_payload(tool, changes, checked=checked)
        function.pop("type")
    else:
        function = {"name": tool.name, "description": tool.description, "parameters": parameters_of(tool)}
    return {"type": "function", "function": function}


def _format(
    request: Request,
    settings: Settings,
    vendor: Vendor,
    known: Abilities,
    tools: list[dict[str, Any]],
    payload: dict[str, Any],
    changes: list[Change],
) -> object:
    """The form of the answer in the best way that there is here; the tool choice that goes with it."""
    choice: object = settings.tool_choice
    match request.format:
        case None:
            pass
        case JsonSchema():
            return _schema(request.format, settings, vendor, known, tools, payload, changes)
        case Regex(pattern) if vendor.guided:
            payload["structured_outputs"] = {"regex": pattern}
        case Choice(options) if vendor.guided:
            payload["structured_outputs"] = {"choice": list(options)}
        case Grammar(lark) if vendor.guided:
            payload["structured_outputs"] = {"grammar": lark}
        case Regex() | Choice() | Grammar():
            changes.append(Change("format", "Chat Completions enforces JSON schemas only; not sent"))
        case Quotation():
            changes.append(Change("format", "no server enforces quotations; not sent"))
        case _:
            assert_never(request.format)
    return choice


def _schema(
    form: JsonSchema,
    settings: Settings,
    vendor: Vendor,
    known: Abilities,
    tools: list[dict[str, Any]],
    payload: dict[str, Any],
    changes: list[Change],
) -> object:
    way = vendor.schemas if known.json_schema is None else "native" if known.json_schema else "tool"
    if way == "native":
        schema, enforced = form.schema, True
        if vendor.strict_rules:
            made = strict(schema, checked=form.fits is not None)
            schema, enforced = made.schema, made.enforced
            changes.extend(made.changes)
        named = {"name": form.name, "schema": dict(schema), "strict": enforced}
        payload["response_format"] = {"type": "json_schema", "json_schema": named}
        return settings.tool_choice
    if way == "tool" and vendor.tool_choice and known.forced_tools is not False:
        choice = as_tool(settings, bool(tools), changes)
        checked = form.fits is not None
        if not (checked or vendor.strict_tools):
            changes.append(unenforced("format", f"{vendor.name} enforces no tool's schema", checked=checked))
        tools.append(_tool(answer_tool(form.schema), vendor, changes, checked=checked))
        return choice
    payload["response_format"] = {"type": "json_object"}
    _instruct(payload["messages"], instruction(form, changes), vendor)
    return settings.tool_choice


def _instruct(messages: list[dict[str, Any]], text: str, vendor: Vendor) -> None:
    """Add to the system turn, or open with one."""
    first = messages[0] if messages else {}
    if first.get("role") == vendor.system and isinstance(first["content"], str):
        first["content"] = f"{first['content']}\n\n{text}"
    else:
        messages.insert(0, {"role": vendor.system, "content": text})


def _tools(
    tools: list[dict[str, Any]],
    choice: object,
    settings: Settings,
    vendor: Vendor,
    payload: dict[str, Any],
    changes: list[Change],
) -> None:
    forced = isinstance(choice, Only) or choice == "required"
    reason = f"{vendor.name} does not take it; dropped" if tools else "no tools are given; not sent"
    if tools:
        payload["tools"] = tools
    if choice is not None and tools and vendor.tool_choice:
        if isinstance(choice, Only):
            payload["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        else:
            payload["tool_choice"] = vendor.required if choice == "required" else choice
    elif choice == "none" and tools:
        del payload["tools"]
        changes.append(Change("tools", f"{vendor.name} takes no tool choice; without tools none can be called", False))
    elif choice is not None:
        changes.append(Change("tool_choice", reason, lost=forced))
    if settings.parallel_tools is not None:
        if tools and vendor.parallel_tools:
            payload["parallel_tool_calls"] = settings.parallel_tools
        else:
            changes.append(Change("parallel_tools", reason, lost=bool(tools) and not settings.parallel_tools))


def _settings(settings: Settings, vendor: Vendor, payload: dict[str, Any], changes: list[Change]) -> None:
    stops = settings.stop[: vendor.stops] if vendor.stops else settings.stop
    if len(stops) < len(settings.stop):
        changes.append(Change("stop", f"{vendor.name} takes at most {vendor.stops}; the first {vendor.stops} are sent"))
    named = {
        "temperature": ("temperature", settings.temperature),
        "top_p": ("top_p", settings.top_p),
        "max_tokens": (vendor.limit, settings.max_tokens),
        "stop": ("stop", list(stops) or None),
        "top_k": (vendor.top_k, settings.top_k),
        "seed": (vendor.seed, settings.seed),
        "effort": (vendor.effort, settings.effort),
        "service_tier": ("service_tier" if vendor.service_tiers else "", settings.service_tier),
    }
    for name, (field, value) in named.items():
        if value is not None and field:
            payload[field] = value
        elif value is not None:
            changes.append(Change(name, f"{vendor.name} has no such setting; dropped"))


def _cache(
    settings: Settings, vendor: Vendor, known: Abilities, payload: dict[str, Any], changes: list[Change]
) -> None:
    """The lifetime of 12 hours is one of the Responses API alone."""
    if settings.cache is None:
        return
    if not vendor.marks or known.cache_marks is False:
        reason = f"{vendor.name} takes no word on its prompt cache here"
        changes.append(Change("cache", reason, lost=settings.cache != "short"))
    elif settings.cache == "off":
        payload["prompt_cache_options"] = {"mode": "explicit"}
    else:
        payload["prompt_cache_options"] = {"ttl": "30m"}
        if settings.cache == "long":
            changes.append(Change("cache", "Chat Completions keeps prompts for 30 minutes only; that is sent"))
