"""How well each unit of some passages supports an answer, judged by its evidence and by the model together.

All scores are sums of a few readable features. Their weights, in `support.json`, were fitted to the development sets
in `tests/benchmarks/retrieval` by the `fit.py` beside them, never to the handbook.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from aiapp.retrieval.evidence import FEATURES, Evidence, Floats

WEIGHTS = Path(__file__).with_name("support.json")
CHOICE = ("relevance", "answered", "chosen")
"""What tells which unit answers, if any does: its relevance, and the model's opinions of its passage and of itself."""
ANSWERABLE = ("support", "cosine", "coverage", "answered", "bias")
"""What tells whether any does: the units' evidence and the model's opinion of their passages, by their chances."""
MOST_CERTAIN = 8.0
"""The model's log-odds are cut off here: a small model is surer than it should be."""

_TELLING = [FEATURES.index(name) for name in ("support", "cosine", "coverage")]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of a passage: log-probabilities of refusing, and of each unit."""

    refusal: float
    units: tuple[float, ...]

    @property
    def answered(self) -> float:
        """The log-odds that the passage answers the question."""
        return max(-MOST_CERTAIN, min(MOST_CERTAIN, self._answering - self.refusal))

    @property
    def chosen(self) -> tuple[float, ...]:
        """The log-probability of each unit if the passage answers."""
        return tuple(max(-MOST_CERTAIN, unit - self._answering) for unit in self.units)

    @property
    def _answering(self) -> float:
        return math.log(max(-math.expm1(self.refusal), 1e-9))


def relevance(features: Floats) -> Floats:
    """How much each row of evidence speaks for its unit: (units, features) -> (units,)."""
    scores: Floats = features @ _weights()["relevance"]
    return scores


def passage_relevance(evidence: Evidence) -> float:
    """How much all units of a passage speak for it together."""
    return float(np.logaddexp.reduce(relevance(evidence.features)))


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The chance of each unit of all passages, in order, to be the one that answers; and the log-odds that any does."""

    chances: Floats
    answerable: float


def judged(evidence: Sequence[Evidence], opinions: Sequence[Opinion]) -> Verdict:
    """Weigh the evidence and the model's opinions of some passages that have a unit at least."""
    rows = choice_features([relevance(one.features) for one in evidence], opinions)
    chances = chances_of(rows, _weights()["choice"])
    return Verdict(chances, float(answerable_features(chances, evidence, opinions) @ _weights()["answerable"]))


def choice_features(scores: Sequence[Floats], opinions: Sequence[Opinion]) -> Floats:
    """A row of `CHOICE` for each unit of all passages, from their relevance: (units, 3)."""
    columns = (
        np.concatenate(scores),
        np.repeat([opinion.answered for opinion in opinions], [len(row) for row in scores]),
        np.concatenate([opinion.chosen for opinion in opinions]),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def chances_of(rows: Floats, weights: Floats) -> Floats:
    """(units, 3), (3,) -> (units,), which sum to 1."""
    scores = rows @ weights
    chances: Floats = np.exp(scores - np.logaddexp.reduce(scores))
    return chances


def answerable_features(chances: Floats, evidence: Sequence[Evidence], opinions: Sequence[Opinion]) -> Floats:
    """The values of `ANSWERABLE`, each the mean over all units by their chances: (5,)."""
    telling = np.concatenate([one.features[:, _TELLING] for one in evidence])
    answered = np.repeat([opinion.answered for opinion in opinions], [len(one.units) for one in evidence])
    return np.array([*(chances @ telling), chances @ answered, 1.0], np.float32)


@lru_cache(maxsize=1)
def _weights() -> dict[str, Floats]:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    names = {"relevance": FEATURES, "choice": CHOICE, "answerable": ANSWERABLE}
    return {kind: np.array([stored[kind].get(name, 0.0) for name in names[kind]], np.float32) for kind in names}
