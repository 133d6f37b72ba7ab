"""The user's own traffic, and what it costs a month on an offer, line by line.

A month has 30 days, here and for machines that are rented by the hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import STANDARD, PriceList, Rates
from aiapp.core.errors import InvalidInput

DAYS = 30
BATCH = "batch"
OWN_MACHINE = "runs on this machine"
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is asked of a model: the tokens of one call, how many calls a day, and how they may be served.

    `cached` and `written` are shares of the input tokens, read from the provider's prompt cache and written to it;
    `batch` is the share of the calls that can wait for a batch. Reasoning tokens belong to `output_tokens`.
    """

    input_tokens: int = 1_000
    output_tokens: int = 250
    calls_per_day: int = 1_000
    cached: float = 0.0
    written: float = 0.0
    batch: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("input_tokens", 1), ("output_tokens", 0), ("calls_per_day", 1)):
            value: object = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise InvalidInput(name, value, f"a whole number from {least}")
        for name in ("cached", "written", "batch"):
            share: object = getattr(self, name)
            if not isinstance(share, int | float) or isinstance(share, bool) or not 0 <= share <= 1:
                raise InvalidInput(name, share, "a share from 0 to 1")
        if self.cached + self.written > 1:
            raise InvalidInput(
                "written", self.written, f"at most what `cached` leaves of the input: {1 - self.cached:g}"
            )

    @property
    def calls(self) -> int:
        """Calls a month."""
        return self.calls_per_day * DAYS

    @property
    def tokens(self) -> int:
        """Tokens of one call, request and answer together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class CostLine:
    """Tokens a month at a rate in US dollars a million: `amount = tokens x rate / 1,000,000 x factor`."""

    item: str
    tokens: Decimal
    rate: Decimal | None
    factor: Decimal = Decimal(1)

    @property
    def amount(self) -> Decimal | None:
        """US dollars a month; None where the rate is unknown and there is something to charge."""
        if not self.tokens:
            return Decimal(0)
        return None if self.rate is None else self.tokens * self.rate / _MILLION * self.factor


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """What a month costs, with its working. `notes` say what was assumed, `unknown` why there is no total."""

    lines: tuple[CostLine, ...]
    calls: int
    source: str
    as_of: date | None = None
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal | None:
        """US dollars a month, or None where anything is unknown."""
        return None if self.unknown else self.at_least

    @property
    def at_least(self) -> Decimal:
        """What is known of it: a lower bound."""
        return sum((line.amount for line in self.lines if line.amount is not None), Decimal(0))

    @property
    def per_call(self) -> Decimal | None:
        """US dollars for a call, the cheaper ones in batches included."""
        return None if self.total is None else self.total / self.calls


def monthly_cost(offer: Offer, traffic: Traffic, on: date, region: str | None = None) -> MonthlyCost:
    """What the traffic costs on an offer at the prices of a day.

    What has no rate of its own is charged at a rate that can only be higher, and `notes` say so: cached tokens as
    plain input, batches at the standard price. A prefix shorter than the provider caches is not cached.
    """
    if offer.free:
        lines = tuple(CostLine(item, count, Decimal(0)) for item, count in _plain(traffic))
        return MonthlyCost(lines, traffic.calls, OWN_MACHINE, offer.as_of)
    prices = offer.price(on)
    if prices is None:
        lines = tuple(CostLine(item, count, None) for item, count in _plain(traffic))
        return MonthlyCost(lines, traffic.calls, offer.source, offer.as_of, (f"no price is known for {on}",))
    notes: list[str] = []
    factor = prices.factors.get(region, Decimal(1)) if region else Decimal(1)
    if factor != 1:
        notes.append(f"served in {region}: x {factor}")
    step = max((one.above for one in prices.tiers.get(STANDARD, ()) if traffic.input_tokens > one.above), default=0)
    if step:
        notes.append(f"at the rates of requests over {step:,} tokens")
    lines = tuple(_lines(offer, prices, traffic, factor, notes))
    unknown = tuple(dict.fromkeys(f"no rate is known for {line.item}" for line in lines if line.amount is None))
    return MonthlyCost(lines, traffic.calls, prices.source, prices.as_of, unknown, tuple(notes))


def _plain(traffic: Traffic) -> tuple[tuple[str, Decimal], ...]:
    calls = Decimal(traffic.calls)
    return ("input", calls * traffic.input_tokens), ("output", calls * traffic.output_tokens)


def _lines(offer: Offer, prices: PriceList, traffic: Traffic, factor: Decimal, notes: list[str]) -> Iterator[CostLine]:
    batch = Decimal(str(traffic.batch))
    standard = prices.rates(traffic.input_tokens)
    if batch < 1:
        yield from _tier(offer, standard, traffic, (1 - batch) * traffic.calls, factor, "", notes)
    if batch:
        cheaper = prices.rates(traffic.input_tokens, BATCH)
        if cheaper is None:
            notes.append(f"no batch price is known: batches at the {STANDARD} price")
        yield from _tier(offer, cheaper or standard, traffic, batch * traffic.calls, factor, "batch ", notes)


def _tier(
    offer: Offer, rates: Rates | None, traffic: Traffic, calls: Decimal, factor: Decimal, tier: str, notes: list[str]
) -> Iterator[CostLine]:
    """The lines of one service tier."""
    rates = rates or Rates()
    read, written = Decimal(str(traffic.cached)), Decimal(str(traffic.written))
    least = offer.cacheable_from
    if least is not None and (read or written) and (read + written) * traffic.input_tokens < least:
        _note(notes, f"prefixes under {least:,} tokens are not cached")
        read = written = Decimal(0)
    tokens = calls * traffic.input_tokens
    if read and rates.cache_read is None:
        _note(notes, "no price of cached input is known: charged as input")
    if written and rates.cache_write is None:
        _note(notes, "no price of writing to the cache is known: charged as input")
    if rates.reasoning is not None and rates.reasoning != rates.output:
        _note(notes, f"reasoning tokens cost ${rates.reasoning} a million, and are counted here as output")
    yield CostLine(f"{tier}input", tokens * (1 - read - written), rates.input, factor)
    if read:
        yield CostLine(f"{tier}cached input", tokens * read, _first(rates.cache_read, rates.input), factor)
    if written:
        yield CostLine(f"{tier}cache writes", tokens * written, _first(rates.cache_write, rates.input), factor)
    yield CostLine(f"{tier}output", calls * traffic.output_tokens, rates.output, factor)


def _first(rate: Decimal | None, otherwise: Decimal | None) -> Decimal | None:
    return otherwise if rate is None else rate


def _note(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)
