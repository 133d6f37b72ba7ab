"""A chain as it runs: steps that begin and end, and what models say in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from typing import Any, Generic, TypeVar, assert_never

from aiapp.chains import plans
from aiapp.chains.running import Happened, Path, Run, StepSaid, conducted, root, shown
from aiapp.core.errors import InvalidInput
from aiapp.core.events import TextDelta
from aiapp.sync import Readers

B = TypeVar("B")
_AHEAD = 64
"""Events that wait for their reader before the chain does."""
_NOBODY: frozenset[str] = frozenset()


class ChainStream(Generic[B]):
    """Iterate it once, with `async for` or `for`; then `output` is what the chain gave.

    Closing it, or leaving its loop, stops the chain.
    """

    def __init__(self, plan: plans.Plan, value: Any) -> None:
        self._plan, self._value = plan, value
        self._events = self._happenings()
        self._output: list[B] = []
        self._readers = Readers()

    @property
    def output(self) -> B:
        """What the chain gave; only after the stream has been read to its end."""
        if not self._output:
            raise RuntimeError("the stream has not been read to its end")
        return self._output[0]

    def __aiter__(self) -> AsyncIterator[Happened]:
        return self._events

    def __iter__(self) -> Iterator[Happened]:
        return self._readers.iterate(self._events)

    async def atext(self) -> AsyncIterator[str]:
        """The text of the model that speaks last, piece by piece."""
        speakers = last_to_speak(self._plan, root(self._plan))
        if not speakers:
            raise InvalidInput("chain", self._plan.name, "a chain in which one model speaks last, and is asked once")
        try:
            async for happened in self:
                said = happened.event if isinstance(happened, StepSaid) and happened.step in speakers else None
                if isinstance(said, TextDelta):
                    yield said.text
        finally:
            await self.aclose()

    def text(self) -> Iterator[str]:
        """The blocking twin of `atext`."""
        return self._readers.iterate(self.atext())

    async def aclose(self) -> None:
        """Stop the chain."""
        await self._events.aclose()

    def close(self) -> None:
        """The blocking twin of `aclose`; a loop over the stream that was left half-way is closed with it."""
        self._readers.close(self.aclose)

    async def _happenings(self) -> AsyncGenerator[Happened, None]:
        waiting: asyncio.Queue[Happened | None] = asyncio.Queue()
        room = asyncio.Event()

        async def listen(happened: Happened) -> None:
            waiting.put_nowait(happened)
            if waiting.qsize() >= _AHEAD:
                room.clear()
                await room.wait()

        async def work() -> Any:
            try:
                return await conducted(self._plan, self._value, Run(listen=listen))
            finally:
                waiting.put_nowait(None)

        task = asyncio.create_task(work())
        try:
            while (happened := await waiting.get()) is not None:
                yield happened
                if waiting.qsize() < _AHEAD:
                    room.set()
            self._output.append(await task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def last_to_speak(plan: plans.Plan, path: Path) -> frozenset[str] | None:
    """The paths of the models of which one speaks last; none where nobody speaks, None where that cannot be told."""
    match plan:
        case plans.Ask():
            return frozenset({shown(path)})
        case plans.Call() | plans.Render() | plans.Tap():
            return _NOBODY
        case plans.Sequence(_, steps):
            found = (last_to_speak(step, (*path, label)) for label, step in reversed(steps))
            return next((speakers for speakers in found if speakers != _NOBODY), _NOBODY)
        case plans.Route():
            return _one_of(plans.inner(plan)[1:], path)
        case plans.Fallback(_, steps):
            return _one_of(steps, path)
        case plans.Retry(_, step, times):
            return _one_of([(f"{step.name} {turn}", step) for turn in range(1, times + 1)], path)
        case plans.Parallel() | plans.Each() | plans.Loop() | plans.Cached():
            speak = any(last_to_speak(step, path) != _NOBODY for _, step in plans.inner(plan))
            return None if speak else _NOBODY
        case _:
            assert_never(plan)


def _one_of(ways: Iterable[plans.Labelled], path: Path) -> frozenset[str] | None:
    speakers = [last_to_speak(step, (*path, label)) for label, step in ways]
    known = [one for one in speakers if one is not None]
    return _NOBODY.union(*known) if len(known) == len(speakers) else None
