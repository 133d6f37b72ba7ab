"""What `aiapp prompts optimise` shows: what was tried, who is better on held-out cases, and all of it as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiapp.evals.optimise import Finalist, Optimised, OptimiseForecast, Trial

HEADS = ("candidate", ">quality", ">95 %", ">to original", ">$/1,000", ">tokens", ">p50", "front")
TRIED = ("", ">from", ">first cases", ">parent's", ">all", "candidate")
_LONGEST = 32
_PER = 1_000


def lines(found: Optimised) -> Iterator[str]:
    """What was tried, the finalists, and the verdict."""
    from aiapp.cli.models.layout import columns, paragraphs
    from aiapp.tracking.wording import count, money

    yield "tried, on cases of the search:"
    yield from columns(TRIED, [_tried(one) for one in found.trials])
    yield ""
    yield f"on the {found.original.cases:,} held-out cases:"
    yield from columns(HEADS, [_row(one) for one in found.finalists])
    yield ""
    expected, spent = found.forecast.expected, found.spent
    yield from paragraphs(
        [
            f"{found.verdict}.",
            f"Stopped: {found.why}.",
            f"It took {count(spent.calls)} calls, {count(spent.tokens)} tokens, {money(spent.money)}; "
            f"expected were {expected}.",
        ]
    )
    chosen = found.chosen
    if chosen.few_shot is not None:
        builder = type(chosen.few_shot.builder).__name__
        yield from paragraphs([f"Its examples go with the query: FewShot(cases, {chosen.few_shot.k}, {builder}(...))."])


def _tried(one: Trial) -> list[str]:
    what = " ".join(filter(None, [one.instructions, one.examples])) or one.origin
    what = " ".join(what.split())
    if one.fate == "cannot be used":
        what = f"cannot be used: {' '.join(one.why.split())}"
    parent = "" if one.parent is None else str(one.parent)
    return [str(one.number), parent, _share(one.batch), _share(one.against), _share(one.search), what]


def _share(score: float | None) -> str:
    return "" if score is None else f"{score:.3f}"


def _row(one: Finalist) -> list[str]:
    from aiapp.cli.models.layout import shortened
    from aiapp.tracking.wording import money, seconds

    return [
        shortened(one.name, _LONGEST),
        f"{one.quality.mean:.3f}",
        f"{one.quality.low:.3f}-{one.quality.high:.3f}",
        "" if one.gain is None else f"{one.gain.mean:+.3f}",
        money(None if one.cost is None else one.cost * _PER).removeprefix("$"),
        "unknown" if one.tokens is None else f"{one.tokens:,.0f}",
        seconds(one.seconds),
        "yes" if one.front else "",
    ]


def plain(found: Optimised) -> Mapping[str, Any]:
    """The search for `--json`."""
    from dataclasses import asdict

    return {
        "better": found.better,
        "verdict": found.verdict,
        "stopped": found.stopped,
        "why": found.why,
        "chosen": found.chosen.candidate.number,
        "best": found.best.candidate.number,
        "prompt": found.chosen.prompt.source,
        "finalists": [_plain_finalist(one) for one in found.finalists],
        "trials": [asdict(one) for one in found.trials],
        "spent": asdict(found.spent),
        "forecast": plain_forecast(found.forecast),
    }


def _plain_finalist(one: Finalist) -> Mapping[str, Any]:
    from dataclasses import asdict

    return {
        "candidate": one.candidate.number,
        "name": one.name,
        "quality": asdict(one.quality),
        "gain": None if one.gain is None else asdict(one.gain),
        "shown_better": one.shown_better,
        "cases": one.cases,
        "failed": one.failed,
        "cost": one.cost,
        "tokens": one.tokens,
        "seconds": one.seconds,
        "front": one.front,
        "hash": one.prompt.hash,
        "examples_for_each_query": one.few_shot is not None,
    }


def plain_forecast(forecast: OptimiseForecast) -> Mapping[str, Any]:
    """The forecast for `--json`."""
    from dataclasses import asdict

    return asdict(forecast)
