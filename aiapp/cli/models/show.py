"""`aiapp models show`: all that is known of one offer, or of one model and who offers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.cli.models.listing import rates_on
from aiapp.cli.models.words import size

if TYPE_CHECKING:
    from rich.text import Text

    from aiapp.catalog.abilities import Abilities
    from aiapp.catalog.models import Model
    from aiapp.catalog.offers import Offer
    from aiapp.catalog.prices import PriceList, Rates

_SIDE = 16


def show(
    name: Annotated[str, typer.Argument(help="An offer such as openai:gpt-6-sol, or a model such as gpt-oss-120b.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show one offer with its prices, dates and sources; or a model, and who offers it at which price."""
    from aiapp.catalog.catalogue import catalogue
    from aiapp.cli.screen import show as print_lines

    known, day = catalogue(), date.today()
    offer = known.find(name)
    if offer is None and name in known.models:
        model = known.models[name]
        offers = sorted(
            (one for one in known.offers.values() if one.model is not None and one.model.id == name and one.alive(day)),
            key=lambda one: _cost(one, day),
        )
        print_lines(_model_lines(model, offers, day)) if not as_json else _print(_model_json(model, offers))
        return
    offer = known.offer(name)
    print_lines(_offer_lines(offer, name, day)) if not as_json else _print(_offer_json(offer))


def _print(found: Mapping[str, Any]) -> None:
    print(json.dumps(found, indent=2, ensure_ascii=False))


def _cost(offer: Offer, day: date) -> tuple[bool, float, str]:
    rates = rates_on(offer, day)
    price = None if rates is None else rates.output if rates.output is not None else rates.input
    return price is None, float(price or 0), offer.id


def _offer_json(offer: Offer) -> dict[str, Any]:
    from aiapp.catalog.abilities import UNKNOWN, abilities
    from aiapp.catalog.rows import model_row, offer_row

    accepts = abilities(offer.provider, offer.name)
    return {
        **offer_row(offer),
        "open": offer.open,
        "model": None if offer.model is None else model_row(offer.model),
        "accepts": None if accepts is UNKNOWN else asdict(accepts),
    }


def _model_json(model: Model, offers: list[Offer]) -> dict[str, Any]:
    from aiapp.catalog.rows import model_row, offer_row

    return {**model_row(model), "offers": [offer_row(offer) for offer in offers]}


def _offer_lines(offer: Offer, name: str, day: date) -> Iterator[Text | str]:
    from aiapp.catalog.abilities import abilities

    yield _title(offer.id if name == offer.id else f"{offer.id} (asked for as {name})")
    yield from _facts(
        {
            "served by": offer.vendor,
            "window": f"{offer.context:,} tokens" if offer.context else None,
            "longest answer": f"{offer.output_tokens:,} tokens" if offer.output_tokens else None,
            "reads": ", ".join(offer.inputs),
            "gives": ", ".join(offer.outputs),
            "tools": _yes(offer.tools),
            "JSON schema": _yes(offer.json_schema),
            "reasons": _yes(offer.reasoning),
            "caches from": f"{offer.cacheable_from:,} tokens" if offer.cacheable_from else None,
            "regions": ", ".join(offer.regions),
            "released": offer.released,
            "deprecated": offer.deprecated,
            "ends": _end(offer, day),
            "successor": offer.successor,
            "also named": ", ".join(offer.aliases),
            "source": f"{offer.source}, {offer.as_of}",
        }
    )
    if offer.model is not None:
        yield from _about(offer.model)
    yield from _accepted(abilities(offer.provider, offer.name))
    if offer.free:
        yield from ("", _title("price"), f"{'':<{_SIDE}} free: it runs on your own machine")
    elif not offer.prices:
        yield from ("", _title("price"), f"{'':<{_SIDE}} unknown: no source has one")
    for prices in offer.prices:
        yield from _priced(prices, prices is offer.price(day))


def _model_lines(model: Model, offers: list[Offer], day: date) -> Iterator[Text | str]:
    yield from list(_about(model))[1:]
    yield from ("", _title("offers, the cheapest output first; dollars for a million tokens"))
    for offer in offers:
        rates = rates_on(offer, day)
        money = "free" if offer.free else _pair(rates)
        yield f"{offer.id:<60} {size(offer.context):>7}  {money}"
    if not offers:
        yield f"{'':<{_SIDE}} none that is known here"


def _pair(rates: Rates | None) -> str:
    if rates is None:
        return "?"
    return " / ".join("-" if rate is None else f"{rate.normalize():f}" for rate in (rates.input, rates.output))


def _about(model: Model) -> Iterator[Text | str]:
    weights = {True: "open", False: "closed"}[model.open]
    yield ""
    yield _title(f"model {model.id}")
    yield from _facts(
        {
            "made by": model.maker,
            "family": model.family,
            "weights": weights if model.weights is None else f"{weights}: {model.weights}",
            "licence": model.licence if model.licence or not model.open else "not written down here: see the weights",
            **_sizes(model),
            "window": f"{model.context:,} tokens" if model.context else None,
            "released": model.released,
            "knows until": model.knowledge,
        }
    )
    for one in model.benchmarks:
        yield (
            f"{one.name:>{_SIDE}}  {one.score:g}  ({one.source}, {one.as_of})"
            if len(one.name) <= _SIDE
            else (f"{'score':>{_SIDE}}  {one.name} {one.score:g}  ({one.source}, {one.as_of})")
        )
    yield from _facts({"source": f"{model.source}, {model.as_of}"})


def _sizes(model: Model) -> dict[str, str | None]:
    built = model.architecture
    if built is None:
        return {}
    active = "" if built.active == built.parameters else f", {built.active:g} of them active"
    cache = built.kv_numbers
    if cache is None and built.layers and built.kv_heads and built.head_size:
        cache = 2 * built.layers * built.kv_heads * built.head_size
    window = f"; {built.window_numbers:,} more in the last {built.window:,}" if built.window_numbers else ""
    return {
        "parameters": f"{built.parameters:g} billion{active}",
        "layers": str(built.layers) if built.layers else None,
        "cache": f"{cache:,} numbers a token{window}" if cache else None,
    }


def _accepted(accepts: Abilities) -> Iterator[Text | str]:
    known = {field.name: getattr(accepts, field.name) for field in fields(accepts)}
    said = {name.replace("_", " "): value for name, value in known.items() if value is not None}
    if said:
        yield from ("", _title("accepts"))
        yield from _facts(
            {name: ", ".join(value) if name == "efforts" else _shown(value) for name, value in said.items()}
        )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _priced(prices: PriceList, today: bool) -> Iterator[Text | str]:
    since = "" if prices.valid_from is None else f" from {prices.valid_from}"
    hours = "".join(f"; days {','.join(map(str, one.days))} {one.begin:%H:%M}-{one.end:%H:%M}" for one in prices.hours)
    yield ""
    yield _title(f"price{since}{hours and ' in these hours (UTC, Monday is 1)'}{', today' if today else ''}")
    if hours:
        yield f"{'hours':>{_SIDE}}  {hours.removeprefix('; ')}"
    for tier, steps in prices.tiers.items():
        for step in steps:
            label = tier if not step.above else f"> {step.above:,}"
            yield f"{label:>{_SIDE}}  {_rates(step.rates)}"
    factors = ", ".join(f"{name} x {factor.normalize():f}" for name, factor in prices.factors.items())
    uses = ", ".join(f"{name.replace('_', ' ')} {price.normalize():f}" for name, price in prices.uses.items())
    yield from _facts({"served in": factors, "each use": uses, "source": f"{prices.source}, {prices.as_of}"})


def _rates(rates: Rates) -> str:
    known = {field.name.replace("_", " "): getattr(rates, field.name) for field in fields(rates)}
    return ", ".join(f"{name} {rate.normalize():f}" for name, rate in known.items() if rate is not None)


def _end(offer: Offer, day: date) -> str | None:
    if offer.retires is None:
        return None
    left = (offer.retires - day).days
    return f"{offer.retires}, " + (f"in {left} days" if left > 0 else "over")


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _facts(facts: Mapping[str, object]) -> Iterator[str]:
    for name, value in facts.items():
        if value is not None and value != "":
            yield f"{name:>{_SIDE}}  {value}"


def _title(text: str) -> Text:
    from rich.text import Text

    return Text(text, "bold")
