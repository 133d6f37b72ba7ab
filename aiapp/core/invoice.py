"""Invoices: exact money. `total` is `None` where any line has no known price; it is never 0 for want of knowledge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

_ONE = Decimal(1)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The row of a price list that a rate stands in: of which offer, for which requests, who says so, and since when.

    `above` is its step: it is for requests of more input tokens than that. `factor` is what the rates are multiplied by
    for where or how the request was served, as `because` says.
    """

    model: str
    tier: str
    source: str
    as_of: date
    valid_from: date | None = None
    above: int = 0
    factor: Decimal = _ONE
    because: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One priced quantity: `amount = count * rate / per`, in US dollars, times the factor of its row.

    A `rate` of None is an unknown price, and `least` the lowest that it can be. `row` is where the rate stands, None
    for what is free or unknown; `purpose` says which of several requests it was, where one call made them.
    """

    item: str
    count: int | None
    rate: Decimal | None
    per: int = 1_000_000
    source: str = ""
    row: PriceRow | None = field(default=None, kw_only=True)
    least: Decimal | None = field(default=None, kw_only=True)
    purpose: str = field(default="", kw_only=True)

    @property
    def amount(self) -> Decimal | None:
        """The price of this line in US dollars, or None where count or rate is unknown."""
        return _NOTHING if self.rate == 0 else self._times(self.rate)

    @property
    def at_least(self) -> Decimal:
        """The amount, or what it comes to at the least."""
        known = self._times(self.least if self.rate is None else self.rate)
        return _NOTHING if known is None else known

    def _times(self, rate: Decimal | None) -> Decimal | None:
        if self.count is None or rate is None:
            return None
        amount = rate * self.count / self.per
        return amount if self.row is None else amount * self.row.factor


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a call cost, line by line, in US dollars."""

    lines: tuple[Line, ...] = ()
    unknown: tuple[str, ...] = ()
    """Why the total is not known; empty when it is."""
    notes: tuple[str, ...] = ()
    """What is worth knowing of a price that is known, such as that its model is retired."""

    @property
    def total(self) -> Decimal | None:
        """The sum, or None where anything is unknown."""
        amounts = [line.amount for line in self.lines]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, _NOTHING) if not self.unknown and len(known) == len(amounts) else None

    @property
    def at_least(self) -> Decimal:
        """The sum of what is known: a lower bound of the total."""
        return sum((line.at_least for line in self.lines), _NOTHING)


def total_invoice(invoices: Iterable[Invoice]) -> Invoice:
    """All lines of all invoices; one unknown makes the whole total unknown."""
    items = list(invoices)
    reasons = dict.fromkeys(reason for invoice in items for reason in invoice.unknown)
    notes = dict.fromkeys(note for invoice in items for note in invoice.notes)
    return Invoice(tuple(line for invoice in items for line in invoice.lines), tuple(reasons), tuple(notes))
