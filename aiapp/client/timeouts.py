"""Timeouts: how long a try may take to answer, and how long a stream may say nothing."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiapp.core.errors import TimedOut
from aiapp.core.events import Event
from aiapp.providers.protocol import Provider

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T], provider: Provider) -> T:
    """What `work` returns, or `TimedOut` after that many seconds."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise timed_out(f"no answer within {seconds:g} seconds", provider) from None


async def no_longer_silent_than(
    seconds: float, events: AsyncIterator[Event], provider: Provider, late: Late | None = None
) -> AsyncGenerator[Event, None]:
    """The events, or `TimedOut` where the next one is waited for longer than that. A reader may take any time.

    `late` ends them, however steadily they come, once its moment has come. One timer watches the whole stream, since
    one for each event would cost more than the event.
    """
    watch = _Watch(seconds, math.inf if late is None else late.at)
    try:
        while True:
            if late is not None and time.monotonic() >= late.at:
                raise late.error()
            watch.begin()
            try:
                event = await anext(events)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                if not watch.fired():
                    raise
                if late is not None and time.monotonic() >= late.at:
                    raise late.error() from None
                raise timed_out(f"nothing more came for {seconds:g} seconds", provider) from None
            watch.end()
            yield event
    finally:
        watch.stop()


@dataclass(frozen=True, slots=True)
class Late:
    """When a stream must have ended, by `time.monotonic`, and what is raised where it has not."""

    at: float
    error: Callable[[], Exception]


def timed_out(reason: str, provider: Provider) -> TimedOut:
    """The error for a provider that did not answer in time."""
    return TimedOut(reason, provider=provider.name, model=provider.model)


class _Watch:
    """Cancels the task that waits for an event once it has waited too long."""

    def __init__(self, seconds: float, until: float) -> None:
        self.seconds = seconds
        self.waiting: asyncio.Task[object] | None = None
        self._since = 0.0
        self._cancelling = 0
        self._late: asyncio.Task[object] | None = None
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + until - time.monotonic()
        self._timer = self._loop.call_at(min(self._loop.time() + seconds, self._ends), self._look)

    def begin(self) -> None:
        """Somebody waits from now on."""
        self.waiting = asyncio.current_task()
        self._since = self._loop.time()

    def end(self) -> None:
        """What was waited for is there."""
        self.waiting = None
        if self._late is not None:
            self.fired()

    def fired(self) -> bool:
        """Whether it was this that cancelled the task, and nothing else did."""
        late, self._late = self._late, None
        return late is not None and late.uncancel() <= self._cancelling

    def stop(self) -> None:
        """Nobody waits any more."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        due = min(self._since + self.seconds, self._ends)
        if self.waiting is None:  # a reader is busy, and hears of the end when it comes back
            due = min(now + self.seconds, self._ends) if now < self._ends else now + self.seconds
        elif now >= due:
            self._late, self._cancelling = self.waiting, self.waiting.cancelling()
            self.waiting.cancel()
            return
        self._timer = self._loop.call_at(due, self._look)
