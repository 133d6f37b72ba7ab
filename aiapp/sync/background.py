"""The one event loop behind blocking calls, and who runs it.

A blocking caller who is alone runs the loop itself while it waits: to cross to another thread and back would cost it
about 100 us a call. Where the loop is needed by others, or while nobody waits, a daemon thread runs it until it has
been quiet for a while: for callers on several threads at once, one whose thread runs a loop of its own (a notebook), a
stream that is read ahead, a task that a call left behind, something posted from outside.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, Generic, TypeVar, TypeVarTuple, Unpack

from aiapp.sync.ctrl_c import CtrlC

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
LAST_SECONDS = 2.0
"""How long the end of a program waits for connections to close."""
CLEANING_SECONDS = 1.0
"""How long a call that is broken off waits for what it began to clean up."""
QUIET_SECONDS = 0.1
"""How long there must be nothing to do before the thread leaves the loop to callers again."""


def background() -> Background:
    """The background loop of this process."""
    return _background


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the background loop and wait for its result."""
    if _background.is_loop(running_loop()):
        work.close()
        raise RuntimeError("a blocking call was made from aiapp's own event loop; await the async method instead")
    return _Carried(work, _background).result()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs on this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def end() -> None:
    """Close what is open on the background loop, and the loop, as programs do when they end; later calls begin anew."""
    global _background
    ended, _background = _background, Background()
    ended.end()


def _after_fork() -> None:
    global _background
    _background = Background()  # the loop and its thread are the parent's


class Background:
    """The loop, made on first use, and the right to run it: a caller's for a call, the thread's while it is needed."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._right = threading.Lock()  # held by whoever runs the loop
        self._asked = threading.Lock()  # held while there is a thread, or about to be
        self._wanted = self._used = False  # the thread: since it last looked
        self._served = self._ended = False  # by the thread; for good
        self._driven_for: object = None
        self._kept = set[asyncio.Task[None]]()
        self.attended = False
        """Whether what is posted to the loop is sure to run soon."""

    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, run by its thread, or soon: when the caller who runs it has its answer."""
        loop = self._made()
        self._used = True
        self._ask()
        return loop

    def is_loop(self, loop: asyncio.AbstractEventLoop | None) -> bool:
        """Whether it is this one."""
        return loop is not None and loop is self._loop

    def drive(self, begin: Callable[[], object], until: object) -> bool:
        """Run the loop on this thread until `halt(until)` is called on it; False where that is for others to do.

        Ctrl-C ends it early; then, and wherever work is left over, the thread goes on with it.
        """
        if self._asked.locked() or running_loop() is not None or not isinstance(loop := self._made(), _Loop):
            return False
        with CtrlC(lambda: loop.call_soon_threadsafe(self.halt, until)):
            if not self._right.acquire(blocking=False):
                return False
            try:
                self._driven_for, self.attended = until, True
                loop.call_soon(loop.call_soon, begin)  # a step later: ends of connections, of TLS too, are heard first
                loop.run_forever()
            finally:
                self._driven_for, self.attended = None, False
                try:
                    if asyncio.all_tasks(loop):
                        self.wake()
                finally:
                    self._right.release()
        return True

    def halt(self, until: object) -> None:
        """On the loop: end `drive`, if that is what runs it."""
        if self._driven_for is until:
            self._driven_for = None
            self._stop()

    def keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """On the loop: begin a task that is cancelled when the program ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task

    def wake(self) -> None:
        """Have the thread run the loop, from when nobody else does; a program that is ending starts none.

        It can be called at any moment, in the midst of these very methods, too: garbage collection posts what is left
        of asynchronous generators. So it waits for nothing; the thread does.
        """
        with suppress(RuntimeError):
            self._ask()

    def _ask(self) -> None:
        self._wanted = True  # before it asks: a thread that is leaving looks at it after it has left
        if self._asked.acquire(blocking=False):
            claim = [self._asked]
            try:
                threading.Thread(target=self._serve, args=(claim,), name="aiapp-loop", daemon=True).start()
            except BaseException:  # Ctrl-C may come when the thread has started, or before
                _give_up(claim)
                raise

    def end(self) -> None:
        """Close what is open on the loop, as `asyncio.run` does at its end, and the loop."""
        self._ended = True
        if self._loop is None:
            return
        if not self._right.acquire(blocking=False):
            self._loop.call_soon_threadsafe(self._leave)
            if not self._right.acquire(timeout=LAST_SECONDS):
                return  # a function that blocks holds the loop: the program ends without it
        self.attended = True
        with suppress(TimeoutError):
            self._loop.run_until_complete(asyncio.wait_for(self._closed(self._loop), LAST_SECONDS))
        self._loop.close()

    async def _closed(self, loop: asyncio.AbstractEventLoop) -> None:
        for task in self._kept:
            task.cancel()
        await asyncio.gather(*self._kept, return_exceptions=True)  # a generator that one reads cannot be closed
        await loop.shutdown_asyncgens()

    def _serve(self, claim: list[threading.Lock]) -> None:
        loop = self._made()
        with self._right:
            self._served = self.attended = True
            if isinstance(loop, _Loop):
                loop.call_later(QUIET_SECONDS, self._look)
            while self._served and not self._ended:
                with suppress(KeyboardInterrupt, SystemExit):  # a task's: who waits for that task gets it
                    loop.run_forever()
            self._served = self.attended = False
            left = bool(asyncio.all_tasks(loop))
        _give_up(claim)
        if (left or self._wanted) and not self._ended:
            self.wake()

    def _look(self) -> None:
        """On the loop: leave it, if there was nothing to do since the last look."""
        if self._used or asyncio.all_tasks(self._made()):
            self._used = False
            self._made().call_later(QUIET_SECONDS, self._look)
        else:
            self._wanted = False
            self._leave()

    def _leave(self) -> None:
        if self._served:
            self._served = False
            self._stop()

    def _stop(self) -> None:
        self.attended = False  # what was posted before this still runs; what comes after it wakes
        self._made().call_soon(self._made().stop)

    def _made(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            with self._making:
                if self._loop is None:
                    self._loop = self._make()
        return self._loop

    def _make(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        if sys.platform != "win32" and type(loop) is asyncio.SelectorEventLoop:
            loop.close()
            return _Loop(self)
        return loop  # such as uvloop's: its thread runs it, always


def _give_up(claim: list[threading.Lock]) -> None:
    with suppress(IndexError):
        claim.pop().release()  # once, whoever is first


class _Loop(asyncio.SelectorEventLoop):
    """A loop that gets its thread when something is posted to it while nobody runs it."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background = background

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        if not self._background.attended:  # looked at after it was posted: see `_stop`
            self._background.wake()
        return handle


class _Carried(Generic[T]):
    """A coroutine on the loop, and a thread that waits for it: one lock, at two thirds of what two futures take."""

    __slots__ = ("_background", "_done", "_error", "_task", "_value", "_work")
    _value: T

    def __init__(self, work: Coroutine[Any, Any, T], background: Background) -> None:
        self._work, self._background = work, background
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()  # until the work is

    def result(self) -> T:
        """What the work gives; where the wait is broken off, the work is cancelled and has a moment to clean up."""
        try:
            if not self._background.drive(self._begin, until=self):
                self._background.loop().call_soon_threadsafe(self._begin)
            if not self._done.acquire(blocking=False):
                self._background.wake()  # where somebody else stopped the loop
                self._done.acquire()
        except BaseException:
            self._background.loop().call_soon_threadsafe(self._cancel)
            self._done.acquire(timeout=CLEANING_SECONDS)
            raise
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # its traceback holds this object
        return self._value

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._carry())

    async def _carry(self) -> None:
        try:
            self._value = await self._work
        except BaseException as error:
            self._error = error
        finally:
            self._done.release()
            self._background.halt(self)

    def _cancel(self) -> None:
        if self._task is None:
            self._work.close()  # it never began
            self._done.release()
        else:  # once it has begun: else it could not say that it ended
            asyncio.get_running_loop().call_soon(self._task.cancel)


_background = Background()
atexit.register(end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
