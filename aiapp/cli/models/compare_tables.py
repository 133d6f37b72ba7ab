"""What `aiapp models compare` shows: the forecast, the table, what its figures mean, and all of it as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiapp.client.forecast import Forecast
    from aiapp.evals.comparison import Comparison, Standing

HEADS = ("model", ">quality", ">95 %", ">to best", ">failed", ">$/1,000", ">p50", ">p95", ">tokens/s")
_LONGEST = 24


def forecast(expected: Mapping[str, Forecast], budget: str | None) -> Iterator[str]:
    """What it will take; nothing where it is sure to be nothing."""
    from aiapp.cli.models.layout import columns, paragraphs, shortened
    from aiapp.tracking.wording import money, seconds

    if budget is None and all(one.high.money == 0 for one in expected.values()):
        return
    yield f"forecast, before anything is sent{'' if budget is None else f', within a budget of ${budget}'}"
    yield ""
    heads = ("model", ">answers", ">low", ">expected", ">at most", ">time")
    rows = [
        [
            shortened(name, 2 * _LONGEST),
            f"{one.requests - one.cached:,}",
            money(one.low.money),
            money(one.expected.money),
            money(one.high.money),
            seconds(one.expected.seconds),
        ]
        for name, one in expected.items()
    ]
    yield from columns(heads, rows)
    reasons = dict.fromkeys(reason for one in expected.values() if one.high.money is None for reason in one.unknown)
    yield from paragraphs(f"not known: {reason}" for reason in reasons)
    yield ""


def lines(found: Comparison, metric: str) -> Iterator[str]:
    """The table of the models, the best first, and what its figures mean."""
    from aiapp.cli.models.layout import columns, paragraphs, shortened

    yield f"{found.cases:,} case{'' if found.cases == 1 else 's'}, metric {metric}"
    yield ""
    names = {shortened(one.model, _LONGEST) for one in found.standings}
    longest = _LONGEST if len(names) == len(found.standings) else 2 * _LONGEST  # two may begin and end alike
    yield from columns(HEADS, [row(one, longest) for one in found.standings])
    yield ""
    yield from paragraphs(words(found))


def row(one: Standing, longest: int = _LONGEST) -> list[str]:
    """The cells of a model."""
    from aiapp.cli.models.layout import shortened
    from aiapp.tracking.wording import money, seconds

    behind, speed = one.behind, one.totals.tokens_per_second
    return [
        shortened(one.model, longest),
        f"{one.quality.mean:.3f}",
        f"{one.quality.low:.3f}-{one.quality.high:.3f}",
        "best" if behind is None else f"{behind.mean:+.3f}",
        f"{one.failed:,}",
        money(one.per_thousand).removeprefix("$"),
        seconds(one.totals.seconds.p50),
        seconds(one.totals.seconds.p95),
        "-" if speed is None else f"{speed:,.0f}",
    ]


def words(found: Comparison) -> Iterator[str]:
    """What the figures mean: who can be told from the best, what is not known, why answers failed."""
    best = found.best
    if found.stopped is not None:
        yield (
            f"Stopped early: {found.stopped}. These are the first results: {found.left_out:,} of "
            f"{found.cases + found.left_out:,} cases were not put to all models."
        )
    for one in found.standings[1:]:
        if one.behind is None:
            continue
        ends = f"{one.behind.low:+.3f} to {one.behind.high:+.3f}"
        if one.apart:
            yield f"{one.model} is worse than {best.model}: {one.behind.mean:+.3f} ({ends})."
        elif one.behind.high < 0:
            yield f"{one.model} is not distinguishable from {best.model}: too few cases came out differently ({ends})."
        else:
            yield f"{one.model} is not distinguishable from {best.model} on these cases ({ends})."
    for one in found.standings:
        if one.per_thousand is None:
            yield f"The cost of {one.model} is not known: {'; '.join(one.totals.unknown) or 'nothing was answered'}."
        errors = [outcome.error for outcome in one.outcomes if outcome.error is not None]
        if errors:
            yield f"{len(errors):,} of {one.model} failed and score 0; the first: {' '.join(errors[0].split())}"
    kept = [one.model for one in found.standings if one.frontier]
    if kept:
        yield f"Worth their price, for nothing as cheap is better: {', '.join(kept)}."


def speed_rows(found: Comparison, cases: str) -> dict[str, Any]:
    """What `aiapp models choose --measured` reads; `cases` is the name of their file."""
    return {
        model: {
            "first_token": one.first_token,
            "tokens_per_second": one.tokens_per_second,
            "source": f"aiapp models compare {cases}, {one.as_of}",
        }
        for model, one in found.measured.items()
    }


def plain(found: Comparison, metric: str, expected: Mapping[str, Forecast]) -> dict[str, Any]:
    """The comparison for `--json`, with each answer and the forecast."""
    from dataclasses import asdict

    from aiapp.cli.usage import plain_totals

    return {
        "cases": found.cases,
        "metric": metric,
        "left_out": found.left_out,
        "stopped": found.stopped,
        "forecast": {name: asdict(one) for name, one in expected.items()},
        "models": [
            {
                "model": one.model,
                "quality": asdict(one.quality),
                "to_the_best": None if one.behind is None else asdict(one.behind),
                "distinguishable": one.apart,
                "failed": one.failed,
                "cost_per_1000": one.per_thousand,
                "frontier": one.frontier,
                "totals": plain_totals(one.totals),
                "cases": [
                    {"case": made.case, "score": made.score, "answer": made.answer, "error": made.error}
                    for made in one.outcomes
                ],
            }
            for one in found.standings
        ],
    }
