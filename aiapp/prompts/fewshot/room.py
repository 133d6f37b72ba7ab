"""Room: what a builder may still choose, by number and by tokens."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

PATIENCE = 16
"""After so many examples that do not fit, no further ones are tried: they are ever further from what was wanted."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A chosen example by its place; `nearness` is how near it is to the query, where that was asked."""

    place: int
    tokens: int
    nearness: float | None = None


class Room:
    """Room for `k` examples of together at most `budget` tokens; those that are barred are passed over."""

    def __init__(self, k: int, budget: int | None, cost: Callable[[int], int], barred: Set[int] = frozenset()) -> None:
        self._k, self._budget, self._cost = k, budget, cost
        self._barred = set(barred)
        self.picks: list[Pick] = []
        self.too_long: list[int] = []
        """Those that were wanted and did not fit."""
        self.tokens = 0

    @property
    def full(self) -> bool:
        """Whether it is time to stop."""
        return len(self.picks) >= self._k or len(self.too_long) >= PATIENCE

    def take(self, place: int, nearness: float | None = None) -> bool:
        """Choose an example, if it is not barred, not chosen yet, and fits."""
        if self.full or place in self._barred:
            return False
        self._barred.add(place)
        tokens = self._cost(place)
        if self._budget is not None and self.tokens + tokens > self._budget:
            self.too_long.append(place)
            return False
        self.picks.append(Pick(place, tokens, nearness))
        self.tokens += tokens
        return True
