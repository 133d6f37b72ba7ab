"""Files to documents: which files are read, how, and why others are not."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from aiapp.core.errors import InvalidInput
from aiapp.retrieval.documents import Document, Skipped
from aiapp.retrieval.html_text import html_text

MARKDOWN, HTML, PDF = {".md", ".markdown"}, {".html", ".htm"}, {".pdf"}
TEXT = {".txt", ".text", ".rst", ".log"}
READABLE = MARKDOWN | HTML | PDF | TEXT
LARGEST = 20_000_000
"""Bytes; a larger file is skipped."""


def find_files(paths: Iterable[Path]) -> tuple[list[Path], list[Skipped]]:
    """The readable files under some files and folders, sorted, and what was passed over.

    Hidden files and folders inside a folder are passed over without a word, as version control's own are.
    """
    found: dict[Path, None] = {}
    skipped: list[Skipped] = []
    for path in paths:
        if not path.exists():
            raise InvalidInput("path", str(path), "an existing file or folder")
        files = _walk(path) if path.is_dir() else [path]
        for file in files:
            reason = _unsuitable(file)
            if reason is None:
                found[file.resolve()] = None
            else:
                skipped.append(Skipped(str(file), reason))
    return sorted(found), skipped


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        yield from (Path(here, name) for name in sorted(files) if not name.startswith("."))


def _unsuitable(file: Path) -> str | None:
    if file.suffix.lower() not in READABLE:
        return f"not one of {', '.join(sorted(READABLE))}"
    size = file.stat().st_size
    if size == 0:
        return "empty"
    return f"{size / 1e6:.0f} MB, larger than {LARGEST / 1e6:.0f} MB" if size > LARGEST else None


def load(path: Path) -> Document | Skipped:
    """The document in a file, or why it could not be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Skipped(str(path), f"unreadable: {error.strerror}")
    suffix = path.suffix.lower()
    if suffix in PDF:
        return _pdf(path)
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Skipped(str(path), "binary")
    text = _decoded(data)
    text = html_text(text) if suffix in HTML else text
    return Document(path, text) if text.strip() else Skipped(str(path), "no text in it")


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _pdf(path: Path) -> Document | Skipped:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of every oddity that it copes with
    try:
        texts = [page.extract_text() for page in PdfReader(path).pages]
    except (PyPdfError, ValueError, KeyError, OSError) as error:
        return Skipped(str(path), f"not a readable PDF: {error}")
    pages: list[int] = []
    text = ""
    for page in texts:
        pages.append(len(text))
        text += page.strip() + "\n\n"
    return Document(path, text, tuple(pages)) if text.strip() else Skipped(str(path), "no text in it (scanned?)")
