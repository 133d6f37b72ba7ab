"""A stopwatch: where the seconds of a call went."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from aiapp.core.response import Timing


class Stopwatch:
    """Starts when it is made; `stage` times a part of the work and `first_token` marks the first visible output."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._first: float | None = None
        self._stages: dict[str, float] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    def first_token(self) -> None:
        """Mark the first visible output; later marks change nothing."""
        if self._first is None:
            self._first = self.elapsed

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Time a stage; several with one name add up."""
        before = self.elapsed
        try:
            yield
        finally:
            self._stages[name] = self._stages.get(name, 0.0) + self.elapsed - before

    def timing(self) -> Timing:
        """The times so far."""
        return Timing(self.elapsed, self._first, tuple(self._stages.items()))
