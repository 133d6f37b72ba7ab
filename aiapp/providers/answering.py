"""Answers that are asked for by a tool, where a wire enforces no form: its arguments are the answer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeGuard

from aiapp.core.events import (
    Altered,
    Event,
    Finish,
    PartEnd,
    Ranking,
    Served,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from aiapp.core.parts import Metadata, Part, Thinking
from aiapp.providers.hosted import Decoder

_ASIDE = "aside"


def as_aside(provider: str) -> Callable[[str, Metadata], Metadata]:
    """How what was said beside an answer is kept where it goes back as text: `is_aside` knows it again."""
    return lambda text, metadata: {provider: {_ASIDE: True}}


def is_aside(part: Part, provider: str) -> TypeGuard[Thinking]:
    """Whether it was said beside an answer, and is no reasoning."""
    own: object = part.metadata.get(provider) if isinstance(part, Thinking) else None
    return isinstance(own, Mapping) and _ASIDE in own


def _dropped(call: ToolCallStart, metadata: Metadata) -> Metadata:
    return {}


class Answer:
    """Makes the arguments of the answer's tool the text of the answer, event by event.

    What the model says beside the call is no part of the answer, which is known only once the call begins: so text
    waits until then, with what follows it, and becomes thinking. Without a call it is the answer. While the answer
    comes, all else waits, so that it is one text however the calls interleave; of two answers the first counts.

    `aside` makes what thinking goes back by of the text it was and of what the provider attached to it; `called` makes
    what the answer goes back by of its call.
    """

    def __init__(
        self,
        tool: str,
        *,
        aside: Callable[[str, Metadata], Metadata],
        called: Callable[[ToolCallStart, Metadata], Metadata] = _dropped,
    ) -> None:
        self._tool, self._aside, self._called = tool, aside, called
        self._waiting: list[Event] = []
        self._call: ToolCallStart | None = None
        self._open = self._said = self._calls_others = False
        self._dropped: set[int] = set()

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events of the answer, as far as they can be told by now."""
        for event in events:
            yield from self._event(event)

    def end(self) -> Iterator[Event]:
        """What still waits, where the answer ends without saying why."""
        waiting, self._waiting = self._waiting, []
        yield from waiting if self._call is None else self._beside(waiting)

    def _event(self, event: Event) -> Iterator[Event]:
        match event:
            case Started() | Served() | Altered() | UsageReport() | Ranking():
                yield event
            case ToolCallStart(index, _, name) if name == self._tool:
                yield from self._begin(event)
            case ToolCallDelta(index) | PartEnd(index=int(index)) if index in self._dropped:
                return
            case ToolCallDelta(index, arguments) if self._is_answer(index):
                self._said = True
                yield TextDelta(arguments)
            case PartEnd(metadata, int(index)) if self._call is not None and self._is_answer(index):
                self._open = False
                if not self._said:
                    yield TextDelta("")  # an answer all the same, which is empty
                yield PartEnd(self._called(self._call, metadata))
                yield from self.end()
            case Finish(reason, raw, detail):
                yield from self.end()
                answered = self._call is not None and not self._calls_others
                yield Finish("stop" if answered and reason == "tool_calls" else reason, raw, detail)
            case _:
                self._calls_others |= isinstance(event, ToolCallStart)
                yield from self._other(event)

    def _is_answer(self, index: int) -> bool:
        return self._call is not None and self._call.index == index

    def _begin(self, call: ToolCallStart) -> Iterator[Event]:
        if self._call is not None:
            self._dropped.add(call.index)
            return
        self._call = call
        yield from self.end()
        self._open = True

    def _other(self, event: Event) -> Iterator[Event]:
        """Text waits, and so does what comes after it, up to its end once the answer is there."""
        if not (self._open or self._waiting or isinstance(event, TextDelta)):
            yield event
            return
        self._waiting.append(event)
        if self._call is not None and not self._open and isinstance(event, PartEnd) and event.index is None:
            yield from self.end()

    def _beside(self, events: Iterable[Event]) -> Iterator[Event]:
        said = ""
        for event in events:
            match event:
                case TextDelta(text):
                    said += text
                    yield ThinkingDelta(text)
                case PartEnd(metadata, None) if said:
                    yield PartEnd(self._aside(said, metadata))
                    said = ""
                case _:
                    yield event
        if said:
            yield PartEnd(self._aside(said, {}))


def read_some(events: Iterable[Event], answer: Answer | None) -> Iterable[Event]:
    """Some events of an answer, which is given by a tool where there is one for it."""
    return events if answer is None else answer.read(events)


def read_whole(events: Iterable[Event], answer: Answer | None) -> Iterable[Event]:
    """All events of one, or the last of them."""
    return events if answer is None else chain(answer.read(events), answer.end())


def read_stream(decoder: Decoder, answer: Answer | None) -> Decoder:
    """The decoder of a streamed one."""
    return decoder if answer is None else _AnswerDecoder(decoder, answer)


class _AnswerDecoder:
    def __init__(self, decoder: Decoder, answer: Answer) -> None:
        self._decoder, self._answer = decoder, answer

    @property
    def done(self) -> bool:
        """Whether the last event has come."""
        return self._decoder.done

    def decode(self, event: Mapping[str, Any]) -> Iterable[Event]:
        """Our events for one of theirs."""
        return self._answer.read(self._decoder.decode(event))

    def end(self) -> Iterable[Event]:
        """What still waits."""
        return read_whole(self._decoder.end(), self._answer)
