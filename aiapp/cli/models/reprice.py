"""`aiapp models reprice`: what the calls in a ledger would have cost on another model.

It stands beside `choose`, which ranks models by traffic that is described, and not in `aiapp usage`, which reports what
was recorded and estimates nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiapp.tracking.repricing import Estimate, Repricing

_LONGEST = 40


def reprice(
    model: Annotated[str, typer.Argument(help="The other model, such as openai:NAME.")],
    ledger: Annotated[Path | None, typer.Argument(help="The ledger's file  [default: AIAPP_LEDGER]")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only calls since: 2026-11-01, 12h, 7d, 4w.")] = None,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Prices of this day (today).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Estimate what recorded calls would have cost on another model, with the error of the estimate.

    Tokens are counted anew by model: the same where both have the same tokenizer, else between a low and a high end.
    """
    from aiapp.cli.screen import show
    from aiapp.cli.usage import moment, open_ledger
    from aiapp.tracking.reprice import reprice as estimate

    spans = open_ledger(ledger).spans()
    if since is not None:
        first = moment(since)
        spans = [span for span in spans if span.started >= first]
    found = estimate(spans, model, on=on.date() if on else None)
    if as_json:
        print(json.dumps(_plain(found), indent=2, default=str, ensure_ascii=False))
        return
    show(_lines(found))


def _lines(found: Repricing) -> Iterator[str]:
    from aiapp.cli.models.layout import columns, paragraphs

    yield f"{found.model}, at the prices of {found.on}"
    yield ""
    for name, groups in (("model", found.by_model), ("prompt", found.by_prompt)):
        rows = [_row(group, one) for group, one in groups.items()]
        if len(rows) != 1:
            rows.append(_row("total", found.total))
        yield from columns((name, ">calls", ">recorded", ">low", ">expected", ">high"), rows)
        yield ""
    yield from paragraphs(_words(found))


def _row(name: str, one: Estimate) -> list[str]:
    from aiapp.cli.models.layout import shortened
    from aiapp.tracking.wording import money

    return [
        shortened(name, _LONGEST),
        f"{one.calls:,}",
        money(one.recorded, one.recorded_at_least),
        money(one.low, one.at_least),
        money(one.expected, one.at_least),
        money(one.high, one.at_least),
    ]


def _words(found: Repricing) -> Iterator[str]:
    total = found.total
    if total.change is not None:
        yield f"An estimate: {_change(total.change)}."
    yield "Low to high is the error of the token counts alone: answers are taken to be as long as they were."
    for reason in total.unknown:
        yield f"Not known: {reason}."
    yield from (f"{note}." for note in found.notes)
    if found.source:
        yield f"Prices: {found.source}, {found.as_of}"


def _change(change: Decimal) -> str:
    if change == 1:
        return "as much as was recorded"
    apart = abs(change - 1)
    return f"{apart:.0%} {'more' if change > 1 else 'less'} than was recorded"


def _plain(found: Repricing) -> dict[str, Any]:
    def each(groups: Mapping[str, Estimate]) -> dict[str, Any]:
        return {name: asdict(one) for name, one in groups.items()}

    return {
        "model": found.model,
        "on": found.on,
        **asdict(found.total),
        "change": found.total.change,
        "by_model": each(found.by_model),
        "by_prompt": each(found.by_prompt),
        "notes": found.notes,
        "source": found.source,
        "as_of": found.as_of,
    }
