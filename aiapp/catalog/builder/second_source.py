"""Prices from genai-prices: what litellm leaves out, when prices changed, and what there is to compare with.

The package is imported only here, and only while the catalogue is built: it is no dependency of aiapp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import Any, cast

from aiapp.catalog.prices import STANDARD, PriceList, Rates, Step

NAME = "genai-prices"
_RATES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_long",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "cache_audio_read_mtok": "audio_cache_read",
    "input_image_mtok": "image_input",
    "output_image_mtok": "image_output",
}
_USES = {"web_searches_kcount": "web_search", "storage_searches_kcount": "file_search"}
_TIERS = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("speed", "fast"): "fast",
}


@dataclass(frozen=True, slots=True)
class Second:
    """What genai-prices says of one model: its prices on the day, those of before and those that are announced."""

    name: str
    now: PriceList
    before: tuple[PriceList, ...] = ()
    after: tuple[PriceList, ...] = ()


class SecondSource:
    """genai-prices, asked by provider and name for what held on a day."""

    def __init__(self, providers: Sequence[Any], source: str, day: date) -> None:
        self._providers: Mapping[str, Any] = {provider.id: provider for provider in providers}
        self.source, self._day = source, day

    @classmethod
    def installed(cls, version: str, day: date) -> SecondSource:
        """The package that is installed here."""
        providers: Sequence[Any] = import_module("genai_prices.data").providers
        return cls(providers, f"{NAME} {version}", day)

    def find(self, provider: str, name: str) -> Second | None:
        """What it says of a provider's model; None where it has none that matches."""
        known = self._providers.get(provider)
        model = None if known is None else known.find_model(name)
        if model is None:
            return None
        named = f"{provider}/{model.id}"
        before, now, after = list[PriceList](), None, list[PriceList]()
        for start, prices in _dated(model.prices):
            if start is not None and start > self._day:
                after.append(self._prices(model, prices, start, start, named))
                continue
            if now is not None:
                before.append(replace(now, tiers={STANDARD: now.tiers[STANDARD]}))
            now = self._prices(model, prices, start, self._day, named)
        return None if now is None else Second(named, now, tuple(before), tuple(after))

    def _prices(self, model: Any, prices: object, start: date | None, day: date, named: str) -> PriceList:
        """The price list that begins on `start`, its tiers as they are on `day`."""
        said = _said(prices)
        tiers = {STANDARD: _steps(said)}
        for variant in model.price_variants or ():
            begins: date | None = getattr(variant.constraint, "start_date", None)
            tier = _TIERS.get(_when(variant))
            if tier is not None and (begins is None or begins <= day):
                tiers.setdefault(tier, _steps(_said(variant.prices)))
        uses = {use: price / 1000 for key, use in _USES.items() if isinstance(price := said.get(key), Decimal)}
        return PriceList(tiers, f"{self.source}: {named}", self._day, valid_from=start, uses=uses)


def _dated(prices: Any) -> Iterator[tuple[date | None, Any]]:
    """The price lists by their first day, in rising order; those of some hours of the day are left out."""
    entries = cast("Sequence[Any]", prices) if isinstance(prices, list) else ()
    if not entries:
        yield None, prices
    for entry in entries:
        if entry.constraint is None:
            yield None, entry.prices
        elif hasattr(entry.constraint, "start_date"):
            yield entry.constraint.start_date, entry.prices


def _when(variant: Any) -> tuple[str, str]:
    """What a variant is for, where it is one thing; else a thing that no tier is."""
    items: list[tuple[str, str]] = list(variant.when.items())
    return items[0] if len(items) == 1 else ("", "")


def _said(prices: object) -> Mapping[str, Any]:
    return vars(prices)


def _steps(said: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of prices that are each one number, or a base with tiers that begin above some size."""
    prices = {rate: said[key] for key, rate in _RATES.items() if said.get(key) is not None}
    places = {0, *(tier.start for price in prices.values() for tier in getattr(price, "tiers", ()))}
    return tuple(
        Step(above, Rates(**{rate: _at(price, above) for rate, price in prices.items()})) for above in sorted(places)
    )


def _at(price: Any, above: int) -> Decimal:
    """The price of a request of a little more tokens than `above`."""
    if isinstance(price, Decimal):
        return price
    found: Decimal = price.base
    for tier in price.tiers:
        if tier.start <= above and above:
            found = tier.price
    return found


def differences(ours: PriceList, second: PriceList) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Every rate that both know and give differently: where, ours, theirs."""
    for tier, steps in ours.tiers.items():
        other = second.tiers.get(tier, ())
        for above in sorted({step.above for step in (*steps, *other)} if other else ()):
            mine, theirs = ours.rates(above + 1, tier), second.rates(above + 1, tier)
            if mine is None or theirs is None:
                continue
            for field in fields(Rates):
                a, b = getattr(mine, field.name), getattr(theirs, field.name)
                if a is not None and b is not None and a != b:
                    yield f"{tier}{f' above {above}' if above else ''} {field.name}", a, b
    for use, price in ours.uses.items():
        if (other_price := second.uses.get(use)) is not None and other_price != price:
            yield use, price, other_price
