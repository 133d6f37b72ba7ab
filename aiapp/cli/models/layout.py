"""Columns and paragraphs that fit a page of 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

WIDTH = 100


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows under their heads, as wide as their cells. A head that begins with > is of a column of numbers.

    The last column takes what is left of the width, and what does not fit of it is cut with an ellipsis.
    """
    titles = [head.removeprefix(">") for head in heads]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        cells = [
            cell.rjust(width) if head.startswith(">") else cell.ljust(width)
            for head, cell, width in zip(heads, row, widths, strict=True)
        ]
        line = "  ".join(cells).rstrip()
        yield line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Each line on its own, wrapped, its second and later rows set in."""
    for line in lines:
        yield from textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def shortened(text: str, width: int) -> str:
    """The text, its middle left out where it is longer than so many characters: names differ at both ends."""
    if len(text) <= width:
        return text
    left = (width - 1) // 2
    return f"{text[:left]}…{text[left + 1 - width :]}"
