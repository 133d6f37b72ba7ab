"""`aiapp models host`: an open model on machines of one's own, beside the offers that bill it by the token."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.core.errors import InvalidInput, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiapp.catalog.catalogue import Catalogue
    from aiapp.catalog.gpus import Gpu
    from aiapp.catalog.models import Architecture, Model
    from aiapp.catalog.offers import Offer
    from aiapp.catalog.traffic import MonthlyCost, Traffic
    from aiapp.cli.models.host_tables import Machine


def host(
    model: Annotated[str, typer.Argument(help="An open model of the catalogue, or an offer of one.")],
    gpu: Annotated[list[str] | None, typer.Option("--gpu", help="Such as H100; may be repeated (all).")] = None,
    gpus: Annotated[int | None, typer.Option("--gpus", help="How many: 1, 2, 4 or 8 (as few as hold it).")] = None,
    precision: Annotated[str, typer.Option("--precision", help="Weights: bf16, fp8, int8, fp4 or int4.")] = "bf16",
    cache: Annotated[str, typer.Option("--cache", help="Keys and values: bf16 or fp8.")] = "bf16",
    kv: Annotated[int | None, typer.Option("--kv", help="Numbers that it keeps of a token, if unknown here.")] = None,
    context: Annotated[int | None, typer.Option("--context", help="Tokens kept for each conversation.")] = None,
    batch: Annotated[int, typer.Option("--batch", help="Conversations at once.")] = 32,
    input_tokens: Annotated[int, typer.Option("--input", help="Tokens in, of one call.")] = 1_000,
    output_tokens: Annotated[int, typer.Option("--output", help="Tokens out, of one call.")] = 250,
    calls: Annotated[int, typer.Option("--calls", help="Calls a day.")] = 1_000,
    cached: Annotated[float, typer.Option("--cached", help="Share of the input that is in the cache.")] = 0.0,
    hourly: Annotated[str | None, typer.Option("--hourly", help="US dollars an hour for one device.")] = None,
    utilisation: Annotated[float, typer.Option("--utilisation", help="Share of the hours that it is full.")] = 0.5,
    efficiency: Annotated[
        float | None,
        typer.Option("--efficiency", help="Share of the bounds that is reached (by devices: 0.75 to 0.3)."),
    ] = None,
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Prices of this day.")] = None,
    sources: Annotated[bool, typer.Option("--sources", help="Where each figure is from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Work out memory, speed and price of a model on your own machines, and from which volume on they are cheaper.

    Speeds are bounds by memory bandwidth and by arithmetic, times the share of them that engines reach.
    """
    from aiapp.catalog.catalogue import catalogue
    from aiapp.catalog.gpus import gpu as gpu_named
    from aiapp.catalog.gpus import gpus as all_gpus
    from aiapp.catalog.hosting_price import by_the_token
    from aiapp.catalog.needs import money
    from aiapp.catalog.traffic import Traffic
    from aiapp.cli.models import host_tables
    from aiapp.cli.screen import show

    known, day = catalogue(), on.date() if on else date.today()
    found = _model(known, model, kv)
    traffic = Traffic(input_tokens, output_tokens, calls, cached)
    kinds = [gpu_named(name) for name in gpu] if gpu else list(all_gpus().values())
    rent = money("hourly", hourly)
    words: dict[str, Any] = {
        "precision": precision,
        "cache": cache,
        "context": traffic.tokens if context is None else context,
        "batch": batch,
    }
    machines = list(_machines(found, kinds, gpus, words, traffic, rent, utilisation, efficiency))
    offers = by_the_token(found, traffic, known, day)
    if as_json:
        print(json.dumps(_as_data(found, traffic, machines, offers), indent=2, default=str))
        return
    show(host_tables.lines(found, traffic, machines, offers))
    if sources:
        show(host_tables.sources(found, machines, offers))


def _model(known: Catalogue, name: str, kv: int | None) -> Model:
    """The model of that name, or that an offer of that name serves."""
    from difflib import get_close_matches

    offer = known.find(name)
    found = known.models.get(name) if offer is None else offer.model
    if found is None:
        near = get_close_matches(name, known.models, 3, 0.3) or list(known.models)[:3]
        raise UnknownModel(
            name, f"a model of the catalogue, such as {', '.join(near)}" if near else "none: it is empty"
        )
    if kv is not None and kv < 1:
        raise InvalidInput("kv", kv, "a whole number from 1: 2 x layers x key-value heads x head size")
    if kv is not None and found.architecture is not None:
        found = replace(found, architecture=replace(found.architecture, kv_numbers=kv, window_numbers=None))
    why = "its weights are closed" if not found.open else _unknown(found.architecture)
    if why:
        raise InvalidInput("model", found.id, f"an open model whose architecture is known ({why})")
    return found


def _unknown(architecture: Architecture | None) -> str:
    """What the catalogue lacks for the arithmetic."""
    if architecture is None:
        return "its size is not in the catalogue"
    attention = (architecture.layers, architecture.kv_heads, architecture.head_size)
    known = architecture.kv_numbers is not None or None not in attention
    return "" if known else "2 x layers x key-value heads x head size is not in the catalogue: give it as --kv"


def _machines(
    model: Model,
    kinds: Sequence[Gpu],
    count: int | None,
    words: dict[str, Any],
    traffic: Traffic,
    rent: Decimal | None,
    utilisation: float,
    efficiency: float | None,
) -> Iterator[Machine]:
    from aiapp.catalog.hosting import COUNTS, Deployment
    from aiapp.catalog.hosting_price import deployments, host
    from aiapp.cli.models.host_tables import Machine

    assert model.architecture is not None
    first = Deployment(model.architecture, kinds[0], count or COUNTS[-1], **words)
    fixed = (Deployment(model.architecture, kind, count, **words) for kind in kinds) if count else ()
    for deployment in [one for one in fixed if one.fits] if count else deployments(first, kinds):
        listed = deployment.gpu.rent
        low, high = (rent, rent) if rent is not None else (listed.low, listed.high) if listed else (None, None)
        yield Machine(*(host(deployment, traffic, price, utilisation, efficiency) for price in (low, high)))


def _as_data(
    model: Model, traffic: Traffic, machines: Sequence[Machine], offers: Sequence[tuple[Offer, MonthlyCost]]
) -> dict[str, Any]:
    cheapest = offers[0][1] if offers else None
    return {
        "model": model.id,
        "traffic": asdict(traffic),
        "machines": [_machine(machine, cheapest) for machine in machines],
        "offers": [
            {"offer": offer.id, "month": cost.total, "call": cost.per_call, "source": cost.source, "as_of": cost.as_of}
            for offer, cost in offers
        ],
    }


def _machine(machine: Machine, cheapest: MonthlyCost | None) -> dict[str, Any]:
    one, low = machine.deployment, machine.low
    return {
        "gpu": one.gpu.name,
        "gpus": one.gpus,
        "precision": one.precision,
        "cache": one.cache,
        "context": one.context,
        "batch": one.batch,
        "weights_bytes": one.memory.weights,
        "cache_bytes": one.memory.cache,
        "usable_bytes": one.available,
        "largest_batch": one.largest_batch,
        "speed_bounds": asdict(low.speed),
        "waits_for": low.speed.bound,
        "efficiency": low.efficiency,
        "utilisation": low.utilisation,
        "tokens_per_second": low.tokens_per_second,
        "calls_a_day": low.capacity,
        "machines": low.machines,
        "prices": [
            {
                "hourly": end.hourly,
                "per_million": end.per_million,
                "month": end.month,
                "break_even_calls_a_day": None if cheapest is None else end.break_even(cheapest),
            }
            for end in (low, machine.high)
        ],
        "source": one.gpu.source,
        "price_source": one.gpu.no_price if one.gpu.rent is None else one.gpu.rent.source,
    }
