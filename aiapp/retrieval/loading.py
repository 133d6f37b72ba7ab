"""Files to documents: which files are read, how, and why others are not."""

from __future__ import annotations

import logging
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from aiapp.core.errors import InvalidInput
from aiapp.retrieval.documents import Document, Skipped
from aiapp.retrieval.html_text import html_text

MARKDOWN, HTML, PDF = {".md", ".markdown"}, {".html", ".htm"}, {".pdf"}
TEXT = {".txt", ".text", ".rst", ".log"}
READABLE = MARKDOWN | HTML | PDF | TEXT
LARGEST = 20_000_000
"""Bytes; a larger file is skipped."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""How a text in UTF-16 begins."""


def place_of(path: Path) -> Path:
    """The absolute path under which a file or folder is known: a link to a file keeps its own name."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def find_files(paths: Iterable[Path]) -> tuple[list[Path], list[Skipped]]:
    """The readable files under some files and folders, sorted, and what was passed over.

    Hidden files and folders inside a folder are passed over, each folder named once. Links to folders are not followed.
    """
    found: dict[Path, Path] = {}
    skipped: list[Skipped] = []
    for path in paths:
        if not path.exists():
            raise InvalidInput("path", str(path), "an existing file or folder")
        place = place_of(path)
        for file in _walk(place, skipped) if place.is_dir() else [place]:
            reason = _unsuitable(file)
            first = file if reason is not None else found.setdefault(file.resolve(), file)
            if first != file:
                reason = f"the same file as {first}"
            if reason is not None:
                skipped.append(Skipped(str(file), reason))
    return sorted(found.values()), skipped


def _walk(folder: Path, skipped: list[Skipped]) -> Iterator[Path]:
    def unlisted(error: OSError) -> None:
        skipped.append(unreadable(Path(str(error.filename)), error))

    for here, folders, files in os.walk(folder, onerror=unlisted):
        hidden = [name for name in (*folders, *files) if name.startswith(".")]
        skipped.extend(Skipped(str(Path(here, name)), "hidden") for name in sorted(hidden))
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        yield from (Path(here, name) for name in sorted(files) if not name.startswith("."))


def _unsuitable(file: Path) -> str | None:
    if file.suffix.lower() not in READABLE:
        return f"not one of {', '.join(sorted(READABLE))}"
    try:
        state = file.stat()
    except OSError as error:
        return unreadable(file, error).reason
    if not stat.S_ISREG(state.st_mode):
        return "not a regular file"
    size = state.st_size
    if size == 0:
        return "empty"
    return f"{size / 1e6:.0f} MB, larger than {LARGEST / 1e6:.0f} MB" if size > LARGEST else None


def unreadable(file: Path, error: OSError) -> Skipped:
    """What the system said when it was asked for the file."""
    return Skipped(str(file), f"unreadable: {error.strerror}")


def load(path: Path) -> Document | Skipped:
    """The document in a file, or why it could not be read."""
    try:
        return parse(path, path.read_bytes())
    except OSError as error:
        return unreadable(path, error)


def parse(path: Path, data: bytes) -> Document | Skipped:
    """The document that the bytes of a file hold, or why there is none. Every kind of line end becomes `\\n`."""
    suffix = path.suffix.lower()
    if suffix in PDF:
        return _pdf(path, data)
    if b"\0" in data and not data.startswith(_WIDE):
        return Skipped(str(path), "binary")
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        return Skipped(str(path), "binary")
    text = html_text(text) if suffix in HTML else text
    return Document(path, text) if text.strip() else Skipped(str(path), "no text in it")


def _decoded(data: bytes) -> str:
    if data.startswith(_WIDE):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _pdf(path: Path, data: bytes) -> Document | Skipped:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity that it copes with
    # What pypdf raises on broken files, beside its own errors, was found by feeding it damaged ones.
    damaged = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
    try:
        texts = [_clean(page.extract_text()) for page in PdfReader(BytesIO(data)).pages]
    except (PyPdfError, DependencyError, OSError, zlib.error, *damaged) as error:
        return Skipped(str(path), f"not a readable PDF: {' '.join(str(error).split())}")
    pages: list[int] = []
    length = 0
    for page in texts:
        pages.append(length)
        length += len(page)
    text = "".join(texts)
    return Document(path, text, tuple(pages)) if text.strip() else Skipped(str(path), "no text in it (scanned?)")


def _clean(page: str) -> str:
    """A page without what no database stores: null characters and halves of characters."""
    whole = page.replace("\0", " ").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n").strip() + "\n\n"
