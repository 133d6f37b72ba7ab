"""Positions: a character of a file, written as editors, terminals and CI read it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+)(?:: (?P<entry>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Lines and columns count from 1. The field of an error in a prompt file begins with one, then names an entry."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @classmethod
    def of_field(cls, field: str) -> tuple[Position, str] | None:
        """The position that an error's field begins with, and the entry that it names; None where it has none."""
        match = _FIELD.fullmatch(field)
        if match is None:
            return None
        return cls(match["file"], int(match["line"]), int(match["column"])), match["entry"] or ""

    @classmethod
    def of_byte(cls, file: str, content: bytes, offset: int) -> Position:
        """The position of a byte, whose column counts bytes."""
        return cls(file, 1 + content.count(b"\n", 0, offset), offset - content.rfind(b"\n", 0, offset))
