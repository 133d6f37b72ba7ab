"""Messages as input items of the Responses API. Pure.

What OpenAI made goes back exactly and in its order: a reasoning item stands before the call or message that it led to,
and neither may travel without the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from aiapp.catalog.abilities import Abilities
from aiapp.core.events import ToolCallStart
from aiapp.core.messages import Message
from aiapp.core.parts import Citation, File, Image, Metadata, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.response import Change
from aiapp.providers.answering import Answer
from aiapp.providers.attached import NOT_HERE, has_place, own_of
from aiapp.providers.payload import url_of
from aiapp.providers.tools import called

NAME = "openai"
LONGEST_NAME = 64
"""Of a tool."""
MARK = {"mode": "explicit"}
_PLACES = ("file_id", "image_url", "file_url", "file_data")
"""Keys that say where an image or a file is."""


def items_of(
    messages: Iterable[Message], known: Abilities, changes: list[Change], *, marks: bool = True
) -> list[dict[str, Any]]:
    """The items of all messages, in order; without `marks` no message is marked for the prompt cache."""
    items: list[dict[str, Any]] = []
    for message in messages:
        made = _items(message, known, changes)
        if message.cache and marks:
            _mark(made, known, changes)
        items.extend(made)
    return items


def _items(message: Message, known: Abilities, changes: list[Change]) -> list[dict[str, Any]]:
    """Runs of content become messages, every other part an item of its own."""
    items: list[dict[str, Any]] = []
    for part in message.parts:
        made = _own_items(part, known, changes)
        if made is not None:
            items.extend(made)
            continue
        content = _content(part, message.role, known, changes)
        if content is None:
            continue
        own = _metadata(part)
        if items and items[-1].get("type") == "message" and "id" not in items[-1] and not own:
            items[-1]["content"].append(content)
        else:
            items.append(_message("user" if message.role == "tool" else message.role, content, own))
    return items


def _metadata(part: Part) -> Mapping[str, Any]:
    """What OpenAI attached to its own item; what is said of an image or a file belongs to the content."""
    own: Mapping[str, Any] = {} if isinstance(part, Image | File) else part.metadata.get(NAME, {})
    return own


def _message(role: str, content: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A message; the content that OpenAI gave is kept (its annotations, a refusal) unless the text was changed."""
    given: list[Mapping[str, Any]] = list(own.get("content", ()))
    said = "".join(str(one.get("text") or one.get("refusal") or "") for one in given)
    body = given if given and said == content.get("text") else [content]
    rest = {name: value for name, value in own.items() if name != "content"}
    return {"type": "message", "role": role, "content": body, **rest}


def reader(tool: str | None) -> Answer | None:
    """What reads an answer that the tool takes; None where no tool does."""
    return None if tool is None else Answer(tool, aside=_as_message, called=_as_call)


def _as_message(text: str, metadata: Metadata) -> Metadata:
    return {NAME: _message("assistant", {"type": "output_text", "text": text}, metadata.get(NAME, {}))}


def _as_call(call: ToolCallStart, metadata: Metadata) -> Metadata:
    named = {"type": "function_call", "call_id": call.id, "name": call.name}
    return {NAME: {"call": {**named, **metadata.get(NAME, {})}}}


def _own_items(part: Part, known: Abilities, changes: list[Change]) -> list[dict[str, Any]] | None:
    """The items of a part that is more than the content of a message; None for content."""
    own = _metadata(part)
    match part:
        case Thinking():
            if own:
                return [dict(own)]
            changes.append(Change("messages.thinking", "reasoning of another provider cannot be replayed; left out"))
            return []
        case ToolCall(call_id, name, arguments):
            name = name if own else called(name, LONGEST_NAME, changes)
            return [{"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments, **own}]
        case ToolResult(call_id):
            return [{"type": "function_call_output", "call_id": call_id, "output": _output(part, known, changes)}]
        case Text(text):
            if "call" not in own:
                return None
            call: Mapping[str, Any] = own["call"]  # an answer that was given by the arguments of a tool
            output = {"type": "function_call_output", "call_id": call["call_id"], "output": "received"}
            return [{**call, "arguments": text}, output]
        case Image() | File() | Citation():
            return None
        case _:
            assert_never(part)


def _output(result: ToolResult, known: Abilities, changes: list[Change]) -> str | list[dict[str, Any]]:
    text = f"Error: {result.content}" if result.is_error else result.content
    attached = [_content(part, "user", known, changes) for part in result.attachments]
    contents = [content for content in attached if content is not None]
    return [*([{"type": "input_text", "text": text}] if text else []), *contents] if contents else text


def _content(part: Part, role: str, known: Abilities, changes: list[Change]) -> dict[str, Any] | None:
    match part:
        case Text(text):
            return (
                {"type": "output_text", "text": text} if role == "assistant" else {"type": "input_text", "text": text}
            )
        case Image() | File():
            return _attached(part, role, known, changes)
        case Citation():
            return _quoted(part, role, changes)
        case Thinking() | ToolCall() | ToolResult():
            return None
        case _:
            assert_never(part)


def _attached(part: Image | File, role: str, known: Abilities, changes: list[Change]) -> dict[str, Any] | None:
    reason, own = _unreadable(part, role, known), own_of(part, NAME)
    is_there = any(place in own for place in _PLACES)
    if reason is None and not is_there and not has_place(part):
        reason = NOT_HERE
    if reason is not None:
        changes.append(Change(f"messages.{part.kind}", f"{reason}; left out"))
        return None
    kind = {"type": "input_image", "detail": "auto"} if isinstance(part, Image) else {"type": "input_file"}
    return {**kind, **({} if is_there else _place(part)), **own}


def _place(part: Image | File) -> dict[str, Any]:
    if isinstance(part, Image):
        return {"image_url": url_of(part)}
    return {"filename": part.name, "file_data": url_of(part)} if part.url is None else {"file_url": part.url}


def _quoted(part: Citation, role: str, changes: list[Change]) -> dict[str, Any] | None:
    """The quoted words of a user's own source; a source that a provider named is no text to say again.

    OpenAI's own goes back with the text that it supports.
    """
    if role != "assistant":
        return {"type": "input_text", "text": part.quote}
    if NAME not in part.metadata:
        changes.append(Change("messages.citation", "the text that it supports is sent without the source's name"))
    return None


def _unreadable(part: Image | File, role: str, known: Abilities) -> str | None:
    if role == "assistant":
        return f"an assistant's turn takes no {part.kind}"
    accepted = known.images if isinstance(part, Image) else known.files
    return f"the model takes no {part.kind}s" if accepted is False else None


def _mark(items: list[dict[str, Any]], known: Abilities, changes: list[Change]) -> None:
    """The end of what stays the same, at the last content that takes a mark."""
    if known.cache_marks is False:
        changes.append(
            Change("messages.cache", "the model finds by itself what stays the same; no mark is sent", False)
        )
        return
    last: dict[str, Any] = items[-1] if items else {}
    if last.get("type") == "function_call_output" and isinstance(last["output"], str):
        last["output"] = [{"type": "input_text", "text": last["output"]}]
    contents: list[dict[str, Any]] = last.get("output") or last.get("content") or []
    if not contents or not str(contents[-1].get("type")).startswith("input_"):
        changes.append(Change("messages.cache", "this turn has nothing that takes a mark; the others stay", False))
        return
    contents[-1] = {**contents[-1], "prompt_cache_breakpoint": MARK}
