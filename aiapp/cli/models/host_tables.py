"""What `aiapp models host` shows: what holds the model, what that costs, and the same by the token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aiapp.catalog.checking import dollars
from aiapp.catalog.explaining import describe, ratio
from aiapp.catalog.hosting import Deployment
from aiapp.catalog.hosting_price import Hosted
from aiapp.catalog.models import Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.traffic import MonthlyCost, Traffic
from aiapp.cli.models.layout import columns, paragraphs, shortened

_OFFERS = 5


@dataclass(frozen=True)
class Machine:
    """A deployment at both ends of what its devices cost an hour."""

    low: Hosted
    high: Hosted

    @property
    def deployment(self) -> Deployment:
        """Without its price."""
        return self.low.deployment

    @property
    def name(self) -> str:
        """Such as 2 x H100."""
        return f"{self.deployment.gpus} x {self.deployment.gpu.name}"


def lines(
    model: Model, traffic: Traffic, machines: Sequence[Machine], offers: Sequence[tuple[Offer, MonthlyCost]]
) -> Iterator[str]:
    """Three tables and the trade."""
    if machines:
        yield from columns(
            ("machine", ">GB needed", ">usable", ">largest batch", ">first token", ">tokens/s", "waits for"),
            [_speed_row(machine) for machine in machines],
        )
        yield ""
        cheapest = offers[0][1] if offers else None
        yield from columns(
            ("machine", ">$ an hour", ">$ a million tokens", ">machines", ">$ a month", ">break-even calls/day"),
            [_price_row(machine, cheapest) for machine in machines],
        )
        yield ""
    if offers:
        yield from columns(
            ("by the token", ">$ a million tokens", ">$ a month"), [_offer_row(*one) for one in offers[:_OFFERS]]
        )
        yield ""
    yield from paragraphs(_words(model, traffic, machines, offers, describe(traffic)))


def _speed_row(machine: Machine) -> list[str]:
    one, speed = machine.deployment, machine.low.speed
    return [
        machine.name,
        f"{one.memory.total / 1e9:,.1f}",
        f"{one.available / 1e9:,.1f}",
        f"{one.largest_batch:,}",
        f"{speed.first_token / machine.low.efficiency:,.2f} s",
        f"{machine.low.tokens_per_second:,.0f}",
        speed.bound,
    ]


def _price_row(machine: Machine, cheapest: MonthlyCost | None) -> list[str]:
    low, high = machine.low, machine.high
    count = machine.deployment.gpus
    hours = [None if one.hourly is None else one.hourly * count for one in (low, high)]
    return [
        machine.name,
        _range(hours[0], hours[1], 2),
        _range(low.per_million, high.per_million, 2),
        f"{low.machines:,}",
        _range(low.month, high.month, 0),
        _break_even(low, high, cheapest),
    ]


def _break_even(low: Hosted, high: Hosted, cheapest: MonthlyCost | None) -> str:
    if cheapest is None or low.hourly is None or cheapest.total is None:
        return "unknown"
    first, last = low.break_even(cheapest), high.break_even(cheapest)
    if first is None:
        return "never"
    return f"{first:,} to {'never' if last is None else f'{last:,}'}" if first != last else f"{first:,}"


def _range(low: Decimal | None, high: Decimal | None, places: int) -> str:
    if low is None or high is None:
        return "unknown"
    ends = dict.fromkeys(f"{end:,.{places}f}" for end in (low, high))
    return " to ".join(ends)


def _offer_row(offer: Offer, cost: MonthlyCost) -> list[str]:
    millions = _millions(cost)
    return [
        shortened(offer.id, 56),
        "unknown" if cost.total is None else f"{cost.total / millions:,.2f}",
        "unknown" if cost.total is None else f"{cost.total:,.2f}",
    ]


def _millions(cost: MonthlyCost) -> Decimal:
    return sum((line.tokens for line in cost.lines), Decimal(0)) / 1_000_000


def _words(
    model: Model,
    traffic: Traffic,
    machines: Sequence[Machine],
    offers: Sequence[tuple[Offer, MonthlyCost]],
    described: str,
) -> Iterator[str]:
    architecture = model.architecture
    assert architecture is not None
    size = f"{architecture.parameters:g} billion parameters"
    if architecture.active != architecture.parameters:
        size += f", {architecture.active:g} billion active"
    yield f"{model.id}: {size}. The traffic: {described}."
    if not machines:
        yield "No machine of up to eight devices holds it: take a smaller precision, context or batch."
        return
    one = machines[0].low
    yield (
        f"Each conversation keeps {one.deployment.context:,} tokens; {one.deployment.batch:,} are served at once, in "
        f"{one.deployment.precision}. A machine is full {one.utilisation:.0%} of the time and is paid for all of it."
    )
    yield (
        "Speeds are the bounds of the data sheets times what engines reach of them. Published figures lie within "
        "2.5 times of that, those of eight devices within 4 times: tests/benchmarks/hosting.py."
    )
    if any(
        _break_even(machine.low, machine.high, offers[0][1] if offers else None).endswith("never")
        for machine in machines
    ):
        yield "Never: a machine is full before it costs less than the cheapest offer."
    priced = [machine.low for machine in machines if machine.low.month is not None]
    tokens = next(((offer, cost) for offer, cost in offers if cost.total), None)
    if not priced or tokens is None:
        yield (
            "Beside it: no offer of it has a known price."
            if priced
            else "No price of these devices is known: see --hourly."
        )
        return
    cheapest = min(priced, key=lambda machine: machine.month or Decimal(0))
    ours, theirs = cheapest.month or Decimal(0), tokens[1].total or Decimal(0)
    name = f"{cheapest.deployment.gpus} x {cheapest.deployment.gpu.name}"
    if ours < theirs:
        yield f"For this traffic {name} at {dollars(ours)} a month is cheaper than {tokens[0].id} at {dollars(theirs)}."
    elif ours:
        apart = f"{ratio(theirs / ours)} the price of {name} ({dollars(ours)})"
        yield f"For this traffic {tokens[0].id} is cheaper: {dollars(theirs)} a month, {apart}."


def sources(model: Model, machines: Sequence[Machine], offers: Sequence[tuple[Offer, MonthlyCost]]) -> Iterator[str]:
    """Where each figure is from."""
    yield ""
    yield from paragraphs([f"{model.id}: {model.source}, {model.as_of}"])
    for machine in machines:
        one = machine.deployment.gpu
        yield from paragraphs([f"{one.name}: {one.source}, {one.as_of}"])
        price = one.no_price if one.rent is None else f"{one.rent.source}, {one.rent.as_of}"
        yield from paragraphs([f"{one.name}, its price: {price}"])
    yield from paragraphs(f"{offer.id}: {cost.source}, {cost.as_of}" for offer, cost in offers[:_OFFERS])
