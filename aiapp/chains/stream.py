"""A chain as it runs: steps that begin and end, and what models say in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any, Generic, TypeVar

from aiapp.chains.plans import Ask, Parallel, Plan, Route, inner
from aiapp.chains.running import Happened, Path, Run, StepSaid, perform, shown
from aiapp.core.errors import InvalidInput
from aiapp.core.events import TextDelta
from aiapp.sync import iterate, sync

B = TypeVar("B")
_AHEAD = 64
"""Events that wait for their reader before the chain does."""


class ChainStream(Generic[B]):
    """Iterate it once, with `async for` or `for`; then `output` is what the chain gave.

    Closing it, or leaving its loop, stops the chain.
    """

    def __init__(self, plan: Plan, value: Any) -> None:
        self._plan, self._value = plan, value
        self._events = self._happenings()
        self._output: list[B] = []

    @property
    def output(self) -> B:
        """What the chain gave; only after the stream has been read to its end."""
        if not self._output:
            raise RuntimeError("the stream has not been read to its end")
        return self._output[0]

    def __aiter__(self) -> AsyncIterator[Happened]:
        return self._events

    def __iter__(self) -> Iterator[Happened]:
        return iterate(self._events)

    async def atext(self) -> AsyncIterator[str]:
        """The text of the model that speaks last, piece by piece."""
        speaker = last_to_speak(self._plan)
        if speaker is None:
            raise InvalidInput("chain", self._plan.name, "a chain in which one model speaks last")
        async for happened in self:
            if isinstance(happened, StepSaid) and isinstance(happened.event, TextDelta) and happened.step == speaker:
                yield happened.event.text

    def text(self) -> Iterator[str]:
        """The blocking twin of `atext`."""
        return iterate(self.atext())

    async def aclose(self) -> None:
        """Stop the chain."""
        await self._events.aclose()

    close = sync(aclose)

    async def _happenings(self) -> AsyncGenerator[Happened, None]:
        waiting: asyncio.Queue[Happened | None] = asyncio.Queue(_AHEAD)

        async def work() -> Any:
            try:
                return await perform(self._plan, self._value, Run(listen=waiting.put), ())
            finally:
                await waiting.put(None)

        task = asyncio.create_task(work())
        try:
            while (happened := await waiting.get()) is not None:
                yield happened
            self._output.append(await task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def last_to_speak(plan: Plan, path: Path = ()) -> str | None:
    """The path of the model whose text a reader waits for: the last of the steps that come one after the other."""
    if isinstance(plan, Ask):
        return shown(path)
    if isinstance(plan, Parallel | Route):
        return None
    found = (last_to_speak(step, (*path, label)) for label, step in reversed(inner(plan)))
    return next((speaker for speaker in found if speaker is not None), None)
