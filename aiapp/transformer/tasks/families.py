"""Families of facts that working documents state, each with statements and questions that paraphrase each other.

A row of `families.txt` is: kind of thing, kind of value, short column title, statements, questions; `{e}` is the
thing, `{v}` the value.
The last statement and the last question of a row are never trained on: they are the held-out phrasings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROWS = Path(__file__).with_name("families.txt")


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of fact."""

    thing: str
    value: str
    title: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]


def _parse(row: str) -> Family:
    thing, value, title, statements, questions = (field.strip() for field in row.split(" | "))
    return Family(thing, value, title, tuple(statements.split(" / ")), tuple(questions.split(" / ")))


@cache
def families() -> tuple[Family, ...]:
    """Every family, in the order of the file."""
    return tuple(_parse(row) for row in ROWS.read_text(encoding="utf-8").splitlines() if not row.startswith("#"))


def held_out(number: int) -> bool:
    """Whether the family at this place is never trained on: those measure how the model does on new kinds of facts."""
    return number % 9 == 7
