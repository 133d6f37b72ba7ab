"""The invoice of a call, from what is known about it. Pure: prices are found by a function that is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import STANDARD, PriceList, Rates
from aiapp.core.invoice import Invoice, Line, PriceRow
from aiapp.core.usage import Iteration, Usage
from aiapp.tracking.quantities import INPUT, OUTPUT, quantities

OWN_MACHINE = "runs on this machine"
CACHED = "answered from the cache"
REFUSED = "refused before a model ran"
Find: TypeAlias = Callable[[str], Offer | None]
_ONE = Decimal(1)
_EVERYWHERE = "global"
_SNAPSHOT = re.compile(r"[-@:](?:\d[\d.-]*|latest|v\d+(?::\d+)?)$")
"""How a name ends that is a version of another: `-2026-10-01`, `@20261001`, `:latest`, `-v1:0`."""


def nothing_due(usage: Usage, why: str) -> Invoice:
    """The invoice of what costs nothing, and why: it ran on this machine, or nobody was asked."""
    free = Decimal(0)
    return Invoice(
        (Line(INPUT, usage.input_tokens, free, source=why), Line(OUTPUT, usage.output_tokens, free, source=why))
    )


def bill(
    usage: Usage,
    model: str,
    find: Find,
    *,
    at: date | datetime,
    served: str = "",
    tier: str | None = STANDARD,
    region: str | None = None,
) -> Invoice:
    """The invoice of one call, at the prices of its day.

    `model` is the one that was asked, as `Client` takes it, `served` the provider's own name of the one that answered:
    where that is another, its price counts. `tier` and `region` are those of the answer; a tier of None is one that was
    asked for and not confirmed. Every request that the provider made of the call is billed by itself, with its own
    model and its own size.
    """
    billing = _Billing(model, find, at, tier, region)
    named = any(one.model for one in usage.iterations)
    own = "" if named else served
    for one in usage.iterations or (Iteration("", usage),):
        billing.request(one.usage, one.model or own, one.purpose)
    if usage.uses:
        billing.uses(usage.uses, own)
    billing.note(served)
    return billing.invoice()


class _Billing:
    """Adds up the lines of one invoice, and what is unknown or worth a note."""

    def __init__(self, model: str, find: Find, at: date | datetime, tier: str | None, region: str | None) -> None:
        self._model, self._find, self._at, self._tier, self._region = model, find, at, tier, region
        self._asked = find(model)
        self._lines: list[Line] = []
        self._unknown: dict[str, None] = {}
        self._notes: dict[str, None] = {}

    def invoice(self) -> Invoice:
        """What was added up."""
        return Invoice(tuple(self._lines), tuple(self._unknown), tuple(self._notes))

    def request(self, usage: Usage, served: str, purpose: str) -> None:
        """Bill the tokens of one request."""
        offer, prices = self._listed(served)
        if offer is not None and offer.free:
            self._lines.extend(nothing_due(usage, OWN_MACHINE).lines)
            return
        found = None if offer is None or prices is None else self._row(offer, prices, usage.input_tokens or 0)
        if found is None or prices is None:
            self._lines.append(Line(INPUT, usage.input_tokens, None, purpose=purpose))
            self._lines.append(Line(OUTPUT, usage.output_tokens, None, purpose=purpose))
            return
        row, rates = found
        elsewhere = self._elsewhere(prices, row.model)
        for item, count, rate, least, doubt in quantities(usage, rates):
            if doubt is not None:
                self._unknown[doubt] = None
            elif rate is None:
                self._unknown[f"no rate is known for {item} of {row.model}"] = None
            if elsewhere:
                rate, least = None, least if rate is None else rate
            self._lines.append(Line(item, count, rate, source=row.source, row=row, least=least, purpose=purpose))

    def uses(self, uses: Mapping[str, int], served: str) -> None:
        """Bill the uses of the provider's own tools; they cost the same wherever and however fast they are."""
        offer, prices = self._listed(served)
        if offer is not None and offer.free:
            return
        for name, count in uses.items():
            rate = None if prices is None else prices.uses.get(name)
            if offer is None or prices is None or rate is None:
                self._unknown[f"no price is known for {name} with {self._model}"] = None
                self._lines.append(Line(name, count, None, 1))
            else:
                row = PriceRow(offer.id, STANDARD, prices.source, prices.as_of, prices.valid_from)
                self._lines.append(Line(name, count, rate, 1, prices.source, row=row))

    def note(self, served: str) -> None:
        """Note where the answer comes from another model than the one that was asked."""
        asked, found = self._asked, self._offer(served)[1]
        if asked is not None and found is not None and asked.id != found.id:
            self._notes[f"{asked.id} was asked, {found.id} served"] = None

    def _listed(self, served: str) -> tuple[Offer | None, PriceList | None]:
        """The offer that answered, and its prices on the day."""
        name, offer = self._offer(served)
        prices = None if offer is None else offer.price(self._at)
        if offer is None or offer.free:
            if offer is None:
                self._unknown[f"no price is known for {name}"] = None
            return offer, None
        if prices is None:
            when = f" on {self._day}" if offer.prices else ""
            self._unknown[f"no price is known for {offer.id}{when}"] = None
        elif offer.retires is not None and offer.retires <= self._day:
            self._notes[f"{offer.id} was retired on {offer.retires}; priced by its last list"] = None
        return offer, prices

    def _row(self, offer: Offer, prices: PriceList, input_tokens: int) -> tuple[PriceRow, Rates] | None:
        """The row for a request of this size, and its rates; None where its tier has no known price."""
        tier, factor, because = self._tier, _ONE, list[str]()
        if tier is None:
            self._unknown[f"the answer does not say which tier of {offer.id} served it, and one was asked for"] = None
            return None
        step = prices.step(input_tokens, tier)
        if step is None and tier in prices.factors:
            step, factor = prices.step(input_tokens), prices.factors[tier]
            because.append(tier)
        if step is None:
            self._unknown[f"no price is known for the tier {tier!r} of {offer.id}"] = None
            return None
        if self._region is not None and self._region in prices.factors:
            factor *= prices.factors[self._region]
            because.append(self._region)
        about = (prices.source, prices.as_of, prices.valid_from)
        return PriceRow(offer.id, tier, *about, step.above, factor, ", ".join(because)), step.rates

    def _elsewhere(self, prices: PriceList, model: str) -> bool:
        """Whether a region answered whose prices are not known: then those that are known are a lower bound."""
        region = self._region
        if region is None or region == _EVERYWHERE or region in prices.factors:
            return False
        self._unknown[f"no price is known for the region {region!r} of {model}"] = None
        return True

    def _offer(self, served: str) -> tuple[str, Offer | None]:
        """The offer that answered: the one that was asked, unless the provider names another."""
        asked = self._asked
        provider, _, model = self._model.partition(":")  # `local` is both
        if not served or served == model:
            return self._model, asked
        name = f"{provider}:{served}"
        found = self._find(name)
        if found is None:
            return (self._model, asked) if _same(model or provider, served) else (name, None)
        return name, found

    @property
    def _day(self) -> date:
        return self._at.date() if isinstance(self._at, datetime) else self._at


@lru_cache(maxsize=1024)
def _same(asked: str, served: str) -> bool:
    """Whether two names mean one model: routers put a path before it, providers a version behind it."""
    return _stem(asked) == _stem(served)


def _stem(name: str) -> str:
    return _SNAPSHOT.sub("", name.rpartition("/")[2].lower())
