"""The index: documents in, hits and cited answers out."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput
from aiapp.retrieval.answer import Answer, Found, answer_question, shown_path
from aiapp.retrieval.documents import Document, Hit, Skipped
from aiapp.retrieval.embedding import Embedder, default_embedder
from aiapp.retrieval.loading import find_files, parse, place_of, unreadable
from aiapp.retrieval.search import search
from aiapp.retrieval.splitting import VERSION, split
from aiapp.retrieval.store import FORMAT, Entry, Known, Stats, Store
from aiapp.retrieval.units import readings_of
from aiapp.sync import run
from aiapp.tracking.stopwatch import Stopwatch

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a change of the index would do. Files are absolute; `deleted` are those gone from below the given paths."""

    roots: tuple[Path, ...]
    added: tuple[Path, ...]
    changed: tuple[Path, ...]
    deleted: tuple[Path, ...]
    touched: tuple[Known, ...]
    unchanged: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a change of the index did; `embedded` counts chunks."""

    added: int
    changed: int
    deleted: int
    unchanged: int
    embedded: int
    skipped: tuple[Skipped, ...]


class Index:
    """Documents in one file on disk, ready to be searched and asked. Use it as a context manager, or `close` it."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store, self._embedder = store, embedder

    @classmethod
    def open(cls, path: str | Path, *, embedder: Embedder | None = None) -> Self:
        """Open the index in a file, or make it. It must have been made with the same embedder and splitter."""
        chosen = default_embedder() if embedder is None else embedder
        manifest = {"embedder": chosen.name, "dimensions": str(chosen.dimensions), "splitter": str(VERSION)}
        place = Path(path)
        if place.is_dir():
            raise InvalidInput("index", str(path), "the path of a file, not of a folder")
        return cls(Store(place, manifest), chosen)

    def plan(self, *paths: str | Path) -> Plan:
        """What `add` would do with these files and folders; nothing is changed."""
        if not paths:
            raise InvalidInput("paths", paths, "at least one file or folder")
        given = [Path(path) for path in paths]
        files, passed_over = find_files(given)
        own = {str(place_of(file)) for file in self._store.files}
        skipped = [skip for skip in passed_over if skip.path not in own]
        roots = tuple(place_of(path) for path in given)
        with self._store.snapshot():
            known = {path: entry for path, entry in self._store.known().items() if _below(path, roots)}
        added: list[Path] = []
        changed: list[Path] = []
        touched: list[Known] = []
        for file in files:
            before = known.pop(file, None)
            if before is None:
                added.append(file)
                continue
            now = _known_now(before)
            if now is None:
                changed.append(file)
            elif now != before:
                touched.append(now)
        same = len(files) - len(added) - len(changed)
        return Plan(roots, tuple(added), tuple(changed), tuple(known), tuple(touched), same, tuple(skipped))

    def apply(self, plan: Plan, progress: Progress | None = None) -> Report:
        """Carry out a plan in one transaction: an interruption leaves the index as it was."""
        work = [*plan.added, *plan.changed]
        failed: list[Skipped] = []
        embedded = 0
        with self._store.transaction():
            self._store.remove(plan.deleted)
            for known in plan.touched:
                self._store.touch(known)
            for done, file in enumerate(work, 1):
                entry = self._entry(file)
                if isinstance(entry, Skipped):
                    failed.append(entry)
                    self._store.remove([file])
                else:
                    self._store.put(entry)
                    embedded += len(entry.pieces)
                if progress is not None:
                    progress(done, len(work))
            skipped = (*plan.skipped, *failed)
            if not any(_below(path, plan.roots) for path in self._store.known()):
                raise InvalidInput("paths", [shown_path(root) for root in plan.roots], _nothing_readable(skipped))
        unread = {Path(skip.path) for skip in failed}
        return Report(
            added=sum(file not in unread for file in plan.added),
            changed=sum(file not in unread for file in plan.changed),
            deleted=len(plan.deleted),
            unchanged=plan.unchanged,
            embedded=embedded,
            skipped=tuple(Skipped(shown_path(Path(skip.path)), skip.reason) for skip in skipped),
        )

    def add(self, *paths: str | Path, progress: Progress | None = None) -> Report:
        """Take in files and folders: new and changed ones are read and embedded, vanished ones forgotten."""
        return self.apply(self.plan(*paths), progress)

    def search(self, question: str, k: int = 5) -> list[Hit]:
        """The `k` passages that speak most to the question, best first."""
        if not any(map(str.isalnum, question)):
            raise InvalidInput("question", question, "a question in words")
        if k < 1:
            raise InvalidInput("k", k, "a whole number of at least 1")
        with self._store.snapshot():
            return search(self._store, self._embedder, question, k)

    async def aask(
        self, question: str, client: Client, k: int = 5, on_text: Callable[[str], None] | None = None
    ) -> Answer:
        """Answer from the `k` best passages, with quotes that were checked; `on_text` gets the answer as it comes."""
        stopwatch = Stopwatch()
        with stopwatch.stage("search"), self._store.snapshot():
            hits = self.search(question, k)
            documents = {source: self.document(source) for source in {hit.chunk.source for hit in hits}}
        return await answer_question(question, Found(hits, documents), client, stopwatch, on_text)

    def ask(self, question: str, client: Client, k: int = 5, on_text: Callable[[str], None] | None = None) -> Answer:
        """The blocking twin of `aask`."""
        return run(self.aask(question, client, k, on_text))

    def document(self, source: str) -> Document:
        """The text of a source as a hit or a citation names it."""
        with self._store.snapshot():
            return self._store.document(place_of(Path(source)))

    def stats(self) -> Stats:
        """How much the index holds."""
        with self._store.snapshot():
            return self._store.stats()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _entry(self, file: Path) -> Entry | Skipped:
        try:
            state = file.stat()  # before the reading, so that a change in between is seen the next time
            data = file.read_bytes()
        except OSError as error:
            return unreadable(file, error)
        document = parse(file, data)
        if isinstance(document, Skipped):
            return document
        pieces = split(document.text, file.stem.replace("-", " ").replace("_", " "))
        readings = [readings_of(piece.heading, document.text[piece.start : piece.end]) for piece in pieces]
        vectors = self._embedder.embed([text for texts in readings for text in texts])
        ends = list(accumulate(len(texts) for texts in readings))
        known = Known(file, hashlib.sha256(data).hexdigest(), state.st_mtime_ns, state.st_size)
        return Entry(document, known, pieces, np.split(vectors, ends[:-1]) if pieces else [])


def default_index_path(paths: Iterable[str | Path]) -> Path:
    """Where the command line keeps the index of these paths: one file for each set, in the user's cache folder.

    A version of aiapp that reads, splits or embeds otherwise keeps its own: an upgrade asks nothing of the user.
    """
    roots = "\n".join(sorted(str(Path(path).resolve()) for path in paths))
    made = f"{FORMAT}.{VERSION}.{default_embedder().name}"
    return _cache_folder() / "aiapp" / f"{hashlib.sha256(os.fsencode(roots)).hexdigest()[:24]}-{made}.idx"


def _cache_folder() -> Path:
    if (chosen := os.environ.get("XDG_CACHE_HOME")) is not None:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def _below(path: Path, roots: Iterable[Path]) -> bool:
    return any(path == root or root in path.parents for root in roots)


def _known_now(before: Known) -> Known | None:
    """What is known of a file whose content is the same, or None where it is another one or cannot be read."""
    try:
        state = before.path.stat()
        if (state.st_mtime_ns, state.st_size) == (before.modified, before.size):
            return before
        same = state.st_size == before.size and hashlib.sha256(before.path.read_bytes()).hexdigest() == before.digest
    except OSError:
        return None
    return replace(before, modified=state.st_mtime_ns) if same else None


def _nothing_readable(skipped: Iterable[Skipped]) -> str:
    reasons = "; ".join(f"{shown_path(Path(skip.path))}: {skip.reason}" for skip in list(skipped)[:5])
    readable = "files or folders with Markdown, text, HTML or PDF in them"
    return f"{readable} (skipped {reasons})" if reasons else readable
