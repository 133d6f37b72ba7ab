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
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeVarTuple, Unpack

from aiapp.sync.ctrl_c import CtrlC

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


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs on this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def end() -> None:
    """Close what is open on the background loop, and the loop, as programs do when they end; later calls begin anew.

    A call that is under way ends with a RuntimeError, on a daemon thread never.
    """
    global _background
    ended, _background = _background, Background()
    ended.end()


def _after_fork() -> None:
    global _background
    _background.ended = True  # nobody runs the copy here: its selector is the parent's
    _inherited.append(_background)
    _background = Background()


class Background:
    """The loop, made on first use, and the right to run it: a caller's for a call, the thread's while it is needed."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._right = _Right()
        self._asked = threading.Lock()  # held while there is a thread, or about to be
        self._wanted = False  # the thread: since it last looked
        self._runs: object = None  # the thread's claim, or the task that a caller runs the loop for
        self.attended = False
        """Whether what is posted to the loop is sure to run soon."""
        self.ended = False
        self.waiting = set[Callable[[], object]]()
        """What ends the waits of those who do not run the loop themselves, once it is closed."""

    @property
    def has_thread(self) -> bool:
        """Whether there is a thread for the loop, or about to be."""
        return self._asked.locked()

    @property
    def is_run_here(self) -> bool:
        """Whether this thread runs it, or is about to: finalizers make calls in the midst of that, too."""
        return self._right.is_here

    def is_loop(self, loop: asyncio.AbstractEventLoop | None) -> bool:
        """Whether it is this one."""
        return loop is not None and loop is self._loop

    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, run by its thread, or soon: when the caller who runs it has its answer."""
        loop = self._made()
        self._ask()
        return loop

    def drive(self, begin: Callable[[], asyncio.Task[Any] | None], *, wait: bool = False) -> bool:
        """Run the loop on this thread until the task that `begin` begins is done; False where others shall run it.

        Ctrl-C, or somebody's `loop.stop`, ends it early; then, and wherever work is left over, the thread goes on with
        it. `wait`: until nobody else runs it.
        """
        if self.has_thread or running_loop() is not None or not isinstance(loop := self._made(), _Loop):
            return False
        guard = CtrlC(lambda: loop.call_soon_threadsafe(self._stop))
        if not guard.is_safe:
            return False
        with guard:
            if not self._right.take(-1 if wait else 0):
                return False
            try:
                self._runs, self.attended = begin, True
                # Two steps later: until then ends of connections are heard that came meanwhile, those of TLS too.
                loop.call_soon(loop.call_soon, self._run_for, begin)
                with suppress(KeyboardInterrupt, SystemExit):  # as in `_run`; a press of Ctrl-C, the guard raises
                    loop.run_forever()
            finally:
                stopped, self._runs, self.attended = self._runs is None, None, False
                try:
                    if not stopped or asyncio.all_tasks(loop):
                        self.wake()
                finally:
                    self._right.leave()
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
        if loop is not None:
            if not self._right.take(0):
                loop.call_soon_threadsafe(self._stop)
                if not self._right.take(LAST_SECONDS):
                    return  # a function that blocks holds the loop: the program ends without it
            try:
                self.attended = True
                loop.call_soon(loop.stop)
                loop.run_forever()  # what was posted last, as somebody's own `stop`
                loop.run_until_complete(_closed(loop))
                loop.close()
            finally:
                self._right.leave()
        for give_up in [*self.waiting]:
            give_up()

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
            self._right.take(-1)
            try:
                if not self.ended:
                    self._run(loop, claim)
            finally:
                self._runs, self.attended = None, False
                left = not self.ended and bool(asyncio.all_tasks(loop))
                self._right.leave()
        finally:
            _give_up(claim)
            if left or self._wanted:
                self.wake()

    def _run(self, loop: asyncio.AbstractEventLoop, claim: list[threading.Lock]) -> None:
        self._runs, self.attended = claim, True
        if isinstance(loop, _Loop):
            loop.call_later(QUIET_SECONDS, self._look, claim)
        while self._runs is claim:
            with suppress(KeyboardInterrupt, SystemExit):  # a task's: who waits for that task gets it
                loop.run_forever()

    def _look(self, claim: list[threading.Lock]) -> None:
        """On the loop: leave it, if there is nothing to do."""
        if self._runs is not claim:
            return
        if asyncio.all_tasks(self._made()):
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


class _Right:
    """The right to run the loop, and the threads that have it, or are about to."""

    __slots__ = ("_here", "_lock")

    def __init__(self) -> None:
        self._lock, self._here = threading.Lock(), set[int]()

    @property
    def is_here(self) -> bool:
        """Whether this thread has it, or is about to: where that asked for it again, it would wait for itself."""
        return threading.get_ident() in self._here

    def take(self, timeout: float) -> bool:
        """Take it, within so many seconds; 0 does not wait, and -1 waits for ever."""
        here = threading.get_ident()
        self._here.add(here)
        if self._lock.acquire(timeout=timeout) if timeout else self._lock.acquire(blocking=False):
            return True
        self._here.discard(here)
        return False

    def leave(self) -> None:
        """Give it back."""
        self._lock.release()
        self._here.discard(threading.get_ident())


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


_background = Background()
_inherited: list[Background] = []  # by a forked child, which must not close the parent's
atexit.register(end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
