"""What `aiapp models choose` shows of a ranking: the table, one offer's working, and the whole as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from aiapp.catalog.ranking import Candidate, Measured, Ranking


def told(recorded: Mapping[str, Measured]) -> Iterator[str]:
    """What was measured of which model, and that nothing is known of the speed of the others."""
    for name, one in recorded.items():
        first = (
            "unknown" if one.first_token is None else f"{one.first_token:.3g} s (p95 {one.first_token_p95 or 0:.3g} s)"
        )
        speed = "unknown" if one.tokens_per_second is None else f"{one.tokens_per_second:,.3g} tokens/s"
        yield f"{name}: first token {first}, {speed}; {one.source}, the last on {one.as_of}."
    if recorded:
        yield "The speed of all other offers is unknown: none of your calls asked them."


def lines(ranking: Ranking, shown: Sequence[Candidate]) -> Iterator[str]:
    """The table of the offers that are shown, and the trade in words."""
    from aiapp.catalog.checking import dollars
    from aiapp.cli.models.layout import columns, paragraphs, shortened

    rows: list[list[str]] = []
    for candidate in shown:
        offer, cost = candidate.offer, candidate.cost
        money = f"{dollars(cost.at_least)}+" if cost.at_least else "unknown"
        rows.append(
            [
                shortened(offer.id, 44),
                {True: "open", False: "closed", None: "unknown"}[offer.open],
                money if cost.total is None else dollars(cost.total),
                "unknown" if offer.context is None else f"{offer.context:,}",
                _standing(candidate),
            ]
        )
    if rows:
        yield from columns(("offer", "weights", ">a month", ">context", "needs"), rows)
        yield ""
    yield from paragraphs(ranking.explanation)


def _standing(candidate: Candidate) -> str:
    if candidate.fits:
        return "all met"
    if candidate.missed:
        return "misses " + ", ".join(check.need for check in candidate.missed)
    return "unknown: " + ", ".join(check.need for check in candidate.unknown)


def details(candidate: Candidate, working: bool, sources: bool) -> Iterator[str]:
    """One candidate's working and sources."""
    from aiapp.catalog.checking import dollars
    from aiapp.cli.models.layout import columns, paragraphs

    cost = candidate.cost
    yield ""
    yield candidate.offer.id
    if working:
        rows = [
            [
                f"  {line.item}",
                f"{line.tokens.normalize():,f}",
                "unknown" if line.rate is None else _rate(line.rate * line.factor),
                "unknown" if line.amount is None else dollars(line.amount),
            ]
            for line in cost.lines
        ]
        yield from columns(("  cost", ">tokens a month", ">a million", ">a month"), rows)
        yield from paragraphs(f"  {note}" for note in (*cost.notes, *cost.unknown))
        needs = [
            [f"  {check.need}", check.wanted, check.found or "unknown", check.verdict, _margin(check.margin)]
            for check in candidate.checks
        ]
        yield from columns(("  need", "wanted", "found", "", ">by"), needs)
    if sources:
        seen = {cost.source: cost.as_of} | {check.source: check.as_of for check in candidate.checks}
        yield from paragraphs(f"  source: {source}, {day}" if day else f"  {source}" for source, day in seen.items())


def _rate(rate: Decimal) -> str:
    """All its figures, and at least two places."""
    return f"${rate:.2f}" if rate == round(rate, 2) else f"${rate.normalize():f}"


def _margin(margin: Decimal | None) -> str:
    return "" if margin is None else f"{margin:+,.5g}" if abs(margin) < 1 else f"{margin:+,.2f}".removesuffix(".00")


def plain(ranking: Ranking, limit: int | None) -> dict[str, Any]:
    """The ranking for `--json`, down to `limit` offers."""
    return {
        "on": ranking.on,
        "needs": asdict(ranking.needs),
        "explanation": ranking.explanation,
        "relaxations": [
            {
                "need": one.need,
                "lets_in": one.lets_in,
                "known": one.known,
                "nearest": one.nearest.offer.id,
                "found": one.check.found,
            }
            for one in ranking.relaxations
        ],
        "candidates": [_candidate(candidate) for candidate in ranking.candidates[:limit]],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    offer, cost = candidate.offer, candidate.cost
    return {
        "offer": offer.id,
        "vendor": offer.vendor,
        "open": offer.open,
        "context": offer.context,
        "fits": candidate.fits,
        "month": cost.total,
        "at_least": cost.at_least,
        "call": cost.per_call,
        "lines": [{**asdict(line), "amount": line.amount} for line in cost.lines],
        "notes": cost.notes,
        "unknown": cost.unknown,
        "source": cost.source,
        "as_of": cost.as_of,
        "checks": [asdict(check) for check in candidate.checks],
    }
