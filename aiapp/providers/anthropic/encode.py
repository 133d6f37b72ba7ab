"""A request as the Messages API takes it. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any, assert_never

from aiapp.core.formats import Choice, JsonSchema, Regex
from aiapp.core.messages import Message
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Request, Settings
from aiapp.core.response import Change
from aiapp.providers.protocol import Prepared

NAME = "anthropic"
DEFAULT_MAX_TOKENS = 8192
"""The API requires a limit; this one is sent where the request has none."""
_EFFORTS = {"low", "medium", "high", "xhigh", "max"}


def encode(request: Request, model: str) -> Prepared:
    """The payload, and what had to change."""
    changes: list[Change] = []
    settings = request.settings
    payload: dict[str, Any] = {
        "model": model,
        "max_tokens": DEFAULT_MAX_TOKENS if settings.max_tokens is None else settings.max_tokens,
        "messages": _turns(request.messages, changes),
    }
    instructions = [part for m in request.messages if m.role == "system" for part in _contents(m, changes)]
    if instructions:
        payload["system"] = instructions
    if request.tools:
        payload["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.parameters)}
            for tool in request.tools
        ]
    output: dict[str, Any] = {}
    match request.format:
        case JsonSchema(schema):
            output["format"] = {"type": "json_schema", "schema": dict(schema)}
        case Regex() | Choice():
            changes.append(Change("format", "the Messages API enforces JSON schemas only; not sent"))
        case None:
            pass
        case _:
            assert_never(request.format)
    _settings(settings, payload, output, changes)
    if output:
        payload["output_config"] = output
    payload.update(settings.extra)
    return Prepared(payload, tuple(changes))


def _settings(settings: Settings, payload: dict[str, Any], output: dict[str, Any], changes: list[Change]) -> None:
    if settings.stop:
        payload["stop_sequences"] = list(settings.stop)
    if settings.effort in _EFFORTS:
        output["effort"] = settings.effort
    elif settings.effort is not None:
        changes.append(Change("effort", f"the Messages API has no effort {settings.effort!r}; dropped"))
    sampling = {"temperature": settings.temperature, "top_p": settings.top_p, "top_k": settings.top_k}
    for name, value in {**sampling, "seed": settings.seed}.items():
        if value is not None:
            changes.append(Change(name, "the Messages API takes no such setting since version 2026-10-21; dropped"))


def _turns(messages: tuple[Message, ...], changes: list[Change]) -> list[dict[str, Any]]:
    """The turns that alternate: tool results are the user's, and neighbours of one role become one turn."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        contents = _contents(message, changes)
        if not contents:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(contents)
        else:
            turns.append({"role": role, "content": contents})
    return turns


def _contents(message: Message, changes: list[Change]) -> list[dict[str, Any]]:
    blocks = [_block(part, changes) for part in message.parts]
    return [block for block in blocks if block is not None]


def _block(part: Part, changes: list[Change]) -> dict[str, Any] | None:
    match part:
        case Text(text):
            return {"type": "text", "text": text} if text else None
        case Citation(quote=quote):
            return {"type": "text", "text": quote}
        case Image():
            return {"type": "image", "source": _source(part)}
        case File():
            return {"type": "document", "source": _source(part), "title": part.name}
        case Thinking():
            if NAME in part.metadata:
                return dict(part.metadata[NAME])
            changes.append(Change("messages.thinking", "reasoning of another provider cannot be replayed; left out"))
            return None
        case ToolCall(call_id, name, arguments):
            return {"type": "tool_use", "id": call_id, "name": name, "input": _json(arguments, changes)}
        case ToolResult(call_id, content, is_error):
            return {"type": "tool_result", "tool_use_id": call_id, "content": content, "is_error": is_error}
        case _:
            assert_never(part)


def _json(arguments: str, changes: list[Change]) -> Any:
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        changes.append(Change("messages.tool_call", "arguments that are no JSON were sent as {'text': ...}"))
        return {"text": arguments}


def _source(part: Image | File) -> dict[str, Any]:
    if part.url is not None:
        return {"type": "url", "url": part.url}
    if part.media_type == "text/plain":
        return {"type": "text", "media_type": part.media_type, "data": (part.data or b"").decode()}
    return {"type": "base64", "media_type": part.media_type, "data": base64.b64encode(part.data or b"").decode()}
