"""`aiapp models compare`: the same cases through several models: how good, what it costs, how long it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiapp.client.forecast import Forecast
    from aiapp.evals.comparison import Comparison, Standing

HEADS = ("model", ">quality", ">95 %", ">to best", ">failed", ">$/1,000", ">p50", ">p95", ">tokens/s")
_LONGEST = 24


def compare(
    cases: Annotated[Path, typer.Argument(help='JSON Lines of {"input": ..., "expected": ...}; id and tags may be.')],
    models: Annotated[
        str, typer.Option("--models", help="Names with commas; a variant has settings: local?temperature=0.8")
    ],
    metric: Annotated[
        str, typer.Option("--metric", help="exact, contains, regex, f1, json, choice or MODULE:FUNCTION.")
    ] = "exact",
    prompt: Annotated[
        str | None, typer.Option("--prompt", help="The prompt whose variables the inputs are: a name or .prompt file.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--results", help="Keep raw answers here, and go on from those that are there.")
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", help="Cases at a time of one model.")] = 4,
    budget: Annotated[
        str | None, typer.Option("--budget", help="US dollars that all models together may take; stops within them.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap.")] = 0,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with the frontier.")] = None,
    png: Annotated[
        Path | None, typer.Option("--png", help="Write the frontier as a picture (needs matplotlib).")
    ] = None,
    speeds: Annotated[
        Path | None, typer.Option("--speeds", help="Write speeds for `aiapp models choose --measured`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Run the same cases through each model, and compare quality, cost and latency.

    What it will take is said first. A failure scores 0 and is counted apart. Two models are only said to differ where
    the cases can tell them apart.
    """
    from aiapp import Budget
    from aiapp.cli.progress import progress_bar
    from aiapp.cli.prompts.sources import load
    from aiapp.cli.screen import show
    from aiapp.evals.compare import compare as run
    from aiapp.evals.compare import forecasts, variants
    from aiapp.evals.dataset import read_items, with_choices
    from aiapp.evals.metrics import CHOICE
    from aiapp.evals.metrics import metric as metric_named

    within = None if budget is None else Budget(budget)
    scored = metric_named(metric)
    items = read_items(cases, None if prompt is None else load(prompt, None))
    if metric == CHOICE:
        items = with_choices(items)
    if png is not None:
        from aiapp.cli.models.compare_picture import plotting

        plotting()  # before anything is paid for
    clients = variants(name.strip() for name in models.split(",") if name.strip())
    expected = forecasts(items, clients, results=results, concurrency=concurrency)
    if not as_json:
        show(_forecast(expected, budget))
    with progress_bar("comparing") as on_progress:
        found = run(
            items,
            clients,
            scored,
            results=results,
            concurrency=concurrency,
            seed=seed,
            budget=within,
            on_progress=on_progress,
        )
    if html is not None:
        from aiapp.cli.models.compare_page import compare_page

        html.write_text(compare_page(cases.name, metric, found), encoding="utf-8")
    if png is not None:
        from aiapp.cli.models.compare_picture import write_picture

        write_picture(found, metric, png)
    if speeds is not None:
        speeds.write_text(json.dumps(_speeds(found, cases), indent=2) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(_plain(found, metric, expected), indent=2, default=str, ensure_ascii=False))
        return
    show(_lines(found, metric))
    show(f"wrote {path}" for path in (html, png, speeds) if path is not None)


def _forecast(expected: Mapping[str, Forecast], budget: str | None) -> Iterator[str]:
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


def _lines(found: Comparison, metric: str) -> Iterator[str]:
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


def _speeds(found: Comparison, cases: Path) -> dict[str, Any]:
    return {
        model: {
            "first_token": one.first_token,
            "tokens_per_second": one.tokens_per_second,
            "source": f"aiapp models compare {cases.name}, {one.as_of}",
        }
        for model, one in found.measured.items()
    }


def _plain(found: Comparison, metric: str, expected: Mapping[str, Forecast]) -> dict[str, Any]:
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
