"""Signals while an event loop runs on the main thread."""

from __future__ import annotations

import importlib
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_signals: Any = importlib.import_module("_signal")
"""What `signal` wraps: the wrapper makes enums of numbers and handlers, at 8 us a question, and this asks thirty."""
_OTHERS = sorted(number for number in signal.valid_signals() if number < 32 and number != signal.SIGINT)


class CtrlC:
    """Within it, Ctrl-C calls `then`, and KeyboardInterrupt is raised at the end: in the midst of a loop's own code it
    would break the loop. A second Ctrl-C raises at once. So does `asyncio.Runner`. On other threads it does nothing.

    `is_safe` is false where the application handles signals itself: its handlers may raise, or make blocking calls,
    and must not do so in the midst of a loop's code. Then no loop should run on this thread.
    """

    __slots__ = ("_ours", "_pressed", "_then", "is_safe")

    def __init__(self, then: Callable[[], object]) -> None:
        self._then, self._pressed, self._ours, self.is_safe = then, False, False, True
        if threading.current_thread() is threading.main_thread():
            handler = _signals.getsignal(signal.SIGINT)
            self._ours = handler is signal.default_int_handler
            foreign = callable(handler) and not self._ours
            self.is_safe = not (foreign or any(callable(_signals.getsignal(number)) for number in _OTHERS))

    def __enter__(self) -> None:
        if self._ours:
            _signals.signal(signal.SIGINT, self._press)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ours:
            here = _signals.signal(signal.SIGINT, signal.default_int_handler)
            if here != self._press:
                _signals.signal(signal.SIGINT, here)  # somebody set it meanwhile
            if self._pressed:
                raise KeyboardInterrupt

    def _press(self, _signal: int, _frame: FrameType | None) -> None:
        if self._pressed:
            raise KeyboardInterrupt
        self._pressed = True
        self._then()
