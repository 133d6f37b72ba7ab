"""A score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """The mean over some examples, from 0 to 1."""

    name: str
    value: float
    count: int


def mean(name: str, values: Iterable[float]) -> Score:
    """The score of a set from the scores of its examples."""
    found = list(values)
    return Score(name, sum(found) / max(1, len(found)), len(found))
