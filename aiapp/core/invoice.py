"""Invoices: exact money. `total` is `None` where any line has no known price; it is never 0 for want of knowledge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One priced quantity: `amount = count * rate / per`, in US dollars; a `rate` of None is an unknown price."""

    item: str
    count: int | None
    rate: Decimal | None
    per: int = 1_000_000
    source: str = ""

    @property
    def amount(self) -> Decimal | None:
        """The price of this line in US dollars, or None where count or rate is unknown."""
        if self.rate == 0:
            return Decimal(0)
        if self.count is None or self.rate is None:
            return None
        return self.rate * self.count / self.per


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a call cost, line by line, in US dollars."""

    lines: tuple[Line, ...] = ()
    unknown: tuple[str, ...] = ()
    """Why the total is not known; empty when it is."""

    @property
    def total(self) -> Decimal | None:
        """The sum, or None where anything is unknown."""
        amounts = [line.amount for line in self.lines]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if not self.unknown and len(known) == len(amounts) else None

    @property
    def at_least(self) -> Decimal:
        """The sum of what is known: a lower bound of the total."""
        return sum((line.amount for line in self.lines if line.amount is not None), Decimal(0))


def total_invoice(invoices: Iterable[Invoice]) -> Invoice:
    """All lines of all invoices; one unknown makes the whole total unknown."""
    items = list(invoices)
    reasons = dict.fromkeys(reason for invoice in items for reason in invoice.unknown)
    return Invoice(tuple(line for invoice in items for line in invoice.lines), tuple(reasons))
