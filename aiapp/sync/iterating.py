"""Blocking twins of async iterators."""

from __future__ import annotations

import asyncio
import queue
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

from aiapp.sync.background import CLEANING_SECONDS, Background, background, run, running_loop

T = TypeVar("T")


def iterate(events: AsyncIterator[T]) -> Reader[T]:
    """The blocking twin of an async iterator; closing it, or letting go of it, closes the async one.

    The loop reads a little ahead, so that items which come at once cross between the threads together.
    """
    return Reader(events)


class Reader(Iterator[T]):
    """What `iterate` gives. It may be closed from any thread, and collected as garbage at any moment."""

    def __init__(self, events: AsyncIterator[T]) -> None:
        self._ahead, self._over = _Ahead(events), False

    def __next__(self) -> T:
        if self._over:
            raise StopIteration
        self._ahead.begin()
        try:
            item = self._ahead.take()
        except BaseException:  # Ctrl-C
            self.close()
            raise
        if not isinstance(item, _End):
            return item
        closed, self._over = self._over, True
        if item.error is not None and not closed:
            raise item.error
        raise StopIteration

    def close(self) -> None:
        """Stop reading, and wait until what is read is closed."""
        self._over = True
        if not self._ahead.is_done():
            run(self._ahead.aclose())

    def __del__(self) -> None:
        self._ahead.abandon()


class Readers:
    """The blocking twins that something has given out of its iterators, to be closed before it is.

    They are held weakly: one that its user lets go of closes itself.
    """

    def __init__(self) -> None:
        self._readers = weakref.WeakSet[Reader[Any]]()

    def iterate(self, events: AsyncIterator[T]) -> Reader[T]:
        """`iterate`, remembered."""
        reader = iterate(events)
        self._readers.add(reader)
        return reader

    def close(self) -> None:
        """Close those that are still open."""
        for reader in list(self._readers):
            reader.close()


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
        self._is_closed = False

    def begin(self) -> None:
        """Begin to read, if that was not begun."""
        if self._background is None:
            if background().is_loop(running_loop()):
                raise RuntimeError("a blocking loop was begun on aiapp's own event loop; use `async for` instead")
            self._background = background()
            self._background.loop().call_soon_threadsafe(self._begin)

    def take(self) -> T | _End:
        """The next item, waited for, on the reader's thread."""
        item = self._items.get()
        if self._items.qsize() == self.LEAST and self._background is not None and not self.is_done():
            self._background.loop().call_soon_threadsafe(self._room.set)
        return item

    def is_done(self) -> bool:
        """Whether all was read, and closed."""
        return self._reading is not None and self._reading.done()

    async def aclose(self) -> None:
        """Stop reading, and wait until what is read is closed."""
        self._stop()
        if self._reading is None:
            await self._close()
        elif not self._reading.done():
            await asyncio.wait({self._reading}, timeout=CLEANING_SECONDS)

    def abandon(self) -> None:
        """Stop reading, without waiting for it: garbage is collected in the midst of anything."""
        if self._background is not None and not self.is_done():
            with suppress(RuntimeError):  # the loop is closed, and what was read with it
                self._background.loop().call_soon_threadsafe(self._stop)

    def _begin(self) -> None:
        if not self._is_closed:
            self._reading = asyncio.get_running_loop().create_task(self._read())

    def _stop(self) -> None:
        self._is_closed = True
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        end = _End()
        try:
            try:
                async for item in self._events:
                    self._items.put(item)
                    if self._items.qsize() >= self.MOST:
                        self._room.clear()
                        await self._room.wait()
            finally:
                await self._close()
        except BaseException as error:
            end = _End(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._items.put(end)

    async def _close(self) -> None:
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()
