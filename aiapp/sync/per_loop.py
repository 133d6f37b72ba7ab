"""Values that belong to an event loop, as connections do."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from aiapp.sync.background import CLEANING_SECONDS, background

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One value for each event loop, such as a pool of connections, closed when its loop ends.

    An async generator holds each value: `asyncio.run`, as any well-kept loop, closes those that are open at its end.
    Where nobody holds this any more, they are closed, too, soon; neither they nor `close` may refer to it, then.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make, self._close = make, close
        self._held: dict[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None, None]]] = {}
        # What this alone refers to would be garbage with it, and finalized, before its generator could close it.
        weakref.finalize(self, self._held.clear).atexit = False

    async def get(self) -> T:
        """The value of the running loop, made on first use."""
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is None:
            for one in list(self._held):  # other threads' loops come and go meanwhile
                if one.is_closed():
                    self._held.pop(one, None)
            value = self._make()
            held = self._held[loop] = (value, _holding(value, self._close))
            await anext(held[1])
        return held[0]

    async def aclose(self) -> None:
        """Close the values of all loops that still run, or could; other loops are waited for a moment at most.

        A blocking caller does not wait for them: it may be called on the very thread that runs one of them.
        """
        here, elsewhere = asyncio.get_running_loop(), set[asyncio.Future[None]]()
        mine = self._held.pop(here, None)
        while self._held:  # taken before it is closed: nobody is given what is closed already
            loop, (_, holder) = self._held.popitem()
            if loop.is_running() or background().is_loop(loop):
                elsewhere.add(asyncio.wrap_future(asyncio.run_coroutine_threadsafe(holder.aclose(), loop)))
        try:
            if mine is not None:
                await mine[1].aclose()
        finally:
            if elsewhere and not background().is_loop(here):
                await asyncio.wait(elsewhere, timeout=CLEANING_SECONDS)


async def _holding(value: T, close: Callable[[T], Awaitable[None]]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await close(value)
