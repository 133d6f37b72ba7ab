"""Values: documents, the chunks that they are split into, and what a search finds."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text. `pages` are the offsets at which its pages start; empty where it has none."""

    path: Path
    text: str
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: `text == document.text[start:end]`, with the headings above it.

    `superseded` says that its document calls itself out of force.
    """

    source: str
    start: int
    end: int
    text: str
    heading: str
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found; a higher score is better and means nothing across searches."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read, and why."""

    path: str
    reason: str


def line_of(text: str, offset: int) -> int:
    """The line, counted from 1, that a place in a text stands on."""
    return text.count("\n", 0, offset) + 1


def page_of(pages: tuple[int, ...], offset: int) -> int | None:
    """The page, counted from 1, that a place in a text stands on; None where there are no pages."""
    return bisect_right(pages, offset) or None
