"""Sampling: pure functions from logits (vocab,) to logits, and from logits to a token."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput
from aiapp.transformer.weights import Floats

Real = TypeVar("Real", bound=np.floating[Any])

_FORBIDDEN = np.float32(-np.inf)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn; `temperature=0` takes the most probable one. `None` leaves a filter out."""

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    logit_bias: Mapping[int, float] = field(default_factory=dict[int, float])
    seed: int | None = None

    def __post_init__(self) -> None:
        _require("temperature", self.temperature, lambda x: 0 <= x < math.inf, "a number of at least 0")
        _require("top_k", self.top_k, lambda x: x >= 1, "a whole number of at least 1, or None")
        _require("top_p", self.top_p, lambda x: 0 < x <= 1, "a number above 0 and at most 1, or None")
        _require("min_p", self.min_p, lambda x: 0 <= x <= 1, "a number from 0 to 1, or None")
        _require("repetition_penalty", self.repetition_penalty, lambda x: 0 < x < math.inf, "a number above 0")
        for bias in self.logit_bias.values():
            _require("logit_bias", bias, math.isfinite, "finite numbers")


def _require(name: str, value: float | None, holds: Callable[[float], bool], accepted: str) -> None:
    if value is not None and not holds(value):
        raise InvalidInput(name, value, accepted)


def log_softmax(logits: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """The log-probabilities, in the last axis; a forbidden token keeps minus infinity."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: npt.NDArray[Real] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def penalise_repetition(logits: Floats, seen: Iterable[int], penalty: float) -> Floats:
    """Make each seen token less likely: positive logits are divided by the penalty, negative ones multiplied."""
    tokens = sorted(set(seen))
    result = logits.copy()
    result[tokens] = np.where(result[tokens] > 0, result[tokens] / penalty, result[tokens] * penalty)
    return result


def add_bias(logits: Floats, bias: Mapping[int, float]) -> Floats:
    """Add a number to the logits of some tokens."""
    result = logits.copy()
    for token, amount in bias.items():
        if not 0 <= token < len(logits):
            raise InvalidInput("logit_bias", token, f"token ids from 0 to {len(logits) - 1}")
        result[token] += amount
    return result


def keep_top_k(logits: Floats, k: int) -> Floats:
    """Forbid all but the k most probable tokens (more where they tie)."""
    if k >= len(logits):
        return logits
    return np.where(logits < np.partition(logits, -k)[-k], _FORBIDDEN, logits)


def keep_top_p(logits: Floats, p: float) -> Floats:
    """Forbid all but the fewest most probable tokens whose probabilities reach p together."""
    order = np.argsort(-logits, kind="stable")
    probabilities = np.exp(log_softmax(logits[order]))
    before = np.cumsum(probabilities) - probabilities  # what the more probable ones reach without this one
    result = np.full_like(logits, _FORBIDDEN)
    kept = order[: max(1, int(np.count_nonzero(before < p)))]
    result[kept] = logits[kept]
    return result


def keep_min_p(logits: Floats, p: float) -> Floats:
    """Forbid tokens less probable than p times the most probable one."""
    if p == 0:
        return logits
    return np.where(logits < logits.max() + math.log(p), _FORBIDDEN, logits)


def adjust(logits: Floats, sampling: Sampling, seen: Iterable[int]) -> Floats:
    """The logits after repetition penalty and bias, before anything is forbidden."""
    if sampling.repetition_penalty != 1:
        logits = penalise_repetition(logits, seen, sampling.repetition_penalty)
    return add_bias(logits, sampling.logit_bias) if sampling.logit_bias else logits


def draw(logits: Floats, sampling: Sampling, generator: np.random.Generator) -> int:
    """One token: the most probable at temperature 0, else drawn after the filters."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    logits = ((logits - logits.max()) / sampling.temperature).astype(np.float32)
    if sampling.top_k is not None:
        logits = keep_top_k(logits, sampling.top_k)
    if sampling.top_p is not None:
        logits = keep_top_p(logits, sampling.top_p)
    if sampling.min_p is not None:
        logits = keep_min_p(logits, sampling.min_p)
    return int(np.argmax(logits + _gumbel(generator, len(logits))))  # a draw from the softmax


def _gumbel(generator: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    """What `generator.gumbel` draws, computed by whole arrays, which takes a fraction of the time."""
    exponential = -np.log(1 - generator.random(count))
    return -np.log(np.maximum(exponential, np.finfo(np.float64).tiny))
