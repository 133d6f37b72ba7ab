"""Parts as the content blocks of the Messages API. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, assert_never

from aiapp.catalog.abilities import Abilities
from aiapp.core.messages import Role
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.response import Change
from aiapp.providers.anthropic import NAME
from aiapp.providers.anthropic.citations import cited_again
from aiapp.providers.anthropic.signed import foreign_signer, is_block, replayed
from aiapp.providers.attached import NOT_HERE, has_place, own_of
from aiapp.providers.payload import base64_of
from aiapp.providers.tools import called

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
PDF = "application/pdf"
LONGEST_NAME = 128
"""Of a tool."""
_TEXTS = ("application/json", "application/xml", "application/yaml", "application/toml")


class Blocks:
    """Turns parts into blocks for one model, and lists in `changes` what cannot travel."""

    def __init__(self, model: str, known: Abilities, changes: list[Change]) -> None:
        self._model, self._known, self._changes = model, known, changes

    def of(self, part: Part, role: Role) -> dict[str, Any] | None:
        """The block of a part in a turn of this role; None where it has none."""
        match part:
            case Text():
                return _text(part, role)
            case Citation():
                return self._citation(part, role)
            case Image() | File():
                return self._attached(part, role)
            case Thinking():
                return self._thinking(part, role)
            case ToolCall():
                return self._call(part)
            case ToolResult():
                return self._result(part)
            case _:
                assert_never(part)

    def _lost(self, field: str, reason: str) -> dict[str, Any] | None:
        """No block, and the reason on the list."""
        self._changes.append(Change(field, reason))
        return None

    def _citation(self, part: Citation, role: Role) -> dict[str, Any] | None:
        """A quote that the caller wrote is text; what a provider cited is no part of what was said."""
        if role != "assistant" and not part.metadata:
            return {"type": "text", "text": part.quote} if part.quote else None
        if NAME not in part.metadata:
            self._lost("messages.citation", "only Anthropic's own citations go back with an answer; left out")
        return None

    def _thinking(self, part: Thinking, role: Role) -> dict[str, Any] | None:
        """Reasoning goes back exactly as it came, and to the model that signed it: anything else is refused."""
        if NAME not in part.metadata or role != "assistant":
            return self._lost("messages.thinking", "reasoning of another provider cannot be replayed; left out")
        if not is_block(part.metadata[NAME]):
            return self._lost("messages.thinking", "its metadata is no block of the API's; left out")
        signer = foreign_signer(part.metadata[NAME], self._model)
        if signer is not None:
            return self._lost("messages.thinking", f"reasoning that {signer} signed is refused here; left out")
        return replayed(part.metadata[NAME])

    def _call(self, part: ToolCall) -> dict[str, Any]:
        name = called(part.name, LONGEST_NAME, self._changes)
        block = {"type": "tool_use", "id": _identifier(part.id), "name": name, "input": self._input(part)}
        return {**part.metadata.get(NAME, {}), **block}

    def _input(self, part: ToolCall) -> dict[str, Any]:
        try:
            value: Any = json.loads(part.arguments or "{}")
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value  # pyright: ignore[reportUnknownVariableType]
        reason = "arguments that are no JSON object were sent as {'text': ...}"
        self._changes.append(Change("messages.tool_call", reason, lost=False))
        return {"text": part.arguments}

    def _result(self, part: ToolResult) -> dict[str, Any]:
        content: str | list[dict[str, Any]] = part.content
        attached = [block for one in part.attachments if (block := self._attached(one, "tool")) is not None]
        if attached:
            said = [{"type": "text", "text": part.content}] if part.content else []
            content = [*said, *attached]
        block = {"type": "tool_result", "tool_use_id": _identifier(part.call_id), "content": content}
        return {**block, "is_error": True} if part.is_error else block

    def _attached(self, part: Image | File, role: Role) -> dict[str, Any] | None:
        field = f"messages.{part.kind}"
        if role == "assistant":
            return self._lost(field, "the Messages API takes none in the assistant's turns; left out")
        able = self._known.images if isinstance(part, Image) else self._known.files
        if able is False:
            return self._lost(field, "this model takes none; left out")
        own = own_of(part, NAME)
        if not own.get("source") and not has_place(part):
            return self._lost(field, f"{NOT_HERE}; left out")
        source = own.get("source") or (_image_source(part) if isinstance(part, Image) else _file_source(part))
        if source is None:
            where = part.media_type if part.url is None else f"{part.media_type} by its URL"
            return self._lost(field, f"the Messages API does not take {where}; left out")
        block: dict[str, Any] = {"type": "image"} if isinstance(part, Image) else {"type": "document"}
        block["source"] = source
        if isinstance(part, File) and part.name:
            block["title"] = part.name
        return {**block, **own}


def _text(part: Text, role: Role) -> dict[str, Any] | None:
    """Citations belong to what the assistant said; on any other text the API refuses them."""
    if not part.text:
        return None
    cited = part.metadata.get(NAME, {}).get("citations") if role == "assistant" else None
    block: dict[str, Any] = {"type": "text", "text": part.text}
    return {**block, "citations": cited_again(cited)} if cited else block


def _identifier(call_id: str) -> str:
    """The call's id in the letters that the API takes, for ids of other providers."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call_id)


def _image_source(part: Image) -> dict[str, Any] | None:
    if part.url is not None:
        return {"type": "url", "url": part.url}
    return _base64(part) if part.media_type in IMAGES else None


def _file_source(part: File) -> dict[str, Any] | None:
    if part.url is not None:
        return {"type": "url", "url": part.url} if part.media_type == PDF else None
    if part.media_type == PDF:
        return _base64(part)
    if not part.media_type.startswith("text/") and part.media_type not in _TEXTS:
        return None
    try:
        return {"type": "text", "media_type": "text/plain", "data": (part.data or b"").decode()}
    except UnicodeDecodeError:
        return None


def _base64(part: Image | File) -> dict[str, Any]:
    return {"type": "base64", "media_type": part.media_type, "data": base64_of(part)}
