"""Ctrl-C while an event loop runs on the main thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType


class CtrlC:
    """Within it, Ctrl-C calls `then`, and KeyboardInterrupt is raised at the end: in the midst of a loop's own code it
    would break the loop. A second Ctrl-C raises at once. So does `asyncio.Runner`.

    On other threads, and where the application has a handler of its own, it changes nothing.
    """

    __slots__ = ("_ours", "_pressed", "_then")

    def __init__(self, then: Callable[[], object]) -> None:
        self._then, self._pressed, self._ours = then, False, False

    def __enter__(self) -> None:
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._press)
            self._ours = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._pressed:
                raise KeyboardInterrupt

    def _press(self, _signal: int, _frame: FrameType | None) -> None:
        if self._pressed:
            raise KeyboardInterrupt
        self._pressed = True
        self._then()
