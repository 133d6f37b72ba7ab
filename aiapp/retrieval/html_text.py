"""The visible text of an HTML page: headings as `#` lines, table rows as `| a | b |` lines, blocks on lines."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_HIDDEN = {"script", "style", "nav", "header", "footer", "noscript", "template", "svg", "head", "form", "aside"}
_BLOCKS = {
    "p",
    "div",
    "section",
    "article",
    "main",
    "ul",
    "ol",
    "table",
    "blockquote",
    "pre",
    "dl",
    "dd",
    "figure",
    "br",
    "hr",
}
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}


def html_text(page: str) -> str:
    """What a reader sees of the page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0
        self._row: list[str] | None = None
        self._titles = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "tr":
            self._row, self._titles = [], False
        elif tag in ("td", "th") and self._row is not None:
            self._row.append("")
            self._titles = self._titles or (tag == "th" and len(self._row) > 1)
        elif tag in _HEADINGS:
            self._write(f"\n\n{_HEADINGS[tag]} ")
        elif tag == "li":
            self._write("\n- ")
        elif tag == "dt":
            self._write("\n")
        elif tag in _BLOCKS:
            self._write("\n" if tag in ("br", "dd") else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "tr" and self._row is not None:
            cells, self._row = self._row, None
            self._write("\n| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |")
            if self._titles:
                self._write("\n|" + " --- |" * len(cells))
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._write("\n\n" if tag in _HEADINGS else "\n")

    def handle_data(self, data: str) -> None:
        self._write(re.sub(r"\s+", " ", data))

    def _write(self, text: str) -> None:
        if self._hidden:
            return
        if self._row:
            self._row[-1] += text.replace("|", "/")
        elif self._row is None:
            self.pieces.append(text)
