"""Parts: what a message is made of. A closed union of frozen values.

`metadata` is opaque: what a provider attached to a part (a signature, encrypted reasoning, an item id) and must get
back unchanged. Its keys are provider names, so that nothing is ever sent to a provider that did not write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aiapp.core.accepted import FLAG, NAME, TEXT, instance, several
from aiapp.core.errors import InvalidInput
from aiapp.core.secrets import bare_url

Metadata: TypeAlias = Mapping[str, Any]


_BYTES = instance("bytes; image() and file() read a path", bytes)
_ARGUMENTS = instance('JSON as a text, such as json.dumps({"a": 1})', str)
_METADATA = instance("a mapping from a provider's name to what it attached", Mapping)
_CONTENT = instance("a text; json.dumps(value) makes one of any other value", str)


def _nothing() -> Metadata:
    return {}


def _check_source(data: object, url: object, metadata: Metadata) -> None:
    """Exactly one of the two, of its type; `metadata` may name a file that a provider has already."""
    if data is None and url is None:
        if metadata:
            return
        raise InvalidInput("data", None, "bytes, or a `url` instead")
    if data is not None and url is not None:
        raise InvalidInput("url", bare_url(str(url)), "either `data` or a `url`, not both")
    if data is None:
        NAME.check("url", url)
    else:
        _BYTES.check("data", data)


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text. It is data: nothing in it is ever read as markup."""

    text: str
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["text"] = "text"

    def __post_init__(self) -> None:
        if type(self.text) is not str:
            TEXT.check("text", self.text)
        if type(self.metadata) is not dict:
            _METADATA.check("metadata", self.metadata)


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its bytes or by a URL that the provider fetches; exactly one of the two.

    Neither where `metadata` names one that the provider has already. What `metadata` says is laid over the block that
    the image is sent as, such as `{"openai": {"file_id": "file-1"}}`, at that provider alone.
    """

    media_type: str
    data: bytes | None = None
    url: str | None = None
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["image"] = "image"

    def __post_init__(self) -> None:
        NAME.check("media_type", self.media_type)
        _METADATA.check("metadata", self.metadata)
        _check_source(self.data, self.url, self.metadata)


@dataclass(frozen=True, slots=True)
class File:
    """A document by its bytes or by a URL that the provider fetches; exactly one of the two.

    Neither where `metadata` names one that the provider has already; it is laid over the block as with `Image`.
    """

    media_type: str
    name: str
    data: bytes | None = None
    url: str | None = None
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["file"] = "file"

    def __post_init__(self) -> None:
        NAME.check("media_type", self.media_type)
        _METADATA.check("metadata", self.metadata)
        TEXT.check("name", self.name)
        _check_source(self.data, self.url, self.metadata)


@dataclass(frozen=True, slots=True)
class Thinking:
    """Reasoning that the model showed. `text` may be empty where only an opaque signature was sent."""

    text: str
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["thinking"] = "thinking"

    def __post_init__(self) -> None:
        if type(self.text) is not str:
            TEXT.check("text", self.text)
        if type(self.metadata) is not dict:
            _METADATA.check("metadata", self.metadata)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is the JSON text as the model wrote it, which may be invalid."""

    id: str
    name: str
    arguments: str
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["tool_call"] = "tool_call"

    def __post_init__(self) -> None:
        TEXT.check("id", self.id)
        TEXT.check("name", self.name)
        _ARGUMENTS.check("arguments", self.arguments)
        _METADATA.check("metadata", self.metadata)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool returned, or how it failed; `attachments` are the images and files that belong to it."""

    call_id: str
    content: str
    is_error: bool = False
    attachments: tuple[Image | File, ...] = ()
    metadata: Metadata = field(default_factory=_nothing, compare=False)
    kind: Literal["tool_result"] = "tool_result"

    if TYPE_CHECKING:  # attachments are kept as a tuple, and may be given as a list

        def __init__(
            self,
            call_id: str,
            content: str,
            is_error: bool = False,
            attachments: Iterable[Image | File] = (),
            metadata: Metadata = ...,
            kind: Literal["tool_result"] = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        TEXT.check("call_id", self.call_id)
        _CONTENT.check("content", self.content)
        FLAG.check("is_error", self.is_error)
        _METADATA.check("metadata", self.metadata)
        if type(self.attachments) is not tuple:
            object.__setattr__(self, "attachments", several("attachments", self.attachments, _ATTACHMENTS))
        _ATTACHMENT.check_each("attachments", self.attachments)


_ATTACHMENT = instance("an Image or a File", Image, File)
_ATTACHMENTS = "several Images or Files; for one, a tuple of one"


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
