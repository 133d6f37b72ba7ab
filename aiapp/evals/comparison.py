"""What models did on the same cases: how good, what it cost, how long it took, and which are worth their price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aiapp.catalog.ranking import Measured
from aiapp.evals.statistics import LEVEL, Interval, fewest_differences, interval, paired
from aiapp.tracking.entry import entry_of
from aiapp.tracking.span import Span
from aiapp.tracking.totals import Totals, totals

PER = 1_000
NO_DIFFERENCE = 1e-12


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model made of one case. `answer` is None where it failed, for the reason `error`; that scores 0."""

    case: str
    score: float
    answer: str | None
    error: str | None
    spans: tuple[Span, ...]
    """The calls that were made of it, with their costs and times; none where nothing was sent."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One model over all cases.

    `behind` is its score less that of the best, case by case, and None for the best itself. `apart` says whether they
    can be told apart. `frontier` is whether nothing that is as cheap is better: None where its cost is unknown.
    """

    model: str
    outcomes: tuple[Outcome, ...]
    quality: Interval
    totals: Totals
    behind: Interval | None
    apart: bool
    frontier: bool | None

    @property
    def failed(self) -> int:
        """Cases without an answer."""
        return sum(outcome.error is not None for outcome in self.outcomes)

    @property
    def per_thousand(self) -> Decimal | None:
        """US dollars for a thousand cases; None where unknown, for the reasons of `totals.unknown`."""
        return None if self.totals.cost is None else self.totals.cost * PER / len(self.outcomes)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All models, best first, on the `cases` that every one of them was asked.

    `left_out` are those that not all were asked, because a budget was spent: `stopped` says which.
    """

    cases: int
    standings: tuple[Standing, ...]
    left_out: int = 0
    stopped: str | None = None

    @property
    def best(self) -> Standing:
        """The one with the highest mean, the cheapest of several."""
        return self.standings[0]

    @property
    def measured(self) -> Mapping[str, Measured]:
        """Speeds by model, as `choose` takes them; of models that answered nothing there are none."""
        return {
            one.model: Measured(one.totals.first_token.p50, one.totals.tokens_per_second, "measured", _day(one))
            for one in self.standings
            if one.failed < len(one.outcomes)
        }


def compared(outcomes: Mapping[str, Sequence[Outcome]], seed: int = 0) -> Comparison:
    """The comparison of models that were given the same cases, in the same order.

    The differences to the best share one error of 5 % among them (Bonferroni), so that many models do not make a false
    difference likely.
    """
    tables = {model: [one.score for one in made] for model, made in outcomes.items()}
    sums = {model: totals(entry_of(span) for one in made for span in one.spans) for model, made in outcomes.items()}
    costs = {model: found.cost for model, found in sums.items()}

    def order(model: str) -> tuple[float, bool, Decimal, str]:
        cost = costs[model]
        return (-_mean(tables[model]), cost is None, cost or Decimal(0), model)

    ranked = sorted(outcomes, key=order)
    level = 1 - (1 - LEVEL) / max(len(ranked) - 1, 1)
    standings = list[Standing]()
    for model in ranked:
        scores, best = tables[model], tables[ranked[0]]
        behind = None if model == ranked[0] else paired(scores, best, level=level, seed=seed)
        differing = sum(abs(one - other) > NO_DIFFERENCE for one, other in zip(scores, best, strict=True))
        apart = behind is not None and behind.high < 0 and differing >= fewest_differences(level)
        quality = interval(scores, seed=seed)
        on = _on_frontier(model, costs, tables)
        standings.append(Standing(model, tuple(outcomes[model]), quality, sums[model], behind, apart, on))
    return Comparison(len(tables[ranked[0]]), tuple(standings))


def _on_frontier(model: str, costs: Mapping[str, Decimal | None], tables: Mapping[str, Sequence[float]]) -> bool | None:
    """Whether no other model is at least as good and as cheap, and better in one of the two."""
    cost, quality = costs[model], _mean(tables[model])
    if cost is None:
        return None
    return not any(
        other_cost <= cost and _mean(tables[other]) >= quality and (other_cost < cost or _mean(tables[other]) > quality)
        for other, other_cost in costs.items()
        if other_cost is not None
    )


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)


def _day(standing: Standing) -> date | None:
    days = [span.started.date() for one in standing.outcomes for span in one.spans]
    return max(days, default=None)
