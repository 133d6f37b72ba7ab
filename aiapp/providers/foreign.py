"""What one provider attached to a part stays behind where another is asked, and is listed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from aiapp.core.messages import Message
from aiapp.core.parts import File, Image, Part, Text, ToolCall, ToolResult
from aiapp.core.response import Change

_SAID = ("id", "status", "type", "content", "citations", "call")
"""Names of things at the provider, and what stands in the parts themselves: nothing is lost with them."""
_WHERE = ("type", "source", "file_id", "image_url", "file", "file_url", "file_data")
"""Where an image or a file is at a provider: nothing is lost with it where the part is sent by its bytes or its URL."""


def left_behind(messages: Iterable[Message], provider: str) -> Iterator[Change]:
    """What others than `provider` attached to parts, such as signatures: one change for each kind of part.

    Reasoning and citations are parts of their own, which every provider lists by itself.
    """
    found: dict[str, dict[str, None]] = {}
    for message in messages:
        for part in _with_attachments(message.parts):
            if isinstance(part, Text | ToolCall | Image | File) and part.metadata:
                named = found.setdefault(part.kind, {})
                of_course = _WHERE if isinstance(part, Image | File) else _SAID
                named.update(dict.fromkeys(_attached(part.metadata, provider, of_course)))
    for kind, names in found.items():
        if names:
            yield Change(f"messages.{kind}", f"{', '.join(names)}: only who attached it takes it back; left out")


def _with_attachments(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        if isinstance(part, ToolResult):
            yield from part.attachments


def _is_of_course(name: str, value: object) -> bool:
    """What OpenAI says of each of its answers; what it says on its way is no text, but thinking."""
    return name == "phase" and value == "final_answer"


def _attached(metadata: Mapping[str, Any], provider: str, of_course: Collection[str]) -> Iterator[str]:
    for maker, attached in metadata.items():
        if maker == provider or not attached:
            continue
        if not isinstance(attached, Mapping):
            yield f"what {maker} attached"
            continue
        fields: Mapping[str, Any] = attached  # pyright: ignore[reportUnknownVariableType]
        lost = (name for name, value in fields.items() if name not in of_course and not _is_of_course(name, value))
        yield from (f"`{name}` of {maker}" for name in lost)
