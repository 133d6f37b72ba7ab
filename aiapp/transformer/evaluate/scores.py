"""A score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiapp.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Score:
    """The mean over some examples, from 0 to 1."""

    name: str
    value: float
    count: int


def mean(name: str, values: Iterable[float]) -> Score:
    """The score of a set from the scores of its examples."""
    found = list(values)
    if not found:
        raise InvalidInput(name, "no example", "at least one")
    return Score(name, sum(found) / len(found), len(found))
