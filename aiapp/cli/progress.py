"""A progress bar for work longer than a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 1.0
"""Seconds of work before a bar appears."""


@contextmanager
def progress_bar(label: str) -> Generator[Callable[[int, int], None] | None]:
    """A function `(done, total)` that draws the bar on stderr; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar(label)
    try:
        yield bar.advance
    finally:
        bar.close()


class _Bar:
    def __init__(self, label: str) -> None:
        self._label, self._began = label, time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def advance(self, done: int, total: int) -> None:
        if self._progress is None:
            if time.monotonic() - self._began < PATIENCE:
                return
            self._open(total)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), transient=True)
        self._progress.start()
        self._task = self._progress.add_task(self._label, total=total)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
