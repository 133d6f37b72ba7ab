"""Events of a streamed answer, and their fold: a whole answer is what its events add up to, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from aiapp.core.messages import Message
from aiapp.core.parts import Citation, Metadata, Part, Text, Thinking, ToolCall
from aiapp.core.usage import Usage

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "refusal", "content_filter", "pause", "unknown"]


def _nothing() -> Metadata:
    return {}


@dataclass(frozen=True, slots=True)
class Started:
    """The provider accepted the request; `model` is the one that serves it, `id` the provider's name for the answer."""

    model: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """How the request was served: the tier and the region, and the id to name to the provider's support.

    The tier is in our words, not the provider's (`standard`, `batch`, `flex`, `priority`, `fast`, `ultrafast`), and may
    not be the one asked for. A later one replaces only what it knows.
    """

    tier: str | None = None
    request_id: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Altered:
    """The model was given something else than was sent, `lost` where that is less: a `Change` that the answer tells."""

    field: str
    reason: str
    lost: bool = True


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of the reasoning's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A source for the text just said."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """A tool call opens; `index` names it in the deltas that follow."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of the JSON text of a tool call's arguments."""

    index: int
    arguments: str


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The text, thinking or (with `index`) tool-call part ends, with what the provider wants echoed back."""

    metadata: Metadata = field(default_factory=_nothing)
    index: int | None = None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Token counts so far; a later report replaces an earlier one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Alternative:
    """One option of a choice with its log-probability among the options."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every option of a `Choice`, most probable first."""

    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete; `raw` is the provider's own word for why, `detail` what it says beyond that word."""

    reason: FinishReason
    raw: str
    detail: str | None = None


Event: TypeAlias = (
    Started
    | Served
    | Altered
    | TextDelta
    | ThinkingDelta
    | Cited
    | ToolCallStart
    | ToolCallDelta
    | PartEnd
    | UsageReport
    | Ranking
    | Finish
)


@dataclass(frozen=True, slots=True)
class Completion:
    """What the provider answered. `finish` is None where the stream ended before it was complete; `str` is the text."""

    model: str
    parts: tuple[Part, ...]
    finish: Finish | None
    usage: Usage
    id: str | None = None
    request_id: str | None = None
    tier: str | None = None
    region: str | None = None
    alternatives: tuple[Alternative, ...] = ()
    altered: tuple[Altered, ...] = ()

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The answer's text; thinking and tool calls are left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def message(self) -> Message:
        """The answer as a turn of the conversation, with what the provider wants echoed back."""
        return Message("assistant", self.parts)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sources that the provider names, in order."""
        return tuple(part for part in self.parts if isinstance(part, Citation))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the model asks for, in its order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


@dataclass(slots=True)
class _Open:
    """A part under construction."""

    kind: Literal["text", "thinking", "tool_call"]
    pieces: list[str] = field(default_factory=list[str])
    id: str = ""
    name: str = ""
    metadata: Metadata = field(default_factory=_nothing)

    def part(self) -> Part | None:
        content = _joined(self.pieces)
        match self.kind:
            case "text":
                return Text(content, self.metadata) if content or self.metadata else None
            case "thinking":
                return Thinking(content, self.metadata) if content or self.metadata else None
            case "tool_call":
                return ToolCall(self.id, self.name, content, self.metadata)


def _joined(pieces: Iterable[str]) -> str:
    """The pieces as one text; the halves of a character that was cut between two of them, as some servers do, meet."""
    text = "".join(pieces)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text


class Fold:
    """Adds events up to a `Completion`, one at a time."""

    def __init__(self) -> None:
        self._parts: list[_Open | Citation] = []
        self._current: _Open | None = None
        self._calls: dict[int, _Open] = {}
        self._started = Started("")
        self._served = Served()
        self._usage = Usage()
        self._finish: Finish | None = None
        self._alternatives: tuple[Alternative, ...] = ()
        self._altered: list[Altered] = []

    def add(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case TextDelta(text):
                self._open("text").pieces.append(text)
            case ThinkingDelta(text):
                self._open("thinking").pieces.append(text)
            case ToolCallDelta(index, arguments):
                self._calls[index].pieces.append(arguments)
            case ToolCallStart(index, call_id, name):
                self._calls[index] = _Open("tool_call", id=call_id, name=name)
                self._parts.append(self._calls[index])
                self._current = None
            case PartEnd(metadata, index):
                self._end(metadata, index)
            case Cited(citation):
                self._parts.append(citation)
            case Started():
                self._started = event
            case Served(tier, request_id, region):
                known = self._served
                self._served = Served(tier or known.tier, request_id or known.request_id, region or known.region)
            case Altered():
                self._altered.append(event)
            case UsageReport(usage):
                self._usage = usage
            case Ranking(alternatives):
                self._alternatives = alternatives
            case Finish():
                self._finish = event
            case _:
                assert_never(event)

    def completion(self) -> Completion:
        """What the events so far add up to."""
        parts = [part.part() if isinstance(part, _Open) else part for part in self._parts]
        return Completion(
            model=self._started.model,
            parts=tuple(part for part in parts if part is not None),
            finish=self._finish,
            usage=self._usage,
            id=self._started.id,
            request_id=self._served.request_id,
            tier=self._served.tier,
            region=self._served.region,
            alternatives=self._alternatives,
            altered=tuple(dict.fromkeys(self._altered)),
        )

    def _end(self, metadata: Metadata, index: int | None) -> None:
        if index is not None:
            self._calls[index].metadata = metadata
            return
        # What ends without having said anything is reasoning that was sent encrypted.
        self._open(self._current.kind if self._current else "thinking").metadata = metadata
        self._current = None

    def _open(self, kind: Literal["text", "thinking", "tool_call"]) -> _Open:
        """The part that grows: the current one if it is of this kind, else a new one."""
        if self._current is None or self._current.kind != kind:
            self._current = _Open(kind)
            self._parts.append(self._current)
        return self._current


def fold(events: Iterable[Event]) -> Completion:
    """The completion that a whole stream of events adds up to."""
    folding = Fold()
    for event in events:
        folding.add(event)
    return folding.completion()
