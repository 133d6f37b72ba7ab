"""How well each unit of a passage supports an answer, judged by words alone: the prior that the model then weighs.

The prior of a unit is a logistic score over three readable features. Its constants were set on a development set of
another company's documents, never on the handbook that the README's figures come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiapp.retrieval.alignment import Alignment
from aiapp.retrieval.expectation import Expected, expected_answer, holds

ALIGNED, EXPECTED, MISSED, RANK = 14.0, 1.2, -2.5, -0.25
"""Log-odds for full alignment, for the expected kind of answer, for its absence, and for each place down the hits."""
HEADING, NEIGHBOUR, QUESTION_BEFORE = 0.75, 0.45, 0.9
"""What a word counts that stands not in the unit but in the headings, beside the unit, or in a question before it."""
THRESHOLD = 9.3
"""The log-odds at which support and refusal are equally likely."""


@dataclass(frozen=True, slots=True)
class Judge:
    """One question, ready to be held against passages."""

    alignment: Alignment
    expected: Expected | None

    @classmethod
    def of(cls, alignment: Alignment, question: str) -> Judge:
        """A judge for a question."""
        return cls(alignment, expected_answer(question))

    def priors(self, heading: str, units: Sequence[str], rank: int) -> list[float]:
        """The log-odds of each unit of the hit at `rank`, from 0, against refusing to answer."""
        above = self.alignment.strengths(heading) * HEADING
        own = [self.alignment.strengths(unit) for unit in units]
        scores: list[float] = []
        for place, unit in enumerate(units):
            near = [self._beside(units, own, other) for other in (place - 1, place + 1) if 0 <= other < len(units)]
            strength = np.maximum.reduce([own[place], above, *near])
            blended = 0.65 * self.alignment.weighted(strength) + 0.35 * self.alignment.weighted(own[place])
            asked = 4.0 if unit.rstrip("*_ ").endswith("?") else 0.0
            scores.append(ALIGNED * blended + self._kind(unit) + RANK * rank - THRESHOLD - asked)
        return scores

    def _beside(self, units: Sequence[str], own: Sequence[np.ndarray], place: int) -> np.ndarray:
        return own[place] * (QUESTION_BEFORE if units[place].rstrip("*_ ").endswith("?") else NEIGHBOUR)

    def _kind(self, unit: str) -> float:
        if self.expected is None:
            return 0.0
        return EXPECTED if holds(unit, self.expected) else MISSED
