"""SQLite files that any number of threads and processes share."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

BUSY_SECONDS = 10.0
"""How long one waits for the others; each holds a file for a few milliseconds."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection that waits for others, begins transactions only where it is told to, and serves any thread."""
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def patiently(work: Callable[[], None]) -> None:
    """Do `work`, which others may be at: SQLite does not wait for them where a journal is begun."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)
