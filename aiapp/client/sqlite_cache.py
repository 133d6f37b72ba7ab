"""A response cache in a file."""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aiapp.client.cache import FORMAT
from aiapp.core.accepted import instance, number
from aiapp.core.errors import InvalidInput
from aiapp.core.events import Event
from aiapp.core.serialisation import from_json, to_json
from aiapp.sqlite import connect, patiently

_PATH = instance("the path of a file", str, Path)
_AGE = number("a number of seconds above 0, or None", lambda seconds: seconds > 0)
_TABLE = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, events TEXT NOT NULL, made REAL NOT NULL) WITHOUT ROWID
"""


class SqliteCache:
    """Keeps answers in a file, which any number of threads and processes may share; `max_age` is in seconds.

    The file holds answers and hashes of requests: no prompt, no key. An answer that cannot be written (a full disk)
    is still given, with a `RuntimeWarning`.
    """

    def __init__(
        self, path: str | Path, max_age: float | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        _PATH.check("path", path)
        if max_age is not None:
            _AGE.check("max_age", max_age)
        self.path, self.max_age = Path(path), max_age
        self._clock = clock
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._file: _File | None = _File(self.path)

    def get(self, key: str) -> Sequence[Event] | None:
        """The answer that is kept for a key, unless it is too old."""
        oldest = -math.inf if self.max_age is None else self._clock() - self.max_age
        with self._reading, _explained(self.path):
            found = self._opened().reader.execute("SELECT events, made FROM answers WHERE key = ?", (key,)).fetchone()
        if found is None or found[1] <= oldest:
            return None
        try:
            events: Sequence[Event] = from_json(tuple[Event, ...], found[0])
        except InvalidInput as error:
            raise _unusable(self.path, f"one with a damaged answer, at {error.field}") from None
        return events

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Keep an answer; those that are too old make room."""
        now = self._clock()
        try:
            with self._writing:
                writer = self._opened().writer
                writer.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, to_json(tuple(events)), now))
                if self.max_age is not None:
                    writer.execute("DELETE FROM answers WHERE made <= ?", (now - self.max_age,))
        except sqlite3.Error as error:
            warnings.warn(f"an answer could not be kept in {self.path}: {error}", RuntimeWarning, stacklevel=2)

    def __len__(self) -> int:
        with self._reading, _explained(self.path):
            count: int = self._opened().reader.execute("SELECT count(*) FROM answers").fetchone()[0]
            return count

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._reading, self._writing:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __enter__(self) -> SqliteCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> _File:
        """The open file of this process: a connection that was made before a fork must not be used after it."""
        file = self._file
        if file is None or file.process != os.getpid():
            file = self._file = _File(self.path)
        return file


class _File:
    """Two connections, so that nobody who reads waits for one who writes."""

    def __init__(self, path: Path) -> None:
        self.process = os.getpid()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(path, f"in a folder that cannot be made ({error.strerror})") from None
        with _explained(path):
            self.writer = connect(path)
            closing = weakref.finalize(self, self.writer.close)  # also where nobody calls `close`
            try:
                patiently(lambda: _prepare(self.writer, path))
                self.reader = connect(path)
            except BaseException:
                closing()
                raise
        self._closing = (weakref.finalize(self, self.reader.close), closing)

    def close(self) -> None:
        for close in self._closing:
            close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables - {"answers"} or version not in (0, FORMAT):
        raise _unusable(path, f"a database of something else, or of another version than {FORMAT}")
    connection.execute("PRAGMA synchronous = NORMAL")  # a crash may lose the last answers, never the file
    if not version:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA user_version = {FORMAT}")


@contextmanager
def _explained(path: Path) -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _unusable(path, f"one that SQLite cannot use ({error})") from None


def _unusable(path: Path, found: str) -> InvalidInput:
    return InvalidInput("cache", str(path), f"a file of answers that aiapp made, or no file yet; this is {found}")
