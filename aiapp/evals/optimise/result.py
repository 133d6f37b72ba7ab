"""What came of optimising a prompt: which one to use, how sure that is, what was tried, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from aiapp.client.reserving import Amounts
from aiapp.core.request import Request
from aiapp.evals.optimise.candidate import Candidate, Origin
from aiapp.evals.optimise.forecasting import OptimiseForecast
from aiapp.evals.statistics import Interval, fewest_differences
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.prompt import Prompt

Fate: TypeAlias = Literal["kept", "not better", "cannot be used", "not measured"]
Stopped: TypeAlias = Literal["budget", "patience", "rounds", "no candidates", "perfect"]
NO_DIFFERENCE = 1e-12
SAME_TIME = 0.1
"""Times that differ by no more than this share are taken for the same."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate of the search, and what became of it.

    `batch` is its mean score on the first questions it was asked, `against` that of its parent on the same ones;
    `search` is the mean over all it was asked while searching, which is too good for the best of many.
    """

    number: int
    parent: int | None
    origin: Origin
    reason: str
    instructions: str | None
    examples: str
    fate: Fate
    batch: float | None = None
    against: float | None = None
    search: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finalist:
    """A candidate on the held-out cases, which the search never saw.

    `gain` is its score less that of the original, case by case; None for the original. The figures of a call are means
    (`seconds` the median), and None where unknown. `front` is whether no other is at least as good, as cheap and as
    quick, and better in one of these.
    """

    candidate: Candidate
    quality: Interval
    cases: int
    failed: int
    gain: Interval | None
    shown_better: bool
    cost: Decimal | None
    tokens: float | None
    seconds: float | None
    front: bool = True

    @property
    def name(self) -> str:
        """The candidate in words."""
        return self.candidate.name

    @property
    def prompt(self) -> Prompt:
        """The prompt, to be written to a file: `path.write_text(finalist.prompt.source)`."""
        return self.candidate.prompt

    @property
    def few_shot(self) -> FewShot[Any, Any] | None:
        """Examples that are chosen for each query and so stand in no file; None where there are none such."""
        return self.candidate.few_shot

    def request(self, variables: Mapping[str, Any]) -> Request:
        """The request of a query, examples included."""
        return self.candidate.request(variables)


@dataclass(frozen=True, slots=True)
class Optimised:
    """The outcome. `chosen` is what to use: `best` where it is shown to be better than `original`, else `original`.

    `best` was chosen by the search alone, so that its figures on the held-out cases are not those of the luckiest.
    """

    original: Finalist
    best: Finalist
    finalists: tuple[Finalist, ...]
    trials: tuple[Trial, ...]
    forecast: OptimiseForecast
    spent: Amounts
    stopped: Stopped
    why: str
    """Why it stopped, in words."""

    @property
    def better(self) -> bool:
        """Whether something better than the original was found, and shown to be so."""
        return self.best.shown_better

    @property
    def chosen(self) -> Finalist:
        """What to use."""
        return self.best if self.better else self.original

    @property
    def front(self) -> tuple[Finalist, ...]:
        """Those of which none is better in quality, cost and latency together; the best first."""
        return tuple(one for one in self.finalists if one.front)

    @property
    def verdict(self) -> str:
        """What can be said of the best beside the original, and how sure it is."""
        gain, cases = self.best.gain, self.best.cases
        if gain is None:
            return "no better than the original: nothing that was tried did better in the search"
        by = f"{gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) on {cases} held-out cases"
        if self.better:
            return f"{self.best.name}: better than the original by {by}"
        if gain.low > 0:
            return f"{self.best.name}: no better than the original as far as so few differing cases tell: {by}"
        return f"{self.best.name}: no better than the original: {by}"

    def __str__(self) -> str:
        return "\n".join([self.verdict, f"stopped: {self.why}"])


def shown_better(ones: Sequence[float], others: Sequence[float], gain: Interval) -> bool:
    """Whether a gain is shown: its interval lies above 0, and enough cases differ for anything to be shown."""
    differing = sum(abs(one - other) > NO_DIFFERENCE for one, other in zip(ones, others, strict=True))
    return gain.low > 0 and differing >= fewest_differences()


def on_front(one: Finalist, others: Sequence[Finalist]) -> bool:
    """Whether none of the others is at least as good in all of quality, cost and latency, and better in one.

    Where the cost of either is unknown, or both cost the same, as nothing, tokens stand for it. What is not known of
    one of them is left out.
    """
    return not any(_dominates(other, one) for other in others if other is not one)


def _dominates(other: Finalist, one: Finalist) -> bool:
    theirs, own = other.cost, one.cost
    priced = theirs is not None and own is not None and theirs != own
    costs: tuple[Decimal | float | None, Decimal | float | None] = (
        (theirs, own) if priced else (other.tokens, one.tokens)
    )
    gains = [other.quality.mean - one.quality.mean]
    if costs[0] is not None and costs[1] is not None:
        gains.append(float(costs[1]) - float(costs[0]))
    if other.seconds is not None and one.seconds is not None:
        sooner = one.seconds - other.seconds
        gains.append(sooner if abs(sooner) > SAME_TIME * max(one.seconds, other.seconds) else 0.0)
    return min(gains) >= 0 and max(gains) > 0
