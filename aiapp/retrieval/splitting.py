"""Documents to chunks, and chunks to units that can be quoted. Both are spans of the text; nothing is rewritten."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, TypeAlias

VERSION = 3
"""Raised when the same file is read or split otherwise, so that an older index knows it is out of date."""
TARGET = 1300
"""Characters that a chunk is filled up to."""

LONGEST_HEADING = 200
"""Characters; a longer line is no heading, whatever it looks like."""

SEPARATOR = " > "
COLUMNS = 9
"""The level of a table's header row: below every heading."""

Span: TypeAlias = tuple[int, int]
_Kind: TypeAlias = Literal["heading", "item", "row", "rule", "code", "prose"]

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_BOLD_LINE = re.compile(r"\*\*[^*]+\*\*:?$")
_NUMBERED_TITLE = re.compile(r"\d+(?:\.\d+)*\.?\s+[A-Z][^.!?]{2,60}$")
_UNDERLINE = re.compile(r"(=|-){3,}$")
_ITEM = re.compile(r"(?:[-*+\N{BULLET}]|\d{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+)\s+")
_SECTION = re.compile(r"\d{1,3}\.\d{1,3}\s")
_COLUMNS = re.compile(r"\S {3,}(?=\S)")
_LAST_COLUMN = re.compile(r"\S {3,}\S(?:.{0,28}\S)?$")
"""What makes a line of two columns a row: the second one is short."""
_RULE = re.compile(r"\|?[\s:|-]+\|?$")
_FIELD = re.compile(r"(?:\*\*)?[A-Z][\w/()-]*(?: [\w/()-]+){0,3}:(?:\*\*)?\s+\S")
# fmt: off
_NOT_THE_END = (
    "e.g.", "i.e.", "etc.", "Mr.", "Mrs.", "Ms.", "Dr.", "vs.", "approx.", "No.", "no.", "p.", "pp.", "St.",
    "a.m.", "p.m.", "Inc.", "Ltd.", "Jan.", "Feb.", "Mar.", "Apr.", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
)
# fmt: on
_FENCE = re.compile(r"(`{3,}|~{3,})")
_SPACE = re.compile(r"\s*")
_LONGEST_ABBREVIATION = 40
_SENTENCE_END = re.compile(r"[.!?][\"')\]*_\N{RIGHT DOUBLE QUOTATION MARK}]*(?=\s+\S)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of a document and the headings above it, outermost first, joined by ` > `."""

    start: int
    end: int
    heading: str


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together."""

    start: int
    end: int
    kind: _Kind
    level: int = 0


def split(text: str, title: str = "") -> list[Piece]:
    """Chunks in order: whole blocks, small neighbouring sections together, filled up to `TARGET` characters."""
    pieces: list[Piece] = []
    for section in _sections(text):
        names = ([title] if title else []) + [name for name in section.names if name != title]
        for start, end in section.chunks:
            last = pieces[-1] if pieces else None
            if last is not None and end - last.start <= TARGET:
                pieces[-1] = Piece(last.start, end, _common(last.heading, SEPARATOR.join(names)))
            else:
                pieces.append(Piece(start, end, SEPARATOR.join(names)))
    return pieces


def _common(one: str, other: str) -> str:
    """The headings that two paths share."""
    pairs = zip(one.split(SEPARATOR), other.split(SEPARATOR), strict=False)
    return SEPARATOR.join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands under one heading, in chunks that begin with the heading itself where there is one."""

    names: tuple[str, ...]
    chunks: tuple[Span, ...]


def _sections(text: str) -> Iterator[_Section]:
    path: list[tuple[int, str]] = []
    start: int | None = None
    chunks: list[Span] = []
    for block in _blocks(text):
        if block.kind == "heading":
            if chunks:
                yield _Section(tuple(name for _, name in path), tuple(chunks))
                start, chunks = None, []
            path = [entry for entry in path if entry[0] < block.level]
            path.append((block.level, _heading_text(text[block.start : block.end])))
            start = block.start if start is None or block.end - start > TARGET else start
            continue
        for begin, end in _parts(text, block):
            begin = begin if start is None else start
            start = None
            if chunks and end - chunks[-1][0] <= TARGET:
                chunks[-1] = (chunks[-1][0], end)
            else:
                chunks.append((begin, end))
    if chunks:
        yield _Section(tuple(name for _, name in path), tuple(chunks))


def units(text: str) -> list[Span]:
    """What can be quoted from a chunk: sentences, list items, table rows, fields and lines of code.

    Headings and header rows cannot.
    """
    spans: list[Span] = []
    for block in _blocks(text):
        if block.kind == "heading":
            continue
        if block.kind == "prose":
            spans.extend(_sentences(text, block.start, block.end))
        elif block.kind == "code":
            spans.extend(_code_lines(text, block))
        elif block.kind != "rule" and not _is_header(text, block):
            spans.append((block.start, block.end))
    return [span for span in spans if any(map(str.isalnum, text[span[0] : span[1]]))]


def headings_within(text: str, spans: Sequence[Span]) -> list[str]:
    """For each span of a chunk, in order, the headings above it inside the chunk, joined by ` > `.

    The header row of a table is the last heading of its rows.
    """
    path: list[tuple[int, str]] = []
    waiting = deque(spans)
    found: list[str] = []
    for block in _blocks(text):
        while waiting and waiting[0][0] < block.start:
            waiting.popleft()
            found.append(SEPARATOR.join(name for _, name in path))
        if block.kind not in ("row", "rule") or _is_header(text, block):
            path = [entry for entry in path if entry[0] < COLUMNS]
        if _is_header(text, block):
            path.append((COLUMNS, text[block.start : block.end].strip("| ")))
        if block.kind == "heading":
            path = [entry for entry in path if entry[0] < block.level]
            path.append((block.level, _heading_text(text[block.start : block.end])))
    return found + [SEPARATOR.join(name for _, name in path)] * len(waiting)


def _is_header(text: str, block: _Block) -> bool:
    """Whether a table row stands above the rule that ends a table's head, or opens a table without one."""
    if block.kind != "row":
        return False
    following = text[block.end :].lstrip("\n").split("\n", 1)[0].strip()
    before = text[: block.start].rstrip("\n").rsplit("\n", 1)[-1].strip()
    return bool(following) and _RULE.match(following) is not None and "-" in following and not before.startswith("|")


def _heading_text(line: str) -> str:
    line = line.split("\n", 1)[0].strip()
    match = _HEADING.match(line)
    return (match.group(2) if match else line).strip("*: ")


def _blocks(text: str) -> Iterator[_Block]:
    """The text line by line: every heading, list item, table row and field alone, prose by paragraphs, code whole."""
    start: int | None = None
    end = 0
    joined: _Kind = "prose"
    lines = _lines(text)
    fences = _fences(text, lines)
    code_ends = -1
    for number, (begin, stop) in enumerate(lines):
        if number <= code_ends:
            continue
        line = text[begin:stop].strip()
        after = text[slice(*lines[number + 1])].strip() if number + 1 < len(lines) else ""
        kind, level = ("code", 0) if number in fences else _kind(line, after, start is not None)
        if start is not None and (kind is None or kind != "prose"):
            yield _Block(start, end, joined)
            start = None
        if kind is None:
            continue
        if kind == "code":
            code_ends = fences[number]
            yield _Block(begin + _indent(text, begin, stop), lines[code_ends][1], kind)
        elif kind in ("heading", "row", "rule"):
            yield _Block(begin + _indent(text, begin, stop), stop, kind, level)
        elif start is None:
            start, end, joined = begin + _indent(text, begin, stop), stop, kind
        else:
            end = stop
    if start is not None:
        yield _Block(start, end, joined)


def _lines(text: str) -> list[Span]:
    spans: list[Span] = []
    position = 0
    for line in text.split("\n"):
        spans.append((position, position + len(line.rstrip())))
        position += len(line) + 1
    return spans


def _fences(text: str, lines: Sequence[Span]) -> dict[int, int]:
    """The first and the last line of each block of fenced code; a fence that nothing closes is none."""
    found: dict[int, int] = {}
    opened: tuple[int, str] | None = None
    for number, (begin, stop) in enumerate(lines):
        line = text[begin:stop].strip()
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if opened is None:
            opened = number, fence.group(1)
        elif line.startswith(opened[1]) and not line.strip(opened[1][0]):
            found[opened[0]], opened = number, None
    return found


def _code_lines(text: str, block: _Block) -> list[Span]:
    """The lines between the fences."""
    inside = _lines(text[block.start : block.end])[1:-1]
    found = [(block.start + begin, block.start + stop) for begin, stop in inside]
    return [(begin + _indent(text, begin, stop), stop) for begin, stop in found if stop > begin]


def _indent(text: str, start: int, end: int) -> int:
    return len(text[start:end]) - len(text[start:end].lstrip())


def _kind(line: str, after: str, inside: bool) -> tuple[_Kind | None, int]:
    """What a line is, and the level of a heading; None for a blank one."""
    if not line:
        return None, 0
    if _FENCE.match(line):
        return "rule", 0
    if len(line) > LONGEST_HEADING:
        return _long_kind(line), 0
    if (match := _HEADING.match(line)) is not None:
        return "heading", len(match.group(1))
    if _BOLD_LINE.match(line):
        return "heading", 7
    if not inside and after and _UNDERLINE.match(after) and len(line) < 80:
        return "heading", 1 if after[0] == "=" else 2
    if _UNDERLINE.match(line) or (_RULE.match(line) and "-" in line):
        return "rule", 0
    if _is_row(line):
        return "row", 0
    if _NUMBERED_TITLE.match(line) and (not after or _SECTION.match(after)):
        return "heading", 2
    if not inside and line.isupper() and 3 < len(line) < 70:
        return "heading", 2
    return ("item", 0) if _ITEM.match(line) or _FIELD.match(line) else ("prose", 0)


def _is_row(line: str) -> bool:
    gaps = len(_COLUMNS.findall(line))
    return line.startswith("|") or line.count(" | ") > 1 or gaps > 1 or (gaps == 1 and bool(_LAST_COLUMN.search(line)))


def _long_kind(line: str) -> _Kind:
    """What a line is that is too long for a heading."""
    if _is_row(line):
        return "rule" if _RULE.match(line) and "-" in line else "row"
    return "item" if _ITEM.match(line) or _FIELD.match(line) else "prose"


def _parts(text: str, block: _Block) -> Iterator[Span]:
    """A block as it is, or, where it alone would overfill a chunk, its sentences or lines, cut where they still do."""
    if block.end - block.start <= TARGET:
        yield block.start, block.end
        return
    code = block.kind == "code"
    for start, end in _code_lines(text, block) if code else _sentences(text, block.start, block.end):
        yield from _cut(text, start, end)


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """A span in parts of at most `TARGET` characters, cut at white space where there is any."""
    while end - start > TARGET:
        limit = start + TARGET
        space = max(text.rfind(" ", start + 1, limit + 1), text.rfind("\n", start + 1, limit + 1))
        stop = space if space > start else limit
        yield start, stop
        start = _next(text, stop, end)
    if start < end:
        yield start, end


def _next(text: str, start: int, end: int) -> int:
    """The first place from `start` on that is not white space."""
    space = _SPACE.match(text, start, end)
    return start if space is None else space.end()


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of a paragraph, which may run over lines."""
    position = start
    for match in _SENTENCE_END.finditer(text, start, end):
        stop = match.end()
        following = _next(text, stop, end)
        words = text[max(position, stop - _LONGEST_ABBREVIATION) : match.start() + 1].split()
        if words and (words[-1].lstrip("(\"'") in _NOT_THE_END or text[following].islower()):
            continue
        yield position, stop
        position = following
    if text[position:end].strip():
        yield position, end
