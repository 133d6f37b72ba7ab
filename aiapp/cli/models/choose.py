"""`aiapp models choose`: every offer against what is needed, the best first, and the trade in plain words."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.cli.models.choose_tables import details, lines, plain, told
from aiapp.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiapp.catalog.ranking import Measured, Ranking

_SHOWN = 10
_DATES = ["%Y-%m-%d"]


def choose(
    input_tokens: Annotated[int, typer.Option("--input", help="Tokens in, of one call.")] = 1_000,
    output_tokens: Annotated[int, typer.Option("--output", help="Tokens out, of one call; reasoning included.")] = 250,
    calls: Annotated[int, typer.Option("--calls", help="Calls a day.")] = 1_000,
    cached: Annotated[float, typer.Option("--cached", help="Share of the input read from the prompt cache.")] = 0.0,
    written: Annotated[float, typer.Option("--written", help="Share of the input written to it.")] = 0.0,
    batch: Annotated[float, typer.Option("--batch", help="Share of the calls that can wait for a batch.")] = 0.0,
    weights: Annotated[str, typer.Option("--weights", help="any, open or closed.")] = "any",
    max_month: Annotated[str | None, typer.Option("--max-month", help="US dollars a month, at most.")] = None,
    max_call: Annotated[str | None, typer.Option("--max-call", help="US dollars a call, at most.")] = None,
    context: Annotated[int | None, typer.Option("--context", help="Tokens of request and answer together.")] = None,
    headroom: Annotated[float, typer.Option("--headroom", help="How much more of them must fit.")] = 0.2,
    latency: Annotated[str, typer.Option("--latency", help="any, relaxed (10 s) or interactive (1 s).")] = "any",
    takes: Annotated[list[str] | None, typer.Option("--takes", help="What it reads, such as image; repeated.")] = None,
    makes: Annotated[list[str] | None, typer.Option("--makes", help="What it writes, such as audio; repeated.")] = None,
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="Such as tools or json_schema; repeated.")
    ] = None,
    where: Annotated[str, typer.Option("--where", help="anywhere, self-hostable or here.")] = "anywhere",
    region: Annotated[str | None, typer.Option("--region", help="Where it must be served, such as eu.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=_DATES, help="Served until this day.")] = None,
    quality: Annotated[list[str] | None, typer.Option("--quality", help="A floor, such as gpqa=70; repeated.")] = None,
    vendor: Annotated[list[str] | None, typer.Option("--vendor", help="Only this one; repeated.")] = None,
    without: Annotated[list[str] | None, typer.Option("--without", help="Not this one; repeated.")] = None,
    prefer: Annotated[str, typer.Option("--prefer", help="price, context, or a benchmark's name.")] = "price",
    measured: Annotated[Path | None, typer.Option("--measured", help="Your own speeds: JSON by offer.")] = None,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="Speeds of your own calls, from the ledger that they are in.")
    ] = None,
    on: Annotated[datetime | None, typer.Option("--on", formats=_DATES, help="Prices of this day (today).")] = None,
    limit: Annotated[int | None, typer.Option("--limit", help=f"How many to show ({_SHOWN}; with --json all).")] = None,
    working: Annotated[bool, typer.Option("--working", help="How each cost comes about, and every need.")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="Where each figure is from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Rank every offer by what you need, for your own traffic.

    First come those that are known to meet every need, cheapest first; then those of which something is unknown; then
    those that miss a need, with the needs they miss.
    """
    from aiapp.catalog.choosing import choose as rank
    from aiapp.catalog.needs import Needs
    from aiapp.catalog.traffic import Traffic

    if limit is not None and limit < 1:
        raise InvalidInput("limit", limit, "a whole number from 1")
    # Typer gives any word; `Needs` says which are accepted.
    words: dict[str, Any] = {"weights": weights, "latency": latency, "where": where, "features": tuple(feature or ())}
    words |= {"inputs": tuple(takes or ["text"]), "outputs": tuple(makes or ["text"])}
    needs = Needs(
        traffic=Traffic(input_tokens, output_tokens, calls, cached, written, batch),
        max_month=max_month,
        max_call=max_call,
        context=context,
        headroom=headroom,
        region=region,
        until=until.date() if until else None,
        quality=dict(map(_floor, quality or ())),
        vendors=tuple(vendor or ()),
        without=tuple(without or ()),
        prefer=prefer,
        **words,
    )
    recorded: Mapping[str, Measured] = _recorded(ledger) if ledger else {}
    seen = {**recorded, **(_measured(measured) if measured else {})}
    ranking = rank(needs, on=on.date() if on else None, measured=seen)
    if as_json:
        print(json.dumps(plain(ranking, limit), indent=2, default=str))
    else:
        _show(ranking, _SHOWN if limit is None else limit, working, sources, recorded)


def _show(ranking: Ranking, count: int, working: bool, sources: bool, recorded: Mapping[str, Measured]) -> None:
    from aiapp.cli.models.layout import paragraphs
    from aiapp.cli.screen import show

    shown = ranking.candidates[:count]
    show(lines(ranking, shown))
    show(paragraphs(told(recorded)))
    for candidate in shown if working or sources else ():
        show(details(candidate, working, sources))


def _floor(text: str) -> tuple[str, float]:
    name, equals, floor = text.partition("=")
    try:
        return name.strip(), float(floor)
    except ValueError:
        example = "mmlu-pro=70" if not equals else f"{name}=70"
        raise InvalidInput("quality", text, f"a benchmark and the lowest score, such as {example}") from None


def _measured(path: Path) -> dict[str, Measured]:
    """Speeds from a file such as {"openai:NAME": {"first_token": 0.4, "tokens_per_second": 80}}."""
    from aiapp.catalog.ranking import Measured

    accepted = 'JSON such as {"openai:NAME": {"first_token": 0.4, "tokens_per_second": 80}}'
    try:
        rows: Any = json.loads(path.read_text(encoding="utf-8"))
        return {
            offer: Measured(
                None if row.get("first_token") is None else float(row["first_token"]),
                None if row.get("tokens_per_second") is None else float(row["tokens_per_second"]),
                str(row.get("source", path)),
            )
            for offer, row in rows.items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise InvalidInput("measured", str(path), accepted) from error


def _recorded(path: Path) -> Mapping[str, Measured]:
    """Speeds from the calls in a ledger."""
    from aiapp.cli.usage import open_ledger
    from aiapp.tracking.speeds import speeds

    return speeds(open_ledger(path))
