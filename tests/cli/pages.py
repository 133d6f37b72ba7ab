"""HTML pages as a reader of tags sees them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Self


class Tags(HTMLParser):
    """The tags of a page, which must all be closed, and the values that name something outside it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    @classmethod
    def of(cls, text: str) -> Self:
        """The tags of a page that is well formed, and needs nothing but itself."""
        page = cls()
        page.feed(text)
        assert page.open == []
        assert page.links == []
        assert not {"script", "link", "img", "iframe"} & set(page.seen)
        assert "://" not in text
        return page
