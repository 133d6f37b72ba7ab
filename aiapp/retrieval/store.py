"""The store: one SQLite file with documents, chunks, vectors and a full-text table; every change is one transaction."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import weakref
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.retrieval.documents import Chunk, Document
from aiapp.retrieval.splitting import Piece
from aiapp.retrieval.validity import is_superseded

FORMAT = 2
BUSY_SECONDS = 10.0
_TABLES = """
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, digest TEXT NOT NULL,
    modified INTEGER NOT NULL, size INTEGER NOT NULL, text TEXT NOT NULL, pages TEXT NOT NULL,
    superseded INTEGER NOT NULL);
CREATE TABLE chunks (id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, heading TEXT NOT NULL, vectors BLOB NOT NULL);
CREATE INDEX chunks_of ON chunks(document);
CREATE VIRTUAL TABLE lexical USING fts5(text, heading, tokenize = 'porter unicode61 remove_diacritics 2');
"""
HEADING_WEIGHT = 0.7
"""What a word in the headings counts in the full-text score, beside 1 for one in the text."""

Vectors = npt.NDArray[np.float32]
_STORED = np.dtype("<f2")
"""Half precision: a cosine moves by less than a thousandth."""


class IndexUnusable(AiappError):
    """The file is no index of ours, or was made with another embedder or another version."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a file."""

    path: Path
    digest: str
    modified: int
    size: int


@dataclass(frozen=True, slots=True)
class Stats:
    """How much an index holds."""

    documents: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A document ready to be stored; `vectors` has a matrix for each piece, with a row for each reading of it."""

    document: Document
    known: Known
    pieces: Sequence[Piece]
    vectors: Sequence[Vectors]


class Store:
    """An open index file. A half-made change is never seen: not by readers, and not after a crash."""

    def __init__(self, path: Path, manifest: dict[str, str]) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._dimensions = int(manifest["dimensions"])
        self._matrix: tuple[tuple[int, int], npt.NDArray[np.int64], Vectors] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexUnusable(f"index {path}: its folder cannot be made ({error.strerror})") from None
        with self._explained():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        self._let_go = weakref.finalize(self, self._connection.close)  # also where nobody calls `close`
        try:
            with self._explained():
                self._connection.execute("PRAGMA foreign_keys = ON")
                if not self._tables():
                    # Readers go on reading the last state while another process writes the next.
                    self._connection.execute("PRAGMA journal_mode = WAL")
                    self._make({"format": str(FORMAT), **manifest})
                self._check({"format": str(FORMAT), **manifest})
        except IndexUnusable:
            self.close()
            raise

    def _tables(self) -> set[str]:
        return {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master")}

    def _make(self, manifest: dict[str, str]) -> None:
        with self.transaction():
            if self._tables():  # another process was faster
                return
            for statement in _TABLES.split(";"):
                self._connection.execute(statement)
            self._connection.executemany("INSERT INTO manifest VALUES (?, ?)", manifest.items())

    def _check(self, manifest: dict[str, str]) -> None:
        if "manifest" not in self._tables():
            raise IndexUnusable(f"index {self.path}: a database of something else; choose another --index")
        found = dict(self._connection.execute("SELECT key, value FROM manifest"))
        for key, value in manifest.items():
            if found.get(key) != value:
                made = f"made with {key} {found.get(key)}, opened with {key} {value}"
                raise IndexUnusable(f"index {self.path}: {made}; remove the file to build it anew")

    @property
    def files(self) -> set[Path]:
        """The file itself, and those that stand beside it while it is open."""
        return {self.path.with_name(self.path.name + end) for end in ("", "-wal", "-shm")}

    def close(self) -> None:
        """Let go of the file."""
        self._let_go()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All of the changes inside, or none."""
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """All that is read inside is of one state, whatever other processes write meanwhile."""
        with self._lock, self._explained():
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _explained(self) -> Generator[None]:
        """What goes wrong inside, in words that say what to do about it."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                remedy = "another process is writing to it; try again when it is done"
                raise IndexUnusable(f"index {self.path}: {remedy}") from None
            raise IndexUnusable(
                f"index {self.path}: {error}; check the space and the permissions there, or choose another --index"
            ) from None
        except sqlite3.DatabaseError as error:
            raise IndexUnusable(f"index {self.path}: {error}; remove the file or choose another --index") from None

    def known(self) -> dict[Path, Known]:
        """Every stored file."""
        rows = self._connection.execute("SELECT path, digest, modified, size FROM documents")
        return {Path(path): Known(Path(path), digest, modified, size) for path, digest, modified, size in rows}

    def remove(self, paths: Iterable[Path]) -> None:
        """Forget some files."""
        for path in paths:
            self._connection.execute(
                "DELETE FROM lexical WHERE rowid IN (SELECT chunks.id FROM chunks JOIN documents ON documents.id ="
                " chunks.document WHERE path = ?)",
                (str(path),),
            )
            self._connection.execute("DELETE FROM documents WHERE path = ?", (str(path),))

    def put(self, entry: Entry) -> None:
        """Store a file in place of what was known of it."""
        self.remove([entry.known.path])
        known, document = entry.known, entry.document
        cursor = self._connection.execute(
            "INSERT INTO documents (path, digest, modified, size, text, pages, superseded)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(str(known.path), known.digest, known.modified, known.size),
                *(document.text, json.dumps(document.pages), is_superseded(document)),
            ),
        )
        for piece, vectors in zip(entry.pieces, entry.vectors, strict=True):
            chunk = self._connection.execute(
                'INSERT INTO chunks (document, start, "end", heading, vectors) VALUES (?, ?, ?, ?, ?)',
                (cursor.lastrowid, piece.start, piece.end, piece.heading, vectors.astype(_STORED).tobytes()),
            )
            text = document.text[piece.start : piece.end]
            self._connection.execute(
                "INSERT INTO lexical (rowid, text, heading) VALUES (?, ?, ?)", (chunk.lastrowid, text, piece.heading)
            )

    def touch(self, known: Known) -> None:
        """Remember a new time of change of a file whose content is the same."""
        self._connection.execute("UPDATE documents SET modified = ? WHERE path = ?", (known.modified, str(known.path)))

    def document(self, path: Path) -> Document:
        """A stored document."""
        row = self._connection.execute("SELECT text, pages FROM documents WHERE path = ?", (str(path),)).fetchone()
        if row is None:
            raise InvalidInput("source", str(path), "a document of this index")
        return Document(path, row[0], tuple(json.loads(row[1])))

    def chunks(self, ids: Sequence[int]) -> dict[int, Chunk]:
        """Chunks by their numbers."""
        rows = self._connection.execute(
            'SELECT chunks.id, path, start, "end", substr(text, start + 1, "end" - start), heading, superseded'
            " FROM chunks"
            f" JOIN documents ON documents.id = chunks.document WHERE chunks.id IN ({','.join('?' * len(ids))})",
            list(ids),
        )
        return {
            number: Chunk(path, start, end, text, heading, bool(superseded))
            for number, path, start, end, text, heading, superseded in rows
        }

    def stats(self) -> Stats:
        """How much there is."""
        select = "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks)"
        return Stats(*self._connection.execute(select).fetchone())

    def lexical(self, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """Chunks with any of the terms, best first, with BM25 scores above 0."""
        query = " OR ".join(f'"{term}"' for term in terms if re.search(r"\w", term) and '"' not in term)
        if not query:
            return []
        rows = self._connection.execute(
            f"SELECT rowid, -bm25(lexical, 1.0, {HEADING_WEIGHT}) AS score FROM lexical WHERE lexical MATCH ?"
            " ORDER BY score DESC LIMIT ?",
            (query, limit),
        )
        return [(int(number), float(score)) for number, score in rows]

    def vectors(self) -> tuple[npt.NDArray[np.int64], Vectors]:
        """All vectors, and for each the number of the chunk that it stands for: (n,), (n, dimensions)."""
        others = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        version = (others, self._connection.total_changes)
        if self._matrix is None or self._matrix[0] != version:
            rows = self._connection.execute("SELECT id, vectors FROM chunks ORDER BY id").fetchall()
            width = self._dimensions * _STORED.itemsize
            owners = np.repeat([number for number, _ in rows], [len(vectors) // width for _, vectors in rows])
            flat = np.frombuffer(b"".join(vectors for _, vectors in rows), _STORED).astype(np.float32)
            self._matrix = (version, owners.astype(np.int64), flat.reshape(-1, self._dimensions))
        return self._matrix[1], self._matrix[2]
