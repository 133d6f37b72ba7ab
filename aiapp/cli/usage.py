"""`aiapp usage`: what a ledger's calls took, by day, model, prompt, tag and step."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.text import Text

    from aiapp.tracking.entry import Entry
    from aiapp.tracking.ledger import Ledger
    from aiapp.tracking.totals import By, Totals

_MOST_DAYS = 31
_BAR = 40
_UNITS = {"h": 1, "d": 24, "w": 7 * 24}
SINCE = "a date such as 2026-11-01, a time such as 2026-11-01T08:00, or a span back from now such as 12h, 7d or 4w"


def usage(
    ledger: Annotated[Path | None, typer.Argument(help="The ledger's file  [default: AIAPP_LEDGER]")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Only one table: day, model, prompt, tag or step.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only calls since: 2026-11-01, 12h, 7d, 4w.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write everything as one HTML page.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Report what the calls in a ledger took: tokens, money and time.

    Days and times are those of UTC. A cost with >= is a lower bound: some of it is not known, and the reason is said.
    """
    from aiapp.cli.screen import show
    from aiapp.core.errors import InvalidInput
    from aiapp.tracking.totals import BYS, grouped, totals

    if by is not None and by not in BYS:
        raise InvalidInput("by", by, ", ".join(BYS))
    opened = open_ledger(ledger)
    entries = opened.entries(None if since is None else moment(since))
    chosen: Sequence[By] = [one for one in BYS if by in (None, one)]
    groups: dict[By, Mapping[str, Totals]] = {one: grouped(entries, one) for one in chosen}
    total, name = totals(entries), opened.path.name
    if html is not None:
        from aiapp.cli.usage_page import usage_page

        html.write_text(usage_page(name, period(entries), total, groups, by_day(entries)), encoding="utf-8")
    if as_json:
        print(json.dumps({"ledger": str(opened.path), **_plain(total, groups)}, indent=2, ensure_ascii=False))
        return
    show(_report(name, entries, total, groups))
    show(f"wrote {path}" for path in (html,) if path is not None)


def open_ledger(path: Path | None) -> Ledger:
    """The ledger that is named, else the one of the environment."""
    from aiapp.core.errors import InvalidInput
    from aiapp.tracking.ledger import Ledger
    from aiapp.tracking.scope import LEDGER

    chosen = path or os.environ.get(LEDGER)
    if not chosen:
        raise InvalidInput("ledger", None, f"the file of a ledger, or its path in {LEDGER}")
    return Ledger(chosen)


def moment(since: str) -> datetime:
    """A date, a time or a span back from now; without a zone it is UTC."""
    from aiapp.core.errors import InvalidInput

    back = re.fullmatch(r"(\d{1,4})([hdw])", since)
    if back is not None:
        return datetime.now(UTC) - timedelta(hours=int(back[1]) * _UNITS[back[2]])
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        raise InvalidInput("since", since, SINCE) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def period(entries: Sequence[Entry]) -> str:
    """From which day to which, in words."""
    if not entries:
        return "no calls"
    first, last = (entry.started.astimezone(UTC).date().isoformat() for entry in (entries[0], entries[-1]))
    return first if first == last else f"{first} to {last}"


def by_day(entries: Sequence[Entry]) -> Mapping[str, Totals]:
    """The last month's days up to the last call, those without calls included."""
    from aiapp.tracking.totals import grouped, totals

    found = grouped(entries, "day")
    if not found:
        return {}
    first, last = (date.fromisoformat(day) for day in (min(found), max(found)))
    first = max(first, last - timedelta(days=_MOST_DAYS - 1))
    days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    return {day: found.get(day) or totals(()) for day in days}


def heights(days: Mapping[str, Totals]) -> tuple[str, list[float]]:
    """What the bars of a chart stand for, and how long they are: money where any is known, else tokens."""
    costs = [float(found.at_least) for found in days.values()]
    if any(costs):
        return "cost", costs
    least = [found.usage_at_least for found in days.values()]
    return "tokens", [float((usage.input_tokens or 0) + (usage.output_tokens or 0)) for usage in least]


def _report(
    name: str, entries: Sequence[Entry], total: Totals, groups: Mapping[By, Mapping[str, Totals]]
) -> Iterator[Text | str]:
    from rich.text import Text

    from aiapp.tracking.table import table_of
    from aiapp.tracking.totals import NONE
    from aiapp.tracking.wording import costing, seconds

    yield Text(f"{name}: {period(entries)}", "bold")
    if not entries:
        return
    calls = f"{total.calls:,} call{'' if total.calls == 1 else 's'}"
    latency = f"p50 {seconds(total.seconds.p50)}, p95 {seconds(total.seconds.p95)}"
    yield f"{calls} · {costing(total.cost, total.at_least)} · {latency}"
    for reason in total.unknown:
        yield Text(f"not known: {reason}", "dim")
    for by, found in groups.items():
        if len(groups) > 1 and [*found] == [NONE]:
            continue
        yield ""
        header, rule, *rows = table_of(by, found, total).lines()
        yield Text(header, "bold")
        yield Text(rule, "dim")
        yield from rows
        if by == "day":
            yield from _chart(by_day(entries))


def _chart(days: Mapping[str, Totals]) -> Iterator[Text | str]:
    from rich.text import Text

    from aiapp.tracking.wording import cost_of

    what, lengths = heights(days)
    longest = max(lengths)
    yield ""
    yield Text(f"{what} by day", "bold")
    for (day, found), length in zip(days.items(), lengths, strict=True):
        line = Text(day)
        if found.calls:
            shown = cost_of(found) if what == "cost" else f"{length:,.0f}"
            line.append(f"  {_bar(length / longest if longest else 0.0)}", "cyan").append(f" {shown}")
        yield line


def _bar(share: float) -> str:
    """A bar in eighths of a column; what is not nothing is never drawn as nothing."""
    eighths = max(round(share * _BAR * 8), 1 if share > 0 else 0)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _plain(total: Totals, groups: Mapping[By, Mapping[str, Totals]]) -> dict[str, Any]:
    return {
        "totals": plain_totals(total),
        "by": {by: {name: plain_totals(found) for name, found in group.items()} for by, group in groups.items()},
    }


def plain_totals(found: Totals) -> dict[str, Any]:
    """Totals as plain JSON values; money is text, so that no digit is lost."""
    usage = found.usage
    return {
        "calls": found.calls,
        "failed": found.failed,
        "cached": found.cached,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost_usd": None if found.cost is None else str(found.cost),
        "at_least_usd": str(found.at_least),
        "unknown": list(found.unknown),
        "seconds": {"p50": found.seconds.p50, "p95": found.seconds.p95},
        "first_token": {"p50": found.first_token.p50, "p95": found.first_token.p95},
        "tokens_per_second": found.tokens_per_second,
    }
