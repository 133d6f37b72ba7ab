"""Blocking twins of async methods, over one background event loop.

All I/O in aiapp is written once, in async methods. `complete = sync(acomplete)` makes the blocking twin: it carries
the caller's context variables, works inside a running loop (a notebook), and on Ctrl-C cancels the work and waits
until it has cleaned up before it raises.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
LAST_SECONDS = 2.0
"""How long the end of a program waits for connections to close."""
CLEANING_SECONDS = 1.0
"""How long a call that is broken off waits for what it began to clean up."""


class _Background:
    """The loop and its daemon thread, started on first use and again in a forked child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="aiapp-loop", daemon=True)
                self._thread.start()
                atexit.register(self._end)
            return self._loop

    def inside(self) -> bool:
        return threading.current_thread() is self._thread

    def _end(self) -> None:
        """When the program ends: close what is open on the loop, as `asyncio.run` does."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or not thread.is_alive():
            return
        closing = asyncio.run_coroutine_threadsafe(loop.shutdown_asyncgens(), loop)
        try:
            closing.result(LAST_SECONDS)
        except TimeoutError:
            pass  # a function that blocks holds the loop: the program ends without it
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(LAST_SECONDS)


_background = _Background()


def _after_fork() -> None:
    global _background
    _background = _Background()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the background loop and wait for its result."""
    if _background.inside():
        work.close()
        raise RuntimeError("a blocking call was made from aiapp's own event loop; await the async method instead")
    return _Carried(work, _background.loop()).result()


class _Carried(Generic[T]):
    """A coroutine on the loop, and a thread that waits for it: one lock, at two thirds of what two futures take."""

    __slots__ = ("_done", "_error", "_loop", "_task", "_value", "_work")
    _task: asyncio.Task[None]
    _value: T

    def __init__(self, work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> None:
        self._work, self._loop = work, loop
        self._error: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()  # until the work is
        loop.call_soon_threadsafe(self._begin)

    def result(self) -> T:
        """What the work gives; where the wait is broken off, the work is cancelled and has a moment to clean up."""
        try:
            self._done.acquire()
        except BaseException:
            self._loop.call_soon_threadsafe(self._cancel)
            self._done.acquire(timeout=CLEANING_SECONDS)
            raise
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # its traceback holds this object
        return self._value

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._carry())

    async def _carry(self) -> None:
        try:
            self._value = await self._work
        except BaseException as error:
            self._error = error
        finally:
            self._done.release()

    def _cancel(self) -> None:
        self._loop.call_soon(self._task.cancel)  # once it has begun: else it could not say that it ended


def in_thread(blocking: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The async twin of a function that can only block, as files do: it runs in a thread, in the caller's context.

    A caller that is cancelled goes on at once; the thread ends when the function does.
    """

    @functools.wraps(blocking)
    async def twin(*args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(blocking, *args, **kwargs)

    twin.__doc__ = f"The async twin of `{blocking.__name__}`."
    twin.__name__ = twin.__qualname__ = f"a{blocking.__name__}"
    return twin


def sync(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The blocking twin of an async function or method."""

    @functools.wraps(method)
    def blocking(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(method(*args, **kwargs))

    blocking.__name__ = method.__name__.removeprefix("a")
    blocking.__qualname__ = method.__qualname__.replace(method.__name__, blocking.__name__)
    blocking.__doc__ = f"The blocking twin of `{method.__name__}`."
    return blocking


def iterate(events: AsyncIterator[T]) -> Iterator[T]:
    """The blocking twin of an async iterator; closing it closes the async one.

    The loop reads a little ahead, so that items which come at once cross between the threads together.
    """
    if _background.inside():
        raise RuntimeError("a blocking loop was begun on aiapp's own event loop; use `async for` instead")
    loop, ahead = _background.loop(), _Ahead[T](_background.loop())
    pump, ended = asyncio.run_coroutine_threadsafe(ahead.pump(events), loop), False
    try:
        while not isinstance(item := ahead.take(), _End):
            yield item
        ended = True  # the pump has said its last, though it may not be done yet
        if item.error is not None:
            raise item.error
    finally:
        if not ended and not pump.done():
            pump.cancel()
            ahead.drain()
        close = getattr(events, "aclose", None)
        if close is not None:
            run(close())


class _End:
    """Nothing comes after it; `error` is what went wrong."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Ahead(Generic[T]):
    """What was read and not yet taken."""

    MOST, LEAST = 64, 16
    """Reading pauses with this many items in hand, and goes on with this many."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
        self._room = asyncio.Event()

    async def pump(self, events: AsyncIterator[T]) -> None:
        """Read all there is, on the loop."""
        try:
            async for item in events:
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

    def take(self) -> T | _End:
        """The next item, waited for, on the reader's thread."""
        item = self._items.get()
        if self._items.qsize() == self.LEAST:
            self._loop.call_soon_threadsafe(self._room.set)
        return item

    def drain(self) -> None:
        """Wait until a pump that was cancelled has let go of what it reads: only then can that be closed."""
        with suppress(queue.Empty):
            while not isinstance(self._items.get(timeout=CLEANING_SECONDS), _End):
                pass


class PerLoop(Generic[T]):
    """One value for each event loop, such as a pool of connections, closed when its loop ends.

    An async generator holds each value: `asyncio.run`, as any well-kept loop, closes those that are open at its end.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        self._make, self._close = make, close
        self._held: dict[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None, None]]] = {}

    async def get(self) -> T:
        """The value of the running loop, made on first use."""
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is None:
            for ended in [one for one in self._held if one.is_closed()]:
                del self._held[ended]
            value = self._make()
            held = self._held[loop] = (value, _holding(value, self._close))
            await anext(held[1])
        return held[0]

    async def aclose(self) -> None:
        """Close the values of all loops that still run."""
        here = asyncio.get_running_loop()
        for loop, (_, holder) in list(self._held.items()):
            if loop is here:
                await holder.aclose()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(holder.aclose(), loop))
        self._held.clear()


async def _holding(value: T, close: Callable[[T], Awaitable[None]]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await close(value)
