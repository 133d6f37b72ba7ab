"""What a model says, apart from any wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar, get_args

from aiapp.core.accepted import AT_LEAST_ONE, TEXT, instance, several, word
from aiapp.core.errors import InvalidInput
from aiapp.core.events import FinishReason
from aiapp.core.parts import ToolCall
from aiapp.core.usage import Usage

T = TypeVar("T")
_USAGE = Usage(20, 5, 0, 0, 0)
_CALL = instance("a ToolCall", ToolCall)
_FINISH = word(*get_args(FinishReason))
CREATED = 1_790_000_000
"""The time of every answer, in seconds of Unix time: the same request is answered with the same bytes."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a model.

    Without `finish` the reason follows from what is said, and without `model` the answer names the model that was asked
    for. `usage` is inclusive, as everywhere in aiapp, whatever the wire's convention; a count that is None is left out
    of the wire, and all of them are where `usage` is None. A stream brings `piece` characters with each delta.
    """

    text: str = ""
    thinking: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish: FinishReason | None = None
    usage: Usage | None = _USAGE
    model: str | None = None
    id: str = "answer_1"
    piece: int = 5

    def __post_init__(self) -> None:
        TEXT.check("text", self.text)
        for name, text in (("thinking", self.thinking), ("refusal", self.refusal)):
            if text is not None:
                TEXT.check(name, text)
        calls = several("tool_calls", self.tool_calls, "several calls; for one, a list of one")
        _CALL.check_each("tool_calls", calls)
        object.__setattr__(self, "tool_calls", calls)
        if self.finish is not None:
            _FINISH.check("finish", self.finish)
        AT_LEAST_ONE.check("piece", self.piece)

    @property
    def reason(self) -> FinishReason:
        """Why the answer ends."""
        if self.finish is not None:
            return self.finish
        if self.refusal is not None:
            return "refusal"
        return "tool_calls" if self.tool_calls else "stop"

    @property
    def speaks(self) -> bool:
        """Whether there is a message, be it empty, beside thinking and tool calls."""
        return bool(self.text) or self.refusal is not None or not (self.thinking or self.tool_calls)

    def deltas(self, text: str) -> list[str]:
        """A text in the pieces that a stream brings it in."""
        return [text[start : start + self.piece] for start in range(0, len(text), self.piece)]

    def ending(self, words: Mapping[FinishReason, str], wire: str) -> str:
        """The wire's own word for the reason."""
        if self.reason not in words:
            raise InvalidInput("finish", self.reason, f"what the wire {wire} can say: {', '.join(sorted(words))}")
        return words[self.reason]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Embeddings: the first vector for the first text, and from the beginning again where there are more texts."""

    vectors: tuple[tuple[float, ...], ...]
    input_tokens: int = 8
    model: str | None = None

    def __post_init__(self) -> None:
        if not self.vectors:
            raise InvalidInput("vectors", self.vectors, "at least one vector")


def weave(runs: Sequence[Sequence[T]]) -> Iterator[T]:
    """One of each run in turn, until all are used up; the order within a run is kept."""
    gap = object()
    for row in zip_longest(*runs, fillvalue=gap):
        for item in row:
            if item is not gap:
                yield item  # type: ignore[misc]


def counted(counts: Mapping[str, int | None]) -> dict[str, int]:
    """The counts that are known."""
    return {name: count for name, count in counts.items() if count is not None}
