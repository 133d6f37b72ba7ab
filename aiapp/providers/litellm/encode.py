"""A request as the arguments of litellm's completion: the shape of Chat Completions. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from aiapp.core.formats import Choice, Format, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.messages import Message
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Only, Request, Settings, Tool, ToolChoice
from aiapp.core.response import Change
from aiapp.providers.answering import is_aside
from aiapp.providers.attached import NOT_HERE, chat_block, chat_place
from aiapp.providers.foreign import left_behind
from aiapp.providers.litellm import NAME
from aiapp.providers.litellm.refused import refuse_arguments, refuse_downloads
from aiapp.providers.litellm.vendor import caches_by_marks, is_openais
from aiapp.providers.payload import merged, tools_in
from aiapp.providers.protocol import Prepared
from aiapp.providers.tools import check_names, parameters_of

_CHECKED = {
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "seed": "seed",
    "reasoning_effort": "effort",
    "parallel_tool_calls": "parallel_tools",
    "service_tier": "service_tier",
    "tool_choice": "tool_choice",
    "response_format": "format",
}
"""Arguments that litellm refuses for a model that does not take them, with the names that they have here."""


def checked(payload: Mapping[str, Any], extra: Mapping[str, Any]) -> list[str]:
    """The arguments of which litellm must be asked whether the model takes them."""
    return [name for name in _CHECKED if name in payload and name not in extra]


def without(prepared: Prepared, names: Sequence[str], model: str) -> Prepared:
    """What was prepared, without the arguments that the model does not take."""
    payload = {name: value for name, value in prepared.payload.items() if name not in names}
    lost = (Change(_CHECKED[name], f"{model} does not take {name}, as litellm knows it; not sent") for name in names)
    return replace(prepared, payload=payload, changes=(*prepared.changes, *lost))


def encode(request: Request, model: str) -> Prepared:
    """The arguments, and what had to change. Which settings the model takes only litellm knows."""
    refuse_arguments(request.settings.extra)
    check_names(request, NAME, None)
    changes: list[Change] = []
    marks = request.settings.cache != "off"
    payload: dict[str, Any] = {
        "model": model,
        "messages": [one for message in request.messages for one in _messages(message, marks, changes)],
    }
    changes.extend(left_behind(request.messages, NAME))
    tools = [*(tool_payload(tool) for tool in request.tools), *tools_in(request.settings.extra)]
    if tools:
        payload["tools"] = tools
    _set_format(request.format, payload, changes)
    _set_settings(request.settings, model, payload, changes)
    payload = merged(payload, request.settings.extra, changes)
    refuse_downloads(payload)
    return Prepared(payload, tuple(dict.fromkeys(changes)), most_tokens=payload.get("max_tokens"))


def tool_payload(tool: Tool) -> dict[str, Any]:
    """A tool in the words of Chat Completions."""
    function = {"name": tool.name, "description": tool.description, "parameters": parameters_of(tool)}
    return {"type": "function", "function": function}


def _set_format(form: Format | None, payload: dict[str, Any], changes: list[Change]) -> None:
    match form:
        case JsonSchema(schema, name):
            wanted = {"name": name, "schema": dict(schema), "strict": False}
            payload["response_format"] = {"type": "json_schema", "json_schema": wanted}
        case Regex() | Choice() | Grammar() | Quotation():
            changes.append(Change("format", "litellm asks for JSON schemas only; not sent"))
        case None:
            pass
        case _:
            assert_never(form)


def _set_settings(settings: Settings, model: str, payload: dict[str, Any], changes: list[Change]) -> None:
    given: dict[str, Any] = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "top_k": settings.top_k,
        "max_tokens": settings.max_tokens,
        "stop": list(settings.stop) or None,
        "seed": settings.seed,
        "reasoning_effort": settings.effort,
        "parallel_tool_calls": settings.parallel_tools if payload.get("tools") else None,
        "service_tier": settings.service_tier,
        "tool_choice": choice_payload(settings.tool_choice),
    }
    if settings.top_k is not None and is_openais(model):
        del given["top_k"]
        changes.append(Change("top_k", "OpenAI's models take no such setting; dropped"))
    payload.update({name: value for name, value in given.items() if value is not None})
    if settings.cache == "off" and not caches_by_marks(model):
        changes.append(
            Change("cache", "no marks are sent, but the provider may cache by itself, which litellm leaves so")
        )
    elif settings.cache in ("short", "long"):
        changes.append(Change("cache", "litellm has no one setting for the prompt cache; mark messages instead"))


def choice_payload(choice: ToolChoice | None) -> str | dict[str, Any] | None:
    """Which tool must be called, in the words of Chat Completions."""
    return {"type": "function", "function": {"name": choice.name}} if isinstance(choice, Only) else choice


def _messages(message: Message, marks: bool, changes: list[Change]) -> list[dict[str, Any]]:
    """One message, or one for each tool result and one more for what the results carry."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    attached: list[Part] = [one for result in results for one in result.attachments]
    rest = [part for part in message.parts if not isinstance(part, ToolResult)]
    found = [_result(result) for result in results]
    if attached:
        changes.append(Change("messages.tool_result", "images and files follow the results as the user's", lost=False))
    role = "user" if message.role == "tool" else message.role
    if role == "assistant":
        found.extend(_assistant(rest, changes))
    else:
        contents = [block for part in (*attached, *rest) if (block := _content(part, changes)) is not None]
        if contents:
            found.append({"role": role, "content": contents})
    if message.cache and marks and found:
        _mark(found[-1], changes)
    return found


def _result(result: ToolResult) -> dict[str, Any]:
    content = f"Error: {result.content}" if result.is_error else result.content
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _assistant(parts: Sequence[Part], changes: list[Change]) -> list[dict[str, Any]]:
    text, thoughts, calls = "", list[Any](), list[dict[str, Any]]()
    for part in parts:
        match part:
            case Text():
                text += part.text
            case Thinking() if is_aside(part, NAME):
                text += part.text
            case Thinking():
                if NAME in part.metadata:
                    thoughts.extend(part.metadata[NAME])
                    if not part.metadata[NAME]:
                        reason = "reasoning that the provider did not sign is not taken back; left out"
                        changes.append(Change("messages.thinking", reason, lost=False))
                else:
                    reason = "reasoning that litellm did not bring cannot be replayed; left out"
                    changes.append(Change("messages.thinking", reason))
            case ToolCall(call_id, name, arguments):
                function = {"name": name, "arguments": _arguments(arguments, changes)}
                calls.append({"id": call_id, "type": "function", "function": function, **part.metadata.get(NAME, {})})
            case Image() | File() | Citation() | ToolResult():
                changes.append(Change(f"messages.{part.kind}", "an assistant's turn holds text and calls; left out"))
            case _:
                assert_never(part)
    if not (text or thoughts or calls):
        return []
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if thoughts:
        message["thinking_blocks"] = thoughts
    if calls:
        message["tool_calls"] = calls
    return [message]


def _arguments(arguments: str, changes: list[Change]) -> str:
    """As a model made them, if they are a JSON object: litellm reads them for all who take objects, and fails."""
    try:
        value: Any = json.loads(arguments or "{}")
    except ValueError:
        value = None
    if isinstance(value, dict):
        return arguments or "{}"
    reason = "arguments that are no JSON object were sent as {'text': ...}"
    changes.append(Change("messages.tool_call", reason, lost=False))
    return json.dumps({"text": arguments})


def _content(part: Part, changes: list[Change]) -> dict[str, Any] | None:
    match part:
        case Text(text):
            return {"type": "text", "text": text} if text else None
        case Citation(quote=quote) if not part.metadata:
            return {"type": "text", "text": quote}
        case Image():
            return _attached(part, chat_place(part), changes)
        case File():
            by_url = {"filename": part.name, "file_id": part.url, "format": part.media_type}
            return _attached(part, by_url if part.url else chat_place(part), changes)
        case Thinking() | ToolCall() | ToolResult() | Citation():
            changes.append(Change(f"messages.{part.kind}", "it belongs to an assistant's turn; left out"))
            return None
        case _:
            assert_never(part)


def _attached(part: Image | File, where: Mapping[str, Any] | None, changes: list[Change]) -> dict[str, Any] | None:
    block = chat_block(part, where, NAME)
    if block is None:
        changes.append(Change(f"messages.{part.kind}", f"{NOT_HERE}; left out"))
    return block


def _mark(message: dict[str, Any], changes: list[Change]) -> None:
    """The end of what stays the same; litellm takes the mark out again where the provider has none."""
    content: Any = message["content"]
    if isinstance(content, str):
        content = message["content"] = [{"type": "text", "text": content}]
    if content:
        content[-1]["cache_control"] = {"type": "ephemeral"}
    else:
        changes.append(Change("messages.cache", "nothing in the message can carry the mark; left out"))
