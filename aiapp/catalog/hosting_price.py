"""What tokens cost on machines of one's own, and from which volume on that is cheaper than paying by the token."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.gpus import Gpu
from aiapp.catalog.hosting import COUNTS, EFFICIENCY, Deployment, Speed, speed
from aiapp.catalog.models import Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.traffic import DAYS, MonthlyCost, Traffic, monthly_cost
from aiapp.core.errors import InvalidInput

HOURS = DAYS * 24
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Hosted:
    """A deployment that serves a traffic: as many machines of it as that takes, each rented all month.

    `hourly` is US dollars for one device, None where nobody knows. `utilisation` is the share of the hours in which a
    machine is kept full: traffic has nights and peaks. `efficiency` is the share of the bounds of `speed` that the
    engine reaches.
    """

    deployment: Deployment
    traffic: Traffic
    speed: Speed
    hourly: Decimal | None
    utilisation: float
    efficiency: float

    @property
    def tokens_per_second(self) -> float:
        """Tokens that a full machine is expected to write."""
        return self.speed.tokens_per_second * self.efficiency

    @property
    def capacity(self) -> float:
        """Calls a day that one machine serves."""
        return self.speed.calls_per_second * self.efficiency * self.utilisation * _DAY

    @property
    def machines(self) -> int:
        """How many the traffic takes."""
        return math.ceil(self.traffic.calls_per_day / self.capacity)

    @property
    def machine_month(self) -> Decimal | None:
        """US dollars a month for one machine, busy or not."""
        return None if self.hourly is None else self.hourly * self.deployment.gpus * HOURS

    @property
    def month(self) -> Decimal | None:
        """US dollars a month for the traffic."""
        return None if self.machine_month is None else self.machine_month * self.machines

    @property
    def per_million(self) -> Decimal | None:
        """US dollars for a million tokens, read and written together, on a machine that is used as assumed."""
        if self.machine_month is None:
            return None
        return self.machine_month / (Decimal(self.capacity) * DAYS * self.traffic.tokens) * 1_000_000

    def break_even(self, offer: MonthlyCost) -> int | None:
        """Calls a day from which on one machine costs no more than the offer.

        None where a machine is full before that, so that more volume only means more machines; and where a price is
        unknown or the offer costs nothing.
        """
        price = offer.per_call
        if not price or self.machine_month is None:
            return None
        calls = math.ceil(self.machine_month / DAYS / price)
        return calls if calls <= self.capacity else None


def host(
    deployment: Deployment,
    traffic: Traffic,
    hourly: Decimal | None,
    utilisation: float = 0.5,
    efficiency: float | None = None,
) -> Hosted:
    """Price a deployment, at the usual `EFFICIENCY` unless told; one that does not fit is `InvalidInput`."""
    reached = EFFICIENCY[deployment.gpus] if efficiency is None else efficiency
    for name, share in (("utilisation", utilisation), ("efficiency", reached)):
        if not 0 < share <= 1:
            raise InvalidInput(name, share, "a share above 0, up to 1")
    if hourly is not None and not (hourly.is_finite() and hourly >= 0):
        raise InvalidInput("hourly", hourly, "US dollars from 0 for one device")
    if not deployment.fits:
        needed, has = deployment.memory.total / 1e9, deployment.available / 1e9
        where = f"{deployment.gpus} x {deployment.gpu.name}"
        raise InvalidInput("gpus", where, f"devices with {needed:,.0f} GB to use; these have {has:,.0f}")
    return Hosted(deployment, traffic, speed(deployment, traffic), hourly, utilisation, reached)


def deployments(first: Deployment, gpus: Iterable[Gpu]) -> Iterator[Deployment]:
    """The same model, precision, context and batch on each kind of device: on as few as hold it, at most eight."""
    for one in gpus:
        for count in COUNTS:
            candidate = replace(first, gpu=one, gpus=count)
            if candidate.fits:
                yield candidate
                break


def by_the_token(model: Model, traffic: Traffic, catalogue: Catalogue, on: date) -> list[tuple[Offer, MonthlyCost]]:
    """What the offers of the same model that are served on a day cost for the traffic; cheapest first, unknown last."""
    same = (offer for offer in catalogue.offers.values() if offer.model is not None and offer.model.id == model.id)
    priced = [(offer, monthly_cost(offer, traffic, on)) for offer in same if offer.alive(on)]
    return sorted(priced, key=lambda one: (one[1].total is None, one[1].at_least, one[0].id))
