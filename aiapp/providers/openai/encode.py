"""A request as the Responses API takes it. Pure."""

from __future__ import annotations

import base64
from typing import Any, assert_never

from aiapp.core.formats import Choice, JsonSchema, Regex
from aiapp.core.messages import Message
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.providers.protocol import Prepared

NAME = "openai"


def encode(request: Request, model: str) -> Prepared:
    """The payload, and what had to change. Nothing is stored at the provider; reasoning comes back encrypted."""
    changes: list[Change] = []
    payload: dict[str, Any] = {
        "model": model,
        "input": [item for message in request.messages for item in _items(message, changes)],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    if request.tools:
        payload["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
                "strict": False,
            }
            for tool in request.tools
        ]
    match request.format:
        case JsonSchema(schema, name):
            form = {"type": "json_schema", "name": name, "schema": dict(schema), "strict": False}
            payload["text"] = {"format": form}
        case Regex() | Choice():
            changes.append(Change("format", "the Responses API enforces JSON schemas only; not sent"))
        case None:
            pass
        case _:
            assert_never(request.format)
    _settings(request, payload, changes)
    return Prepared(payload, tuple(changes))


def _settings(request: Request, payload: dict[str, Any], changes: list[Change]) -> None:
    settings = request.settings
    for name, value in (("temperature", settings.temperature), ("top_p", settings.top_p)):
        if value is not None:
            payload[name] = value
    if settings.max_tokens is not None:
        payload["max_output_tokens"] = settings.max_tokens
    if settings.effort is not None:
        payload["reasoning"] = {"effort": settings.effort}
    given = {"top_k": settings.top_k is not None, "seed": settings.seed is not None, "stop": bool(settings.stop)}
    unsupported = "the Responses API has no such setting; dropped"
    changes.extend(Change(name, unsupported) for name, is_given in given.items() if is_given)
    payload.update(settings.extra)


def _items(message: Message, changes: list[Change]) -> list[dict[str, Any]]:
    """Input items: runs of content become messages, every other part an item of its own, in order."""
    items: list[dict[str, Any]] = []
    for part in message.parts:
        item = _own_item(part, changes)
        if item is not None:
            items.append(item)
            continue
        content = _content(part, message.role)
        if content is None:
            continue
        own = dict(part.metadata.get(NAME, {})) if isinstance(part, Text) else {}
        if items and items[-1].get("type") == "message" and not own:
            items[-1]["content"].append(content)
        else:
            items.append({"type": "message", "role": message.role, "content": [content], **own})
    return items


def _own_item(part: Part, changes: list[Change]) -> dict[str, Any] | None:
    match part:
        case Thinking():
            if NAME in part.metadata:
                return dict(part.metadata[NAME])
            changes.append(Change("messages.thinking", "reasoning of another provider cannot be replayed; left out"))
            return None
        case ToolCall(call_id, name, arguments):
            return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        case ToolResult(call_id, content, is_error):
            output = f"Error: {content}" if is_error else content
            return {"type": "function_call_output", "call_id": call_id, "output": output}
        case Text() | Image() | File() | Citation():
            return None
        case _:
            assert_never(part)


def _content(part: Part, role: str) -> dict[str, Any] | None:
    match part:
        case Text(text):
            return {"type": "output_text" if role == "assistant" else "input_text", "text": text}
        case Image():
            return {"type": "input_image", "image_url": _url(part), "detail": "auto"}
        case File():
            where = {"file_url": part.url} if part.url is not None else {"file_data": _url(part)}
            return {"type": "input_file", "filename": part.name, **where}
        case Citation(quote=quote):
            return {"type": "output_text" if role == "assistant" else "input_text", "text": quote}
        case Thinking() | ToolCall() | ToolResult():
            return None
        case _:
            assert_never(part)


def _url(part: Image | File) -> str:
    if part.url is not None:
        return part.url
    return f"data:{part.media_type};base64,{base64.b64encode(part.data or b'').decode()}"
