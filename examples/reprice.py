"""What recorded traffic would have cost on other models: an estimate, with its error and what it rests on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from aiapp.catalog.catalogue import catalogue
from aiapp.core.usage import Usage
from aiapp.tracking.billing import bill
from aiapp.tracking.reprice import reprice
from aiapp.tracking.span import Span

DAY = date(2026, 11, 21)


def recorded(number: int) -> Span:
    """A call as `track(ledger="usage.db")` keeps it; in earnest `reprice` takes `Ledger("usage.db")`."""
    usage = Usage(6_000 + 100 * number, 400, 4_000, 0, 0)
    started = datetime(2026, 11, 20, 8, number, tzinfo=UTC)
    invoice = bill(usage, "openai:gpt-5.6-sol", catalogue().find, at=started)
    return Span(
        f"{number:016x}", f"{number:032x}", "openai:gpt-5.6-sol", "call", started, 2.0,
        model="openai:gpt-5.6-sol", usage=usage, invoice=invoice,
    )  # fmt: skip


def shown(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount:.4f}"


calls = [recorded(number) for number in range(50)]
for model in ("openai:gpt-5.6-luna", "anthropic:claude-sonnet-4-6", "local"):
    found = reprice(calls, model, on=DAY)
    total = found.total
    ends = " to ".join(dict.fromkeys((shown(total.low), shown(total.high))))
    print(f"{found.model}: {shown(total.expected)} ({ends}) in place of {shown(total.recorded)}")
    for line in (*found.total.unknown, *found.notes):
        print(f"  {line}")
