"""Scanning: a template's text as a row of texts and tags, with white space already where it belongs.

A block's tag, a comment or a partial that stands alone on its line takes the line with it; `~` trims up to the next
tag; `\\{{` is braces that mean themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.prompts.position import Position

Kind: TypeAlias = Literal["value", "open", "inverse", "close", "else", "partial"]

_QUOTED = r"""(?:"[^"]*"|'[^']*'|\[[^\]{}]*\]|[^{}"'\[])"""
_TAG = re.compile(
    rf"""(?P<escaped>\\\\(?=\{{\{{)|\\\{{\{{)
    | \{{\{{(?P<left>~)?
      (?: (?P<comment>!--.*?--|!.*?) | \{{(?P<raw>{_QUOTED}*?)\}} | (?P<plain>{_QUOTED}*?) )
      (?P<right>~)?\}}\}}
    | \{{\{{""",
    re.DOTALL | re.VERBOSE,
)
_SIGNS: dict[str, Kind] = {"#": "open", "^": "inverse", "/": "close", ">": "partial"}
_ELSE = re.compile(r"else(?:\s|$)")
_ACCEPTED = (
    '{{name}}, {{#each}}, {{#if}}, {{else}}, {{/...}}, {{role "system"}}, {{history}}, {{media url=name}}, '
    '{{section "name"}}, {{> partial}} or {{! comment }}, closed by as many braces; \\{{ for the braces themselves'
)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: its kind, what stands in it after its sign, its place, and what a partial's lines begin with."""

    kind: Kind
    body: str
    where: str
    indent: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands: its file, the line and column that it begins on, and how far its lines were moved right."""

    file: str
    first_line: int = 1
    first_column: int = 1
    moved: int = 0

    def at(self, source: str, offset: int) -> str:
        """The position of a character."""
        below = source.count("\n", 0, offset)
        column = offset - source.rfind("\n", 0, offset) - self.moved
        column += 0 if below else self.first_column - 1
        return str(Position(self.file, self.first_line + below, max(1, column)))


def scan(source: str, place: Place) -> Iterator[str | Tag]:
    """The texts, none of them empty, and the tags, in order."""
    position, trim = 0, False
    for match in _TAG.finditer(source):
        tag = _tag(match, place.at(source, match.start()))
        start, end = _span(source, match, tag)
        indent = "" if trim or match["left"] else source[start : match.start()]
        text = source[position:start]
        text = text.lstrip() if trim else text
        text = text.rstrip() if match["left"] else text
        trim, position = match["right"] is not None, end
        if match["escaped"]:
            text += match["escaped"][1:]
        if text:
            yield text
        if tag is not None:
            yield replace(tag, indent=indent)
    text = source[position:].lstrip() if trim else source[position:]
    if text:
        yield text


def located(source: str, place: Place) -> Iterator[tuple[Tag, int, int]]:
    """The tags, each with the places in the text at which it begins and ends."""
    for match in _TAG.finditer(source):
        tag = _tag(match, place.at(source, match.start()))
        if tag is not None:
            yield tag, match.start(), match.end()


def _tag(match: re.Match[str], where: str) -> Tag | None:
    """The tag that was found; None for a comment and for braces that mean themselves."""
    if match["escaped"] or match["comment"] is not None:
        return None
    if match["raw"] is not None:
        return Tag("value", match["raw"].strip(), where)
    if match["plain"] is None:
        raise InvalidInput(where, "{{", f"a tag: {_ACCEPTED}")
    body = match["plain"].strip()
    if body == "^":
        return Tag("else", "", where)
    if body[:1] in _SIGNS:
        return Tag(_SIGNS[body[0]], body[1:].strip(), where)
    if _ELSE.match(body):
        return Tag("else", body[4:].strip(), where)
    return Tag("value", body.removeprefix("&").strip(), where)


def _span(source: str, match: re.Match[str], tag: Tag | None) -> tuple[int, int]:
    """What a tag takes with it: its whole line, where it writes nothing there itself and stands alone on it."""
    if match["escaped"] or (tag is not None and tag.kind == "value"):
        return match.span()
    begin = source.rfind("\n", 0, match.start()) + 1
    stop = source.find("\n", match.end())
    stop = len(source) if stop < 0 else stop + 1
    if source[begin : match.start()].strip() or source[match.end() : stop].strip():
        return match.span()
    return begin, stop
