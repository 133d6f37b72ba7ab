"""The one event loop behind blocking calls, and who runs it.

A blocking caller who is alone runs the loop itself while it waits: to cross to another thread and back would cost it
about 100 us a call. Where the loop is needed by others, or while nobody waits, a daemon thread runs it until it has
been quiet for a while: for callers on several threads at once, one whose thread runs a loop of its own (a notebook), a
stream that is read ahead, a task that a call left behind, something posted from outside. What a call leaves behind
without a task, as a timer, stands still until somebody runs the loop again.
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
    _inherited.append(_background)
    _background = Background()


class Background:
    """The loop, made on first use, and the right to run it: a caller's for a call, the thread's while it is needed."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._right = threading.Lock()  # held by whoever runs the loop
        self._asked = threading.Lock()  # held while there is a thread, or about to be
        self._wanted = self._used = False  # the thread: since it last looked
        self._runs: object = None  # the thread's claim, or the task that a caller runs the loop for
        self.attended = False
        """Whether what is posted to the loop is sure to run soon."""
        self.ended = False

    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, run by its thread, or soon: when the caller who runs it has its answer."""
        loop = self._made()
        self._used = True
        self._ask()
        return loop

    def is_loop(self, loop: asyncio.AbstractEventLoop | None) -> bool:
        """Whether it is this one."""
        return loop is not None and loop is self._loop

    def drive(self, begin: Callable[[], asyncio.Task[Any] | None], *, wait: bool = False) -> bool:
        """Run the loop on this thread until the task that `begin` begins is done; False where others shall run it.

        Ctrl-C ends it early; then, and wherever work is left over, the thread goes on with it. `wait`: until nobody
        else runs it.
        """
        if self._asked.locked() or running_loop() is not None or not isinstance(loop := self._made(), _Loop):
            return False
        guard = CtrlC(lambda: loop.call_soon_threadsafe(self._stop))
        if not guard.is_safe:
            return False
        with guard:
            if not self._right.acquire(blocking=wait):
                return False
            try:
                self._runs, self.attended = begin, True
                # Two steps later: until then ends of connections are heard that came meanwhile, those of TLS too.
                loop.call_soon(loop.call_soon, self._run_for, begin)
                loop.run_forever()
            except (KeyboardInterrupt, SystemExit):
                if threading.current_thread() is threading.main_thread():  # else it is of a task that others wait for
                    raise
            finally:
                stopped, self._runs, self.attended = self._runs is None, None, False
                try:
                    if not stopped or asyncio.all_tasks(loop):
                        self.wake()
                finally:
                    self._right.release()
        return True

    def wake(self) -> None:
        """Have the thread run the loop, from when nobody else does; a program that is ending starts none.

        It can be called at any moment, in the midst of these very methods, too: garbage collection posts what is left
        of asynchronous generators. So it waits for nothing; the thread does.
        """
        with suppress(RuntimeError):
            self._ask()

    def end(self) -> None:
        """Cancel what runs, close what is open, as `asyncio.run` does at its end, and close the loop."""
        self.ended, loop = True, self._loop
        if loop is None:
            return
        if not self._right.acquire(blocking=False):
            loop.call_soon_threadsafe(self._stop)
            if not self._right.acquire(timeout=LAST_SECONDS):
                return  # a function that blocks holds the loop: the program ends without it
        try:
            self.attended = True
            loop.call_soon(loop.stop)
            loop.run_forever()  # what was posted last, as somebody's own `stop`
            loop.run_until_complete(_closed(loop))
            loop.close()
        finally:
            self._right.release()

    def _run_for(self, begin: Callable[[], asyncio.Task[Any] | None]) -> None:
        if self._runs is begin and (task := begin()) is not None:
            self._runs = task
            task.add_done_callback(self._answered)  # not the task itself, which may be deep in calls

    def _answered(self, task: asyncio.Task[Any]) -> None:
        if self._runs is task:
            self._stop()

    def _stop(self) -> None:
        """On the loop: whoever runs it leaves it."""
        if self._runs is not None:
            self._runs, self.attended = None, False  # what was posted before still runs, what comes later wakes
            self._made().call_soon(self._made().stop)

    def _ask(self) -> None:
        self._wanted = True  # before it asks: a thread that is leaving looks at it after it has left
        if not self.ended and self._asked.acquire(blocking=False):
            claim = [self._asked]
            try:
                threading.Thread(target=self._serve, args=(claim,), name="aiapp-loop", daemon=True).start()
            except BaseException:  # Ctrl-C may come when the thread has started, or before
                _give_up(claim)
                raise

    def _serve(self, claim: list[threading.Lock]) -> None:
        loop, left = self._made(), False
        try:
            with self._right:
                try:
                    self._runs, self.attended = claim, True
                    if isinstance(loop, _Loop):
                        loop.call_later(QUIET_SECONDS, self._look, claim)
                    while self._runs is claim and not self.ended:
                        with suppress(KeyboardInterrupt, SystemExit):  # a task's: who waits for that task gets it
                            loop.run_forever()
                finally:
                    self._runs, self.attended = None, False
                    left = not self.ended and bool(asyncio.all_tasks(loop))
        finally:
            _give_up(claim)
            if left or self._wanted:
                self.wake()

    def _look(self, claim: list[threading.Lock]) -> None:
        """On the loop: leave it, if there was nothing to do since the last look."""
        if self._runs is not claim:
            return
        if self._used or asyncio.all_tasks(self._made()):
            self._used = False
            self._made().call_later(QUIET_SECONDS, self._look, claim)
        else:
            self._wanted = False
            self._stop()

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


async def _closed(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=LAST_SECONDS)
    with suppress(TimeoutError):
        await asyncio.wait_for(loop.shutdown_asyncgens(), LAST_SECONDS)


class _Loop(asyncio.SelectorEventLoop):
    """A loop that gets its thread when something is posted to it while nobody runs it."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background, self._process = background, os.getpid()

    def __del__(self) -> None:
        if os.getpid() == self._process:  # a forked child that closed it would make it deaf in the parent
            super().__del__()

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        if not self._background.attended:  # looked at after it was posted: see `_stop`
            self._background.wake()
        return handle


class _Carried(Generic[T]):
    """A coroutine on the loop, and a thread that waits for it: one lock, at two thirds of what two futures take."""

    __slots__ = ("_background", "_broken_off", "_done", "_error", "_task", "_value", "_work")
    _value: T

    def __init__(self, work: Coroutine[Any, Any, T], background: Background) -> None:
        self._work, self._background = work, background
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._broken_off = False
        self._done = threading.Lock()
        self._done.acquire()  # until the work is

    def result(self) -> T:
        """What the work gives; where the wait is broken off, the work is cancelled and has a moment to clean up."""
        try:
            if not self._background.drive(self._begin):
                self._post()
            if not self._done.acquire(blocking=False):
                self._background.wake()  # where somebody else stopped the loop
                self._done.acquire()
        except BaseException:
            self._break_off()
            raise
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # its traceback holds this object
        return self._value

    def _post(self) -> None:
        try:
            self._background.loop().call_soon_threadsafe(self._begin)
        except RuntimeError:  # a program that is ending starts no threads, or the loop was closed with it
            if self._background.ended or not self._background.drive(self._begin, wait=True):
                raise

    def _break_off(self) -> None:
        if self._task is not None and self._task.done():
            return
        with suppress(RuntimeError):
            self._background.loop().call_soon_threadsafe(self._cancel)
            self._done.acquire(timeout=CLEANING_SECONDS)
        if self._task is None:
            self._work.close()

    def _begin(self) -> asyncio.Task[None] | None:
        if not self._broken_off:
            self._task = asyncio.get_running_loop().create_task(self._carry())
        return self._task

    async def _carry(self) -> None:
        try:
            self._value = await self._work
        except BaseException as error:  # raised in the caller's thread, by `result`
            self._error = error
        finally:
            if not self._background.ended:  # else a daemon thread waits for it, which shall not speak any more
                self._done.release()

    def _cancel(self) -> None:
        self._broken_off = True
        if self._task is None:
            self._done.release()
        else:  # once it has begun: else it could not say that it ended
            asyncio.get_running_loop().call_soon(self._task.cancel)


_background = Background()
_inherited: list[Background] = []  # by a forked child, which must not close the parent's
atexit.register(end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
