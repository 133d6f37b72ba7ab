"""Blocking twins of async functions, and the async twin of a function that blocks."""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar

from aiapp.sync.background import CLEANING_SECONDS, Background, background

P = ParamSpec("P")
T = TypeVar("T")
HEADROOM = 64
"""Calls that may still be nested where a blocking call is made: what the loop's own steps take, and as many again."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the background loop and wait for its result."""
    on = background()
    if on.is_run_here:
        work.close()
        raise RuntimeError("a blocking call was made from aiapp's own event loop; await the async method instead")
    if _is_deep():  # a loop that ran out of depth in the midst of its own steps would be waited for in vain
        work.close()
        raise RecursionError(f"a blocking call was made within {HEADROOM} calls of the recursion limit")
    return _Carried(work, on).result()


def sync(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The blocking twin of an async function or method."""

    @functools.wraps(method)
    def blocking(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(method(*args, **kwargs))

    blocking.__name__ = method.__name__.removeprefix("a")
    blocking.__qualname__ = method.__qualname__.replace(method.__name__, blocking.__name__)
    blocking.__doc__ = f"The blocking twin of `{method.__name__}`."
    return blocking


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


class _Carried(Generic[T]):
    """A coroutine on the loop, and a thread that waits for it: one lock, at two thirds of what two futures take."""

    __slots__ = ("_background", "_broken_off", "_done", "_error", "_task", "_value", "_work")
    _value: T

    def __init__(self, work: Coroutine[Any, Any, T], on: Background) -> None:
        self._work, self._background = work, on
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._broken_off = False
        self._done = threading.Lock()
        self._done.acquire()  # until the work is

    def result(self) -> T:
        """What the work gives; where the wait is broken off, the work is cancelled and has a moment to clean up."""
        try:
            self._background.drive(self._begin)
            while not self._done.acquire(blocking=False):  # others run the loop, or somebody stopped it
                self._leave_it_to_others()
        except BaseException:
            self._break_off()
            self._stay_if_all_ends()
            raise
        if self._error is not None:
            self._stay_if_all_ends()
            try:
                raise self._error
            finally:
                self._error = None  # its traceback holds this object
        return self._value

    def _leave_it_to_others(self) -> None:
        """Wait while the loop's thread runs the work; where none can be started, run the loop when nobody else does."""
        here, waiting = self._background, self._background.waiting
        waiting.add(self._give_up)
        try:
            here.loop().call_soon_threadsafe(self._begin)
        except RuntimeError:  # a program that is ending starts no threads, or the loop was closed with it
            if here.ended or not (here.drive(self._begin, wait=True) or here.has_thread):
                raise
        else:
            if here.ended:
                raise RuntimeError(_ENDED)
            self._done.acquire()
            self._done.release()
        finally:
            waiting.discard(self._give_up)

    def _break_off(self) -> None:
        if self._task is not None and self._task.done():
            return
        with suppress(RuntimeError):
            self._background.loop().call_soon_threadsafe(self._cancel)
            self._done.acquire(timeout=CLEANING_SECONDS)
        if self._task is None:
            self._work.close()

    def _stay_if_all_ends(self) -> None:
        """A daemon thread speaks no more when its program ends: what it said would be of that end alone."""
        if self._background.ended and threading.current_thread().daemon:
            threading.Event().wait()

    def _give_up(self) -> None:
        """The loop is closed: nothing comes any more."""
        if self._task is None or not self._task.done():
            self._end(RuntimeError(_ENDED))

    # On the loop.

    def _begin(self) -> asyncio.Task[None] | None:
        if self._task is None and not self._broken_off:
            self._task = asyncio.get_running_loop().create_task(self._carry())
        return self._task

    async def _carry(self) -> None:
        error: BaseException | None = None
        try:
            self._value = await self._work
        except asyncio.CancelledError as cancelled:
            error = RuntimeError(_ENDED) if self._background.ended else cancelled
        except BaseException as problem:  # raised in the caller's thread, by `result`
            error = problem
        finally:
            self._end(error)

    def _cancel(self) -> None:
        self._broken_off = True
        if self._task is None:
            self._end(None)
        else:  # once it has begun: else it could not say that it ended
            asyncio.get_running_loop().call_soon(self._task.cancel)

    def _end(self, error: BaseException | None) -> None:
        self._error = error
        with suppress(RuntimeError):  # both the loop and its end may say so
            self._done.release()


_ENDED = "aiapp's event loop was ended while a blocking call was under way"


def _is_deep() -> bool:
    try:
        sys._getframe(sys.getrecursionlimit() - HEADROOM)  # pyright: ignore[reportPrivateUsage]
    except ValueError:
        return False
    return True
