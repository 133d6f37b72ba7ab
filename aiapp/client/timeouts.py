"""Timeouts: how long a try may take to answer, and how long a stream may say nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
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
    seconds: float, events: AsyncIterator[Event], provider: Provider
) -> AsyncGenerator[Event, None]:
    """The events, or `TimedOut` where the next one is waited for longer than that. A reader may take any time.

    One timer watches the whole stream, since one for each event would cost more than the event.
    """
    watch = _Watch(seconds)
    try:
        while True:
            watch.begin()
            try:
                event = await anext(events)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                if not watch.fired():
                    raise
                raise timed_out(f"nothing more came for {seconds:g} seconds", provider) from None
            watch.end()
            yield event
    finally:
        watch.stop()


def timed_out(reason: str, provider: Provider) -> TimedOut:
    """The error for a provider that did not answer in time."""
    return TimedOut(reason, provider=provider.name, model=provider.model)


class _Watch:
    """Cancels the task that waits for an event once it has waited too long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.waiting: asyncio.Task[object] | None = None
        self._since = 0.0
        self._cancelling = 0
        self._late: asyncio.Task[object] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(seconds, self._look)

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
        due = self._since + self.seconds if self.waiting is not None else self._loop.time() + self.seconds
        if self.waiting is not None and self._loop.time() >= due:
            self._late, self._cancelling = self.waiting, self.waiting.cancelling()
            self.waiting.cancel()
        else:
            self._timer = self._loop.call_at(due, self._look)
