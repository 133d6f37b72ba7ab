"""Parts: what a message is made of. A closed union of frozen values.

`metadata` is opaque: what a provider attached to a part (a signature, encrypted reasoning, an item id) and must get
back unchanged. Its keys are provider names, so that nothing is ever sent to a provider that did not write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Metadata: TypeAlias = Mapping[str, Any]


def _nothing() -> Metadata:
    return {}


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text. It is data: nothing in it is ever read as markup."""

    text: str
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its bytes or by a URL that the provider fetches; exactly one of the two."""

    media_type: str
    data: bytes | None = None
    url: str | None = None
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class File:
    """A document by its bytes or by a URL that the provider fetches; exactly one of the two."""

    media_type: str
    name: str
    data: bytes | None = None
    url: str | None = None
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["file"] = "file"


@dataclass(frozen=True, slots=True)
class Thinking:
    """Reasoning that the model showed. `text` may be empty where only an opaque signature was sent."""

    text: str
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["thinking"] = "thinking"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is the JSON text as the model wrote it, which may be invalid."""

    id: str
    name: str
    arguments: str
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool returned, or how it failed; `attachments` are the images and files that belong to it."""

    call_id: str
    content: str
    is_error: bool = False
    attachments: tuple[Image | File, ...] = ()
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["tool_result"] = "tool_result"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim span of a source: `text_of(source)[start:end] == quote`. Lines and pages count from 1.

    One that a provider made stands after the text that it supports; `start` and `end` are None where the provider
    does not say them.
    """

    source: str
    start: int | None
    end: int | None
    quote: str
    line: int | None = None
    page: int | None = None
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["citation"] = "citation"


Part: TypeAlias = Text | Image | File | Thinking | ToolCall | ToolResult | Citation
