"""Events of a streamed answer, and their fold: a whole answer is what its events add up to, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from aiapp.core.parts import Metadata, Part, Text, Thinking, ToolCall
from aiapp.core.usage import Usage

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "refusal", "content_filter", "pause", "unknown"]


def _nothing() -> Metadata:
    return {}


@dataclass(frozen=True, slots=True)
class Started:
    """The provider accepted the request; `model` is the one that serves it."""

    model: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of the reasoning's text."""

    text: str


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
    """The answer is complete; `raw` is the provider's own word for why."""

    reason: FinishReason
    raw: str


Event: TypeAlias = (
    Started | TextDelta | ThinkingDelta | ToolCallStart | ToolCallDelta | PartEnd | UsageReport | Ranking | Finish
)


@dataclass(frozen=True, slots=True)
class Completion:
    """What the provider answered. `finish` is None where the stream ended before it was complete."""

    model: str
    parts: tuple[Part, ...]
    finish: Finish | None
    usage: Usage
    request_id: str | None = None
    alternatives: tuple[Alternative, ...] = ()

    @property
    def text(self) -> str:
        """The answer's text; thinking and tool calls are left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

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
    closed: bool = False

    def part(self) -> Part:
        content = "".join(self.pieces)
        match self.kind:
            case "text":
                return Text(content, self.metadata)
            case "thinking":
                return Thinking(content, self.metadata)
            case "tool_call":
                return ToolCall(self.id, self.name, content, self.metadata)


class Fold:
    """Adds events up to a `Completion`, one at a time."""

    def __init__(self) -> None:
        self._parts: list[_Open] = []
        self._calls: dict[int, _Open] = {}
        self._started = Started("")
        self._usage = Usage()
        self._finish: Finish | None = None
        self._alternatives: tuple[Alternative, ...] = ()

    def add(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case Started():
                self._started = event
            case TextDelta(text):
                self._current("text").pieces.append(text)
            case ThinkingDelta(text):
                self._current("thinking").pieces.append(text)
            case ToolCallStart(index, call_id, name):
                self._calls[index] = _Open("tool_call", id=call_id, name=name)
                self._parts.append(self._calls[index])
            case ToolCallDelta(index, arguments):
                self._calls[index].pieces.append(arguments)
            case PartEnd(metadata, index):
                self._end(metadata, index)
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
        parts = tuple(part.part() for part in self._parts if part.pieces or part.metadata or part.kind == "tool_call")
        return Completion(
            self._started.model, parts, self._finish, self._usage, self._started.request_id, self._alternatives
        )

    def _current(self, kind: Literal["text", "thinking"]) -> _Open:
        if not self._parts or self._parts[-1].kind != kind or self._parts[-1].closed:
            self._parts.append(_Open(kind))
        return self._parts[-1]

    def _end(self, metadata: Metadata, index: int | None) -> None:
        if index is None and (not self._parts or self._parts[-1].closed):
            self._parts.append(_Open("thinking"))
        part = self._parts[-1] if index is None else self._calls[index]
        part.metadata, part.closed = metadata, True


def fold(events: Iterable[Event]) -> Completion:
    """The completion that a whole stream of events adds up to."""
    folding = Fold()
    for event in events:
        folding.add(event)
    return folding.completion()
