"""Counts, seconds and money in words: unknown is said, and never shown as 0."""

from __future__ import annotations

from decimal import Decimal

from aiapp.tracking.totals import Totals

UNKNOWN = "unknown"
NOT_MEASURED = "-"


def count(number: int | None, at_least: int = 0) -> str:
    """A count, or the lower bound of one that is not known."""
    if number is not None:
        return f"{number:,}"
    return f">= {at_least:,}" if at_least else UNKNOWN


def seconds(number: float | None) -> str:
    """A time in the unit that suits it."""
    if number is None:
        return NOT_MEASURED
    if number < 1:
        return f"{number * 1000:.0f} ms" if number >= 0.01 or number == 0 else f"{number * 1000:.1f} ms"
    return f"{number:.2f} s" if number < 60 else f"{int(number) // 60} min {number % 60:02.0f} s"


def money(cost: Decimal | None, at_least: Decimal = Decimal(0)) -> str:
    """US dollars, or the lower bound of a cost that is not known."""
    if cost is not None:
        return _dollars(cost)
    return f">= {_dollars(at_least)}" if at_least else UNKNOWN


def costing(cost: Decimal | None, at_least: Decimal) -> str:
    """The same where no heading says what it is."""
    shown = money(cost, at_least)
    return f"cost {shown}" if shown == UNKNOWN else shown


def cost_of(found: Totals) -> str:
    """The cost of some calls."""
    return money(found.cost, found.at_least)


def _dollars(amount: Decimal) -> str:
    """To the cent from a dollar on, else to four digits that count: `$0.0001234`."""
    if not amount:
        return "$0"
    if amount >= 1:
        return f"${amount:,.2f}"
    places = min(9, 3 - amount.adjusted())
    return f"${amount:.{places}f}".rstrip("0") if round(amount, 9) else "< $0.000000001"
