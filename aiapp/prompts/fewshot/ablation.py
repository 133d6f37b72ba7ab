"""Ablation: what each example is worth, by what happens without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.prompts.fewshot.example import Example
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.fewshot.measuring import Interval, Metric, Trial, measured
from aiapp.prompts.fewshot.selection import Selection, Shot
from aiapp.sync import sync

Verdict = Literal["earns", "harms", "not shown"]


@dataclass(frozen=True, slots=True)
class _Without:
    """The trial of a query without one example, beside the whole one."""

    place: int
    whole: int
    trial: Trial


@dataclass(frozen=True, slots=True)
class Ablation:
    """What is to be asked: each query with all its examples, and without each of them. Nothing was asked yet."""

    shots: tuple[Shot[Any, Any], ...]
    """Every example that stands in a prompt, once."""
    whole: tuple[Trial, ...]
    without: tuple[_Without, ...]
    tokens: int
    """What the examples of all prompts take; the queries and answers are not counted."""

    @property
    def calls(self) -> int:
        """How often the metric will be asked."""
        return len(self.whole) + len(self.without)

    def __str__(self) -> str:
        parts = f"{len(self.whole):,} queries with their examples, and {len(self.without):,} times without one"
        return f"{self.calls:,} calls: {parts}; {self.tokens:,} tokens of examples"

    async def arun(self, metric: Metric, *, concurrency: int = 1, seed: int = 0) -> Ablated:
        """Ask, and compare each query with itself; a pair of which one call failed is left out and listed."""
        trials = [*self.whole, *(one.trial for one in self.without)]
        scores = await measured(trials, metric, concurrency)
        gains: dict[int, list[float]] = {shot.pick.place: [] for shot in self.shots}
        for one, score in zip(self.without, scores[len(self.whole) :], strict=True):
            whole = scores[one.whole]
            if isinstance(score, float) and isinstance(whole, float):
                gains[one.place].append(whole - score)
        worth = [
            Worth(shot, Interval.of(gains[shot.pick.place], seed=seed), len(gains[shot.pick.place]))
            for shot in self.shots
        ]
        held = [score for score in scores[: len(self.whole)] if isinstance(score, float)]
        failures = tuple(score for score in scores if isinstance(score, AiappError))
        return Ablated(tuple(sorted(worth, key=_by_gain)), Interval.of(held, seed=seed), self.calls, failures)

    run = sync(arun)


@dataclass(frozen=True, slots=True)
class Worth:
    """How much better the score is with an example than without it, over the queries that it stood with.

    `gain` is None where there are fewer than two such pairs.
    """

    shot: Shot[Any, Any]
    gain: Interval | None
    pairs: int

    @property
    def verdict(self) -> Verdict:
        """Whether it earns its tokens: shown only where the whole interval is on one side of 0."""
        if self.gain is None or self.gain.low <= 0 <= self.gain.high:
            return "not shown"
        return "earns" if self.gain.low > 0 else "harms"


@dataclass(frozen=True, slots=True)
class Ablated:
    """What each example is worth, the most first, and `score`, the mean with all of them.

    Each interval is one of its own: of twenty examples without any effect, one will seem to have one.
    """

    worth: tuple[Worth, ...]
    score: Interval | None
    calls: int
    failures: tuple[AiappError, ...] = ()

    def examples(self, verdict: Verdict) -> tuple[Example[Any, Any], ...]:
        """The examples of one verdict."""
        return tuple(one.shot.example for one in self.worth if one.verdict == verdict)

    def __str__(self) -> str:
        rows = [f"{'gain':>7}  {'95 % interval':17}  {'pairs':>5}  {'tokens':>6}  {'':9}  example"]
        for one in self.worth:
            gain = (
                "unknown  (too few pairs)  "
                if one.gain is None
                else f"{one.gain.mean:+7.3f}  [{one.gain.low:+.3f}, {one.gain.high:+.3f}]"
            )
            rows.append(f"{gain}  {one.pairs:5}  {one.shot.pick.tokens:6}  {one.verdict:9}  {_shown(one.shot)}")
        failed = f"; {len(self.failures):,} failed, such as: {self.failures[0]}" if self.failures else ""
        return "\n".join([*rows, f"score with all: {self.score or 'unknown'}; {self.calls:,} calls{failed}"])


def planned(few_shot: FewShot[Any, Any], eval_set: Sequence[Example[Any, Any]]) -> Ablation:
    """The prompts to be asked; an embedder is asked about the queries now."""
    if not eval_set:
        raise InvalidInput("eval_set", eval_set, "at least one example to be asked about")
    shots: dict[int, Shot[Any, Any]] = {}
    whole: list[Trial] = []
    without: list[_Without] = []
    tokens = 0
    for place, example in enumerate(eval_set):
        selection = few_shot.select(example.input)
        whole.append(Trial(selection.turns, example))
        tokens += selection.tokens
        for left_out, shot in enumerate(selection.shots):
            shots.setdefault(shot.pick.place, shot)
            without.append(_Without(shot.pick.place, place, Trial(_without(selection, left_out).turns, example)))
            tokens += selection.tokens - shot.pick.tokens
    return Ablation(tuple(shots.values()), tuple(whole), tuple(without), tokens)


def _without(selection: Selection[Any, Any], place: int) -> Selection[Any, Any]:
    shots = selection.shots[:place] + selection.shots[place + 1 :]
    return Selection(shots, selection.common - (place < selection.common), selection.tokens, selection.too_long)


def _by_gain(worth: Worth) -> float:
    return 0.0 if worth.gain is None else -worth.gain.mean


def _shown(shot: Shot[Any, Any]) -> str:
    text = f"{' '.join(shot.asked.split())} -> {' '.join(shot.answered.split())}"
    return text if len(text) <= 60 else f"{text[:57]}..."
