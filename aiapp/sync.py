"""Blocking twins of async methods, over one background event loop.

All I/O in aiapp is written once, in async methods. `complete = sync(acomplete)` makes the blocking twin: it carries
the caller's context variables, works inside a running loop (a notebook), and on Ctrl-C cancels the work and waits
until it has cleaned up before it raises.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


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
            return self._loop

    def inside(self) -> bool:
        return threading.current_thread() is self._thread


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
    future = asyncio.run_coroutine_threadsafe(work, _background.loop())
    try:
        return future.result()
    except BaseException:
        if not future.done():
            _cancel_and_wait(future)
        raise


def _cancel_and_wait(future: Any) -> None:
    """Cancel the task behind a future and give it a moment to clean up."""
    future.cancel()
    settled = threading.Event()
    _background.loop().call_soon_threadsafe(_background.loop().call_later, 0.05, settled.set)
    settled.wait(1.0)


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
    """The blocking twin of an async iterator; closing it closes the async one."""
    try:
        while True:
            try:
                yield run(_next(events))
            except StopAsyncIteration:
                return
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            run(close())


async def _next(events: AsyncIterator[T]) -> T:
    return await anext(events)
