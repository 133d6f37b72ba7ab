"""The visible text of an HTML page: headings as `#` lines, table rows as `| a | b |` lines, blocks on lines."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_HIDDEN = set("button footer header nav noscript script select style svg template title".split())  # noqa: SIM905
_BLOCKS = set("article blockquote br dd div dl dt figure hr main ol p section table ul".split())  # noqa: SIM905
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_OWN_HEADER = {"article", "main"}
"""The header of one of these holds its title; any other is the site's."""


def html_text(page: str) -> str:
    """What a reader sees of the page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.end_row()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    """Takes pages as people write them: closing tags may be missing, and tables may stand in tables."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden: list[str] = []
        self._row: list[str] | None = None
        self._titles = False
        self._after_mark = False
        self._own_headers = 0
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._hidden.clear()
        self._own_headers += tag in _OWN_HEADER
        if tag in _HIDDEN and not (tag == "header" and self._own_headers):
            self._hidden.append(tag)
        elif tag == "tr":
            self.end_row()
            self._row, self._titles = [], False
        elif tag in ("td", "th") and self._row is not None:
            self._row.append("")
            self._titles = self._titles or (tag == "th" and len(self._row) > 1)
        elif tag in _HEADINGS:
            self._mark(f"\n\n{_HEADINGS[tag]} ")
        elif tag == "li":
            self._mark("\n- ")
        elif tag == "pre":
            self._code += 1
            self._fence()
        elif tag in _BLOCKS:
            self._break("\n" if tag in ("br", "dd", "dt") else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _OWN_HEADER:
            self._own_headers = max(0, self._own_headers - 1)
        if tag in self._hidden:
            last = len(self._hidden) - 1 - self._hidden[::-1].index(tag)
            del self._hidden[last:]
        elif tag in ("tr", "table"):
            self.end_row()
        elif tag == "pre" and self._code:
            self._code -= 1
            self._fence()
        if tag in _HEADINGS or tag in _BLOCKS:
            self._break("\n\n" if tag in _HEADINGS else "\n")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._after_mark = False
        self._write(data if self._code and self._row is None else re.sub(r"\s+", " ", data))

    def end_row(self) -> None:
        """Write the row that is open, if any; its closing tag may be missing."""
        cells, self._row = self._row, None
        if cells:
            self._write("\n| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |")
            self._after_mark = False
            if self._titles:
                self._write("\n|" + " --- |" * len(cells))

    def _mark(self, mark: str) -> None:
        """Open a line with a mark; a block that opens right after it stays on that line."""
        self._write(mark)
        self._after_mark = True

    def _break(self, lines: str) -> None:
        if not self._after_mark:
            self._write(lines)

    def _fence(self) -> None:
        if self._row is None:
            self._write("\n```\n")

    def _write(self, text: str) -> None:
        if self._hidden:
            return
        if self._row:
            self._row[-1] += text.replace("|", "/")
        elif self._row is None:
            self.pieces.append(text)
