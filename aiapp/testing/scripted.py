"""A provider with no wire behind it: it says what it is told to.

model = ScriptedModel(["Paris", "Rome"])
client = Client(provider=model)
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast, get_args

from aiapp.core.accepted import Accepted, is_function
from aiapp.core.errors import InvalidInput
from aiapp.core.events import (
    Alternative,
    Event,
    Finish,
    PartEnd,
    Ranking,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from aiapp.core.formats import Choice
from aiapp.core.request import Request
from aiapp.core.serialisation import to_plain
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Prepared
from aiapp.testing.wires import Said

Answer: TypeAlias = str | Said | Exception | tuple[Event, ...]
Script: TypeAlias = Answer | Sequence[Answer] | Callable[[Request], Answer]

_PIECE = 5
_WORDS = "a text, a Said, an exception (not its class), or a tuple of events"


def _is_events(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, get_args(Event)) for one in value)  # pyright: ignore[reportUnknownVariableType]


def _is_list(value: object) -> bool:
    return isinstance(value, list) or (isinstance(value, tuple) and not _is_events(cast(Any, value)))


def _is_answer(value: object) -> bool:
    return isinstance(value, str | Said | Exception) or _is_events(value)


_ANSWER = Accepted(_WORDS, _is_answer)
_SCRIPT = Accepted(
    f"{_WORDS}; a list of these, or a function of the request, which is not async",
    lambda value: _is_answer(value) or (is_function(value) and not inspect.iscoroutinefunction(value)),
)


@dataclass(frozen=True, slots=True)
class PreparedRequest(Prepared):
    """A prepared request with the one that it was made from, for a provider with no wire behind it."""

    request: Request = field(kw_only=True)


def request_of(prepared: Prepared) -> Request:
    """The request that was prepared."""
    if not isinstance(prepared, PreparedRequest):
        raise InvalidInput("prepared", prepared, "what the same provider has prepared")
    return prepared.request


class ScriptedModel:
    """A provider that answers from a script: one answer for ever, a list in order, or a function of the request.

    A text is streamed in pieces of five characters; `Said` is what `WireServer` takes too; an exception is raised; a
    tuple of events is passed on as it is. As a context manager, it fails at its end where answers are left over.

    It has no address: to a response cache all of them are one model, so that a test can show that an answer which one
    gave is not asked of the next. Give each its own cache where their answers must not be mixed.
    """

    name = "scripted"
    model = "scripted"

    def __init__(self, script: Script, *, free: bool = True, ranks_choices: bool = False) -> None:
        self._script: Any = script
        self._steps: list[Any] | None = [*cast(Any, script)] if _is_list(script) else None
        if self._steps is not None:
            _ANSWER.check_each("script", self._steps)
        else:
            _SCRIPT.check("script", self._script)
        self.free, self.ranks_choices = free, ranks_choices
        self.requests: list[Request] = []

    def prepare(self, request: Request) -> Prepared:
        """The request as plain values, with `extra` laid over them; each is recorded in `requests` when it is sent."""
        messages = [{"role": message.role, "text": message.text} for message in request.messages]
        extra = request.settings.extra
        plain = replace(request, settings=replace(request.settings, extra={})) if extra else request
        payload = {"messages": messages, "request": to_plain(plain), **extra}
        return PreparedRequest(payload, most_tokens=request.settings.max_tokens, request=request)

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The next answer of the script."""
        return self._answer(request_of(prepared))

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The next answer of the script, event by event."""
        for event in self._answer(request_of(prepared)):
            yield event

    async def aclose(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> ScriptedModel:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.assert_done()

    def assert_done(self) -> None:
        """Fail where a list of answers was not used up."""
        assert not self._steps, f"{len(self._steps or [])} answers of the script were not asked for: {self._steps}"

    def _answer(self, request: Request) -> list[Event]:
        self.requests.append(request)
        answer: Any = self._script
        if self._steps is not None:
            assert self._steps, f"the script has no answer for request {len(self.requests)}: {request}"
            answer = self._steps.pop(0)
        elif callable(answer):
            answer = answer(request)
            _ANSWER.check("answer", answer)
        if isinstance(answer, Exception):
            raise answer
        match answer:
            case str():
                return _spoken(answer, request)
            case Said():
                return list(_said(answer))
            case _:
                return list(answer)


def _said(said: Said) -> Iterator[Event]:
    """What the wires say in their own ways, in ours."""
    yield Started(said.model or ScriptedModel.model, said.id)
    if said.thinking is not None:
        yield from map(ThinkingDelta, said.deltas(said.thinking))
        yield PartEnd()
    yield from map(TextDelta, said.deltas(said.text or said.refusal or ""))
    for index, call in enumerate(said.tool_calls):
        yield ToolCallStart(index, call.id, call.name)
        yield from (ToolCallDelta(index, piece) for piece in said.deltas(call.arguments))
        yield PartEnd(index=index)
    if said.usage is not None:
        yield UsageReport(said.usage)
    yield Finish(said.reason, said.reason)


def _spoken(text: str, request: Request) -> list[Event]:
    events: list[Event] = [Started("scripted")]
    events.extend(TextDelta(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE))
    if isinstance(request.format, Choice):
        others = [option for option in request.format.options if option != text]
        ranked = [text, *others] if text in request.format.options else others
        events.append(Ranking(tuple(Alternative(option, -float(rank)) for rank, option in enumerate(ranked))))
    words = sum(len(message.text.split()) for message in request.messages)
    return [*events, UsageReport(Usage(words, len(text.split()))), Finish("stop", "stop")]
