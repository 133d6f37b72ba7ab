"""A request as the bundled model gets it: pure, and without loading the model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, assert_never

from aiapp.core.errors import BadRequest
from aiapp.core.formats import Choice, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.messages import Message
from aiapp.core.parts import Text, ToolCall, ToolResult
from aiapp.core.request import Only, Request, Settings
from aiapp.core.response import Change
from aiapp.providers.foreign import left_behind
from aiapp.providers.local.schema import enforceable
from aiapp.providers.protocol import Prepared
from aiapp.transformer.template import call_text, system_text, tool_line

NAME = "local"
DEFAULT_MAX_TOKENS = 256


def encode(request: Request) -> Prepared:
    """The payload `{messages, tools, format, sampling}` and what the model cannot take.

    Tools and the type of a JSON answer are lines of the system turn; a `call` is a turn in which the model asked for a
    tool.
    """
    changes: list[Change] = []
    turns = [turn for message in request.messages for turn in _turns(message, changes)]
    changes.extend(left_behind(request.messages, NAME))
    if request.settings.tool_choice == "none":
        request = replace(request, tools=())
    payload = {
        "messages": _with_system(turns, request),
        "tools": [
            {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
            for tool in request.tools
        ],
        "format": _format(request, changes),
        "sampling": _sampling(request.settings),
    }
    changes.extend(_dropped(request.settings))
    limit = request.settings.max_tokens
    return Prepared(payload, tuple(dict.fromkeys(changes)), most_tokens=DEFAULT_MAX_TOKENS if limit is None else limit)


def _dropped(settings: Settings) -> Iterator[Change]:
    """What the bundled model has no place for."""
    if settings.effort not in (None, "none"):
        yield Change("effort", "the bundled model does not reason; dropped")
    if settings.tool_choice == "required" or isinstance(settings.tool_choice, Only):
        yield Change("tool_choice", "the bundled model asks for a tool where one fits, and cannot be made to; dropped")
    if settings.parallel_tools is not None:
        one = "the bundled model asks for one tool at a time; dropped"
        yield Change("parallel_tools", one, lost=settings.parallel_tools)
    if settings.cache is not None:
        kept = "the bundled model keeps what it has read by itself; dropped"
        yield Change("cache", kept, lost=settings.cache == "off")
    if settings.service_tier is not None:
        yield Change("service_tier", "there are no tiers on your own machine; dropped")
    for name in settings.extra:
        yield Change(f"extra.{name}", "the bundled model has no such setting; dropped")


def _turns(message: Message, changes: list[Change]) -> Iterator[dict[str, str]]:
    """A message as turns: text first, then each call or result, of which the text alone is read."""
    attached = [one for part in message.parts if isinstance(part, ToolResult) for one in part.attachments]
    left_out = [part for part in message.parts if not isinstance(part, Text | ToolCall | ToolResult)]
    kinds = [part.kind for part in (*left_out, *attached)]
    changes.extend(Change(f"messages.{kind}", "the bundled model reads text only; left out") for kind in kinds)
    others = [part for part in message.parts if isinstance(part, ToolCall | ToolResult)]
    if message.text or not others:
        yield {"role": message.role, "text": message.text}
    for part in others:
        if isinstance(part, ToolCall):
            yield {"role": "call", "text": _call(part, changes)}
        else:
            yield {"role": "tool", "text": json.dumps({"error": part.content}) if part.is_error else part.content}


def _call(call: ToolCall, changes: list[Change]) -> str:
    try:
        arguments: Any = json.loads(call.arguments or "{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        reason = "arguments that are no JSON object were sent as {'text': ...}"
        changes.append(Change("messages.tool_call", reason, lost=False))
        arguments = {"text": call.arguments}
    return call_text(call.name, arguments)  # pyright: ignore[reportUnknownArgumentType]


def _with_system(turns: Sequence[dict[str, str]], request: Request) -> list[dict[str, str]]:
    """The turns after one system turn with all instructions, the tools and the type of the answer."""
    instructions = "\n\n".join(turn["text"] for turn in turns if turn["role"] == "system")
    tools = [tool_line(tool.name, tool.description, tool.parameters) for tool in request.tools]
    schema = request.format.schema if isinstance(request.format, JsonSchema) else None
    text = system_text(instructions, tools, schema)
    opening = [{"role": "system", "text": text}] if text else []
    return [*opening, *(turn for turn in turns if turn["role"] != "system")]


def _format(request: Request, changes: list[Change]) -> dict[str, Any] | None:
    match request.format:
        case None:
            return None
        case JsonSchema(schema, _, fits):
            return {"type": "json_schema", "schema": enforceable(schema, changes, checked=fits is not None)}
        case Regex(pattern):
            return {"type": "regex", "pattern": pattern}
        case Choice(options):
            if not options or len(set(options)) != len(options):
                raise BadRequest("a choice needs at least one option, each different", provider=NAME, model=NAME)
            return {"type": "choice", "options": list(options)}
        case Grammar(lark):
            return {"type": "grammar", "lark": lark}
        case Quotation(texts):
            return {"type": "quotation", "texts": list(texts)}
        case _:
            assert_never(request.format)


def _sampling(settings: Settings) -> dict[str, Any]:
    return {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "top_k": settings.top_k,
        "max_tokens": settings.max_tokens,
        "stop": list(settings.stop),
        "seed": settings.seed,
    }
