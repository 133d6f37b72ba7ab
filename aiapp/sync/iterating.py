"""Blocking twins of async iterators."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, suppress
from typing import Any, Generic, TypeVar

from aiapp.sync.background import CLEANING_SECONDS, Background, background
from aiapp.sync.blocking import run

T = TypeVar("T")


def iterate(events: AsyncIterator[T]) -> Reader[T]:
    """The blocking twin of an async iterator; closing it, or letting go of it, closes the async one.

    The loop reads a little ahead, so that items which come at once cross between the threads together.
    """
    return Reader(events)


class Reader(Iterator[T]):
    """What `iterate` gives. It may be closed from any thread, and collected as garbage at any moment."""

    def __init__(self, events: AsyncIterator[T]) -> None:
        self.ahead, self._over = _Ahead(events), False

    def __next__(self) -> T:
        if self._over:
            raise StopIteration
        self.ahead.begin()
        try:
            item = self.ahead.take()
        except BaseException as stop:  # Ctrl-C
            try:
                self.close()
            except Exception as problem:
                stop.add_note(f"and closing what was read failed: {problem!r}")
            raise
        if not isinstance(item, _End):
            return item
        closed, self._over = self._over, True
        if item.error is not None and not closed:
            raise item.error
        raise StopIteration

    def close(self) -> None:
        """Stop reading, and wait for a moment until what is read is closed; raises what goes wrong in closing it."""
        self._over = True
        self.ahead.close()

    def __del__(self) -> None:
        self.ahead.abandon()


class Readers:
    """The blocking twins that something has given out of its iterators, to be closed before it is.

    One that its user lets go of stops by itself; what it reads may still be closing then.
    """

    def __init__(self) -> None:
        self._reading: list[_Ahead[Any]] = []

    def iterate(self, events: AsyncIterator[T]) -> Reader[T]:
        """`iterate`, remembered."""
        reader = iterate(events)
        self._reading = [*(ahead for ahead in self._reading if not ahead.is_closed), reader.ahead]
        return reader

    def close(self, aclose: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Close those that are still open, then by `aclose` what they read from; one that is slow to close does so."""

        def close_last() -> None:
            if all(ahead.is_closed for ahead in self._reading):
                run(aclose())

        with ExitStack() as closing:
            closing.callback(close_last)
            for ahead in self._reading:
                closing.callback(ahead.close)


class _End:
    """Nothing comes after it; `error` is what went wrong."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Ahead(Generic[T]):
    """What a task on the loop has read, and was not yet taken. The task closes what it reads, too."""

    MOST, LEAST = 64, 16
    """Reading pauses with this many items in hand, and goes on with this many."""

    def __init__(self, events: AsyncIterator[T]) -> None:
        self._events = events
        self._background: Background | None = None
        self._items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        self._room = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._is_paused = self._is_stopped = False

    def begin(self) -> None:
        """Begin to read, if that was not begun."""
        if self._background is None:
            if background().is_run_here:
                raise RuntimeError("a blocking loop was begun on aiapp's own event loop; use `async for` instead")
            self._background = background()
            self._background.loop().call_soon_threadsafe(self._begin)

    def take(self) -> T | _End:
        """The next item, waited for, on the reader's thread."""
        item = self._items.get()
        if isinstance(item, _End):
            self._items.put(item)  # for others who wait
        elif self._is_paused and self._items.qsize() <= self.LEAST and self._background is not None:
            self._is_paused = False
            self._background.loop().call_soon_threadsafe(self._room.set)
        return item

    @property
    def is_closed(self) -> bool:
        """Whether what is read is closed."""
        return self._is_stopped if self._reading is None else self._reading.done()

    def close(self) -> None:
        """The blocking twin of `aclose`."""
        if not self.is_closed:
            run(self.aclose())

    async def aclose(self) -> None:
        """Stop reading, and wait until what is read is closed."""
        self._stop()
        if self._reading is None:
            await self._close()
            return
        await asyncio.wait({self._reading}, timeout=CLEANING_SECONDS)
        if self._reading.done() and not self._reading.cancelled():
            self._reading.result()

    def abandon(self) -> None:
        """Stop reading, without waiting for it: garbage is collected in the midst of anything."""
        if self._background is not None and not self.is_closed:
            with suppress(RuntimeError):  # the loop is closed, and what was read with it
                self._background.loop().call_soon_threadsafe(self._stop)

    def _begin(self) -> None:
        if self._is_stopped:
            self._items.put(_End())
        else:
            self._reading = asyncio.get_running_loop().create_task(self._read())

    def _stop(self) -> None:
        if self._reading is not None and not self._is_stopped:  # once: it may be closing what it read
            self._reading.cancel()
        self._is_stopped = True

    async def _read(self) -> None:
        end = _End()
        try:
            try:
                async for item in self._events:
                    self._items.put(item)
                    if self._items.qsize() >= self.MOST:
                        self._room.clear()
                        self._is_paused = True  # then look again: they may have been taken meanwhile
                        if self._items.qsize() > self.LEAST:
                            await self._room.wait()
            finally:
                await self._close()
        except BaseException as error:
            end = _End(None if self._is_stopped else error)
            if self._is_stopped or isinstance(error, asyncio.CancelledError):
                raise  # to who closes it; where nobody waits for that, the loop reports it
        finally:
            self._items.put(end)

    async def _close(self) -> None:
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()
