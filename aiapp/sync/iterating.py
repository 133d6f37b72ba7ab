"""Blocking twins of async iterators."""

from __future__ import annotations

import asyncio
import queue
import weakref
from collections.abc import AsyncIterator, Generator
from typing import Any, Generic, TypeVar

from aiapp.sync.background import CLEANING_SECONDS, Background, background, run, running_loop

T = TypeVar("T")


def iterate(events: AsyncIterator[T]) -> Generator[T]:
    """The blocking twin of an async iterator; closing it closes the async one.

    The loop reads a little ahead, so that items which come at once cross between the threads together.
    """
    here = background()
    if here.is_loop(running_loop()):
        raise RuntimeError("a blocking loop was begun on aiapp's own event loop; use `async for` instead")
    ahead = _Ahead(events, here)
    try:
        while not isinstance(item := ahead.take(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        if here.is_loop(running_loop()):
            here.keep(ahead.aclose())  # collected as garbage in the midst of a call
        else:
            run(ahead.aclose())


class Readers:
    """The blocking twins that something has given out of its iterators, to be closed before it is.

    They are held weakly: one that its user lets go of closes itself.
    """

    def __init__(self) -> None:
        self._readers = weakref.WeakSet[Generator[Any]]()

    def iterate(self, events: AsyncIterator[T]) -> Generator[T]:
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
    """What a task on the loop has read, and was not yet taken."""

    MOST, LEAST = 64, 16
    """Reading pauses with this many items in hand, and goes on with this many."""

    def __init__(self, events: AsyncIterator[T], background: Background) -> None:
        self._events, self._background, self._loop = events, background, background.loop()
        self._items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        self._room = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._loop.call_soon_threadsafe(self._begin)

    def take(self) -> T | _End:
        """The next item, waited for, on the reader's thread."""
        item = self._items.get()
        if self._items.qsize() == self.LEAST and self._reading is not None and not self._reading.done():
            self._loop.call_soon_threadsafe(self._room.set)
        return item

    async def aclose(self) -> None:
        """Stop reading, wait until that has let go of what it reads, and close it."""
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()
            await asyncio.wait({self._reading}, timeout=CLEANING_SECONDS)
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

    def _begin(self) -> None:
        self._reading = self._background.keep(self._read())

    async def _read(self) -> None:
        try:
            async for item in self._events:
                self._items.put(item)
                if self._items.qsize() >= self.MOST:
                    self._room.clear()
                    await self._room.wait()
        except BaseException as error:
            self._items.put(_End(error))
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            self._items.put(_End())
