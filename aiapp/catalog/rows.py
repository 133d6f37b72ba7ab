"""Offers and models as rows of the data files, and back. What is at its default is left out; money is a string."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from aiapp.catalog.models import Architecture, Benchmark, Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import Hours, PriceList, Rates, Step

_RATES = tuple(field.name for field in fields(Rates))


def offer_row(offer: Offer) -> dict[str, Any]:
    """An offer as JSON; its model by id."""
    row: dict[str, Any] = {
        "id": offer.id,
        "vendor": offer.vendor,
        "model": None if offer.model is None else offer.model.id,
        "context": offer.context,
        "output_tokens": offer.output_tokens,
        "inputs": None if offer.inputs == ("text",) else list(offer.inputs),
        "outputs": None if offer.outputs == ("text",) else list(offer.outputs),
        "released": _day(offer.released),
        "deprecated": _day(offer.deprecated),
        "retires": _day(offer.retires),
        "successor": offer.successor,
        "cacheable_from": offer.cacheable_from,
        "tools": offer.tools,
        "json_schema": offer.json_schema,
        "reasoning": offer.reasoning,
        "regions": list(offer.regions),
        "free": offer.free or None,
        "aliases": list(offer.aliases),
        "prices": [price_row(prices) for prices in offer.prices],
        "source": offer.source,
        "as_of": _day(offer.as_of),
    }
    return _said(row)


def read_offer(row: Mapping[str, Any], models: Mapping[str, Model]) -> Offer:
    """The offer of a row that `offer_row` made."""
    facts = {name: _READ[name](value) if name in _READ else value for name, value in row.items()}
    if "model" in row:
        facts["model"] = models.get(row["model"])
    return Offer(**facts)


def price_row(prices: PriceList) -> dict[str, Any]:
    """A price list as JSON: for each tier its steps, the rates of a step beside the size that it begins above."""
    return _said(
        {
            "valid_from": _day(prices.valid_from),
            "hours": [_hours_row(hours) for hours in prices.hours],
            "tiers": {tier: [_step_row(step) for step in steps] for tier, steps in prices.tiers.items()},
            "factors": {name: _text(factor) for name, factor in prices.factors.items()},
            "uses": {name: _text(price) for name, price in prices.uses.items()},
            "source": prices.source,
            "as_of": _day(prices.as_of),
        }
    )


def read_prices(row: Mapping[str, Any]) -> PriceList:
    """The price list of a row that `price_row` made."""
    valid_from = row.get("valid_from")
    return PriceList(
        tiers={tier: tuple(map(_step, steps)) for tier, steps in row["tiers"].items()},
        source=row["source"],
        as_of=_date(row["as_of"]),
        valid_from=None if valid_from is None else _date(valid_from),
        factors={name: _money(factor) for name, factor in row.get("factors", {}).items()},
        uses={name: _money(price) for name, price in row.get("uses", {}).items()},
        hours=tuple(map(_hours, row.get("hours", ()))),
    )


def model_row(model: Model) -> dict[str, Any]:
    """A model as JSON."""
    row: dict[str, Any] = {
        "id": model.id,
        "maker": model.maker,
        "family": model.family,
        "open": model.open,
        "licence": model.licence,
        "weights": model.weights,
        "context": model.context,
        "released": _day(model.released),
        "knowledge": _day(model.knowledge),
        "source": model.source,
        "as_of": _day(model.as_of),
    }
    if model.architecture is not None:
        row["architecture"] = _said(
            {field.name: getattr(model.architecture, field.name) for field in fields(Architecture)}
        )
    row["benchmarks"] = [
        {"name": one.name, "score": one.score, "source": one.source, "as_of": _day(one.as_of)}
        for one in model.benchmarks
    ]
    return _said(row)


def read_model(row: Mapping[str, Any]) -> Model:
    """The model of a row that `model_row` made."""
    facts = dict(row)
    for name in ("released", "knowledge", "as_of"):
        if name in facts:
            facts[name] = _date(facts[name])
    if "architecture" in facts:
        facts["architecture"] = Architecture(**facts["architecture"])
    if "benchmarks" in facts:
        facts["benchmarks"] = tuple(
            Benchmark(one["name"], one["score"], one["source"], _date(one["as_of"])) for one in facts["benchmarks"]
        )
    return Model(**facts)


def _step_row(step: Step) -> dict[str, Any]:
    rates = {name: getattr(step.rates, name) for name in _RATES}
    row: dict[str, Any] = {"above": step.above} if step.above else {}
    return row | {name: _text(rate) for name, rate in rates.items() if rate is not None}


def _step(row: Mapping[str, Any]) -> Step:
    return Step(row.get("above", 0), Rates(**{name: _money(rate) for name, rate in row.items() if name != "above"}))


def _hours_row(hours: Hours) -> dict[str, Any]:
    return {"days": list(hours.days), "begin": f"{hours.begin:%H:%M}", "end": f"{hours.end:%H:%M}"}


def _hours(row: Mapping[str, Any]) -> Hours:
    return Hours.between(row["begin"], row["end"], row["days"])


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and value != [] and value != {}}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _text(money: Decimal) -> str:
    return f"{money.normalize():f}"


@lru_cache(maxsize=4096)
def _money(text: str) -> Decimal:
    return Decimal(text)


@lru_cache(maxsize=1024)
def _date(text: str) -> date:
    return date.fromisoformat(text)


def _price_lists(rows: Sequence[Mapping[str, Any]]) -> tuple[PriceList, ...]:
    return tuple(map(read_prices, rows))


_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("as_of", "released", "deprecated", "retires"), _date),
    **dict.fromkeys(("inputs", "outputs", "regions", "aliases"), tuple),
    "prices": _price_lists,
}
