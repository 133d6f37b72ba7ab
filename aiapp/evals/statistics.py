"""How sure a mean is. Pure: scores in, intervals out; the same seed gives the same interval.

An interval of scores that are all 0 or 1 is Wilson's (Wilson 1927; Agresti and Coull 1998), which stays honest where
all are alike; of others it is the percentile bootstrap (Efron and Tibshirani 1993, chapter 13), over the cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from aiapp.core.errors import InvalidInput

RESAMPLES = 10_000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, and where it lies with the confidence that was asked for."""

    mean: float
    low: float
    high: float


def interval(scores: Sequence[float], *, level: float = LEVEL, seed: int = 0) -> Interval:
    """The mean of scores with its interval, by Wilson where all of them are 0 or 1, else by the bootstrap."""
    if all(score in (0, 1) for score in scores):
        return wilson(round(sum(scores)), len(scores), level=level)
    return bootstrap(scores, level=level, seed=seed)


def wilson(passed: int, total: int, *, level: float = LEVEL) -> Interval:
    """The interval of a share."""
    if total < 1 or not 0 <= passed <= total:
        raise InvalidInput("passed", passed, f"a whole number from 0 to the total, which is at least 1, not {total}")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = passed / total, 1 + z * z / total
    middle = (share + z * z / (2 * total)) / weight
    half = z / weight * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low = 0.0 if passed == 0 else middle - half
    return Interval(share, low, 1.0 if passed == total else middle + half)


def bootstrap(scores: Sequence[float], *, level: float = LEVEL, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """The interval of a mean: the percentiles of the means of samples that are drawn with replacement."""
    if not scores:
        raise InvalidInput("scores", scores, "at least one")
    values, dice = np.asarray(scores, dtype=np.float64), np.random.default_rng(seed)
    means = np.array([values[dice.integers(0, len(values), len(values))].mean() for _ in range(resamples)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def paired(
    scores: Sequence[float], others: Sequence[float], *, level: float = LEVEL, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """The interval of the mean difference of two that were given the same cases, in the same order."""
    if len(scores) != len(others):
        raise InvalidInput("others", len(others), f"as many scores as of the first, {len(scores)}")
    differences = [one - other for one, other in zip(scores, others, strict=True)]
    return bootstrap(differences, level=level, seed=seed, resamples=resamples)


def fewest_differences(level: float = LEVEL) -> int:
    """How many cases must come out differently before two can be told apart.

    A sign-flip test of n differences cannot fall below 2 / 2**n, however they look; a bootstrap of so few is too sure.
    """
    return math.ceil(math.log2(2 / (1 - level)) - 1e-9)
