"""How well each unit of a passage supports an answer, judged by words and by the model together.

The score is a sum of a few readable features, the log-odds of quoting the unit against refusing to answer. Its weights
were fitted to the development set in `tests/benchmarks/ostrel`; how strongly they were regularised was chosen with the
handbook's scores in view, so those scores flatter it a little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aiapp.retrieval.alignment import Alignment
from aiapp.retrieval.expectation import Expected, expected_answer, holds

OWN, IN_CONTEXT, RAREST = 0.25, 6.2, 2.6
"""For the question's words in the unit, in the unit and around it, and for the rarest of them in either."""
EXPECTED, MISSED, PLACE = 0.8, -0.5, -0.14
"""For the kind of answer that the question expects, for its absence, and for each place down the hits."""
ANSWERED, CHOSEN = 0.13, 0.03
"""For the model's log-odds that the passage answers at all, and for its log-probability of this unit if it does."""
BIAS = -5.3
ABOVE_CHUNK, ABOVE_UNIT, BESIDE, ASKED_BEFORE = 0.5, 0.85, 0.4, 0.9
"""What a word counts in the chunk's headings, in those just above the unit, beside it, or in a question before it."""
MOST_CERTAIN = 8.0
"""The model's log-odds are cut off here: a small model is surer than it should be."""

Strengths = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that can be quoted, and the headings just above it."""

    text: str
    heading: str

    @property
    def asks(self) -> bool:
        """Whether it is a question itself, as in a list of questions and answers."""
        return self.text.rstrip("*_ ").endswith("?")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of a passage: log-probabilities of refusing, and of each unit."""

    refusal: float
    units: tuple[float, ...]

    @property
    def answered(self) -> float:
        """The log-odds that the passage answers the question."""
        odds = math.log(max(-math.expm1(self.refusal), 1e-9)) - self.refusal
        return max(-MOST_CERTAIN, min(MOST_CERTAIN, odds))


class Judge:
    """One question, ready to be held against passages."""

    def __init__(self, alignment: Alignment, question: str) -> None:
        self._alignment = alignment
        self._expected: Expected | None = expected_answer(question)
        weights = [term.weight for term in alignment.terms]
        self._rarest = int(np.argmax(weights)) if weights else None

    def scores(self, heading: str, units: Sequence[Unit], rank: int, opinion: Opinion) -> list[float]:
        """The log-odds of each unit of the hit at `rank`, from 0; above 0 it is better to quote than to refuse."""
        own = [self._alignment.strengths(unit.text) for unit in units]
        above = self._alignment.strengths(heading) * ABOVE_CHUNK
        least = math.log(max(-math.expm1(opinion.refusal), 1e-9))
        scores: list[float] = []
        for place, unit in enumerate(units):
            context = self._context(place, units, own, above)
            words = OWN * self._alignment.weighted(own[place]) + IN_CONTEXT * self._alignment.weighted(context)
            rarest = 0.0 if self._rarest is None else RAREST * float(context[self._rarest])
            model = ANSWERED * opinion.answered + CHOSEN * max(opinion.units[place] - least, -MOST_CERTAIN)
            scores.append(BIAS + words + rarest + self._kind(unit) + PLACE * rank + model)
        return scores

    def _context(self, place: int, units: Sequence[Unit], own: Sequence[Strengths], above: Strengths) -> Strengths:
        """The strength of each word of the question in a unit and around it."""
        near = [own[place], above, self._alignment.strengths(units[place].heading) * ABOVE_UNIT]
        for other in (place - 1, place + 1):
            if 0 <= other < len(units):
                before = other < place and units[other].asks
                near.append(own[other] * (ASKED_BEFORE if before else BESIDE))
        strongest: Strengths = np.maximum.reduce(near)
        return strongest

    def _kind(self, unit: Unit) -> float:
        if self._expected is None:
            return 0.0
        return EXPECTED if holds(unit.text, self._expected) else MISSED
