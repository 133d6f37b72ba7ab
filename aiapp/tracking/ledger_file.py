"""The file of a ledger: its schema, and the thread that writes to it."""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.sqlite import BUSY_SECONDS, connect, patiently

FORMAT = 1
"""The version of the schema, as `PRAGMA user_version`."""
IDLE_SECONDS = 5.0
"""After so long without a span a writer lets go of the file; the next span begins another."""
GATHER_SECONDS = 0.02
"""How long a writer waits for more spans before it writes the first, unless somebody waits for it."""
COLUMNS = 25
_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS spans (
    id TEXT PRIMARY KEY, trace TEXT NOT NULL, parent TEXT, kind TEXT NOT NULL, name TEXT NOT NULL,
    started TEXT NOT NULL, seconds REAL NOT NULL, first_token REAL,
    model TEXT, served TEXT, prompt TEXT, prompt_name TEXT, step TEXT NOT NULL, tags TEXT NOT NULL,
    input_tokens INTEGER, output_tokens INTEGER, cached_tokens INTEGER, cache_write_tokens INTEGER,
    reasoning_tokens INTEGER, cost TEXT, at_least TEXT NOT NULL, unknown TEXT NOT NULL,
    error TEXT, cached INTEGER NOT NULL, json TEXT NOT NULL
) WITHOUT ROWID
""",
    "CREATE INDEX IF NOT EXISTS spans_by_start ON spans (started)",
    "CREATE INDEX IF NOT EXISTS spans_by_trace ON spans (trace)",
    *(
        f"CREATE TRIGGER IF NOT EXISTS spans_no_{event.lower()} BEFORE {event} ON spans "
        "BEGIN SELECT RAISE(ABORT, 'a ledger is append-only'); END"
        for event in ("UPDATE", "DELETE")
    ),
)
_INSERT = f"INSERT OR IGNORE INTO spans VALUES ({', '.join('?' * COLUMNS)})"

Row: TypeAlias = tuple[Any, ...]


class Writer:
    """The thread that writes to one file, all that waits in one transaction; one for each file and process."""

    def __init__(self, path: Path) -> None:
        self.waiting: queue.SimpleQueue[Row | threading.Event] = queue.SimpleQueue()
        self.hurry = threading.Event()
        """Set where somebody waits."""
        self.lost: list[str] = []
        """Why spans could not be written, a reason for each."""
        self._path = path
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = opened(path)
        threading.Thread(target=self._run, name="aiapp-ledger", daemon=True).start()

    def _run(self) -> None:
        with closing(self._connection):
            while True:
                try:
                    items = [self.waiting.get(timeout=IDLE_SECONDS)]
                except queue.Empty:
                    with _lock:
                        if not self.waiting.empty():
                            continue
                        _writers.pop(self._path, None)
                    return
                self.hurry.wait(GATHER_SECONDS)
                self.hurry.clear()
                while not self.waiting.empty():
                    items.append(self.waiting.get())
                self._write([item for item in items if isinstance(item, tuple)])
                for item in items:
                    if isinstance(item, threading.Event):
                        item.set()

    def _write(self, rows: Sequence[Row]) -> None:
        try:
            if rows:
                patiently(lambda: self._insert(rows))
        except (sqlite3.Error, OverflowError) as error:  # the latter for a count that no INTEGER holds
            self.lost += [str(error)] * len(rows)

    def _insert(self, rows: Sequence[Row]) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT, rows)


_writers: dict[Path, Writer] = {}
_lock = threading.Lock()


def _after_fork() -> None:
    """Neither a connection nor a thread outlives a fork."""
    global _writers, _lock
    _writers, _lock = {}, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def put(path: Path, item: Row | threading.Event) -> Writer:
    """Hand a row, or an event to be set once all before it is written, to the writer of a file."""
    with _lock:
        writer = _writers.get(path)
        if writer is None:
            if not _writers:
                _flush_at_exit()
            writer = _writers[path] = Writer(path)
        writer.waiting.put(item)
    return writer


def flush(path: Path) -> Sequence[str]:
    """Wait until all that was put is written; why spans were lost since the last time, a reason for each."""
    with _lock:
        busy = path in _writers
    if not busy:
        return ()
    done = threading.Event()
    writer = put(path, done)
    writer.hurry.set()
    done.wait(2 * BUSY_SECONDS)
    lost, writer.lost = writer.lost, []
    return lost


def _flush_at_exit() -> None:
    """Also where a process is one of `multiprocessing`, which runs nothing that `atexit` knows."""
    from multiprocessing.util import Finalize

    Finalize(None, lambda: [flush(path) for path in [*_writers]], exitpriority=0)


def opened(path: Path) -> sqlite3.Connection:
    """A connection to a ledger, which is made where there is none."""
    connection = connect(path)
    try:
        patiently(lambda: _prepare(connection, path))
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables - {"spans"} or version not in (0, FORMAT):
        raise unusable(path, f"a database of something else, or of another version than {FORMAT}")
    connection.execute("PRAGMA synchronous = NORMAL")  # a crash may lose the last spans, never the file
    if not version:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Whatever goes wrong with a file is one clear line."""
    try:
        yield
    except sqlite3.Error as error:
        raise unusable(path, f"one that SQLite cannot use ({error})") from None
    except OSError as error:
        raise unusable(path, f"in a folder that cannot be made ({error.strerror})") from None


def unusable(path: Path, found: str) -> InvalidInput:
    return InvalidInput("ledger", str(path), f"a ledger that aiapp made, or no file yet; this is {found}")
