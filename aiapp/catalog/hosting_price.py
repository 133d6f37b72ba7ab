"""What tokens cost on machines of one's own, and from which volume on that is cheaper than paying by the token."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from aiapp.catalog.gpus import Gpu
from aiapp.catalog.hosting import COUNTS, EFFICIENCY, Deployment, Speed, speed
from aiapp.catalog.traffic import DAYS, MonthlyCost, Traffic
from aiapp.core.errors import InvalidInput

HOURS = DAYS * 24
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Hosted:
    """A deployment that serves a traffic: as many machines of it as that takes, each rented all month.

    `hourly` is US dollars for one device. `utilisation` is the share of the hours in which a machine is kept full:
    traffic has nights and peaks. `efficiency` is the share of the bounds of `speed` that the engine reaches.
    """

    deployment: Deployment
    traffic: Traffic
    speed: Speed
    hourly: Decimal
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
    def machine_month(self) -> Decimal:
        """US dollars a month for one machine, busy or not."""
        return self.hourly * self.deployment.gpus * HOURS

    @property
    def month(self) -> Decimal:
        """US dollars a month for the traffic."""
        return self.machine_month * self.machines

    @property
    def per_million(self) -> Decimal:
        """US dollars for a million tokens, read and written together, on a machine that is used as assumed."""
        tokens = Decimal(self.capacity) * DAYS * self.traffic.tokens
        return self.machine_month / tokens * 1_000_000

    def break_even(self, offer: MonthlyCost) -> int | None:
        """Calls a day from which on one machine costs no more than the offer.

        None where a machine is full before that, so that more volume only means more machines; and where the price
        of the offer is unknown or nothing.
        """
        price = offer.per_call
        if not price:
            return None
        calls = math.ceil(self.machine_month / DAYS / price)
        return calls if calls <= self.capacity else None


def host(
    deployment: Deployment,
    traffic: Traffic,
    hourly: Decimal,
    utilisation: float = 0.5,
    efficiency: float = EFFICIENCY,
) -> Hosted:
    """Price a deployment; one that does not fit its devices is `InvalidInput`."""
    for name, share in (("utilisation", utilisation), ("efficiency", efficiency)):
        if not 0 < share <= 1:
            raise InvalidInput(name, share, "a share above 0, up to 1")
    if hourly < 0:
        raise InvalidInput("hourly", hourly, "US dollars from 0 for one device")
    if not deployment.fits:
        needed, has = deployment.memory.total / 1e9, deployment.available / 1e9
        where = f"{deployment.gpus} x {deployment.gpu.name}"
        raise InvalidInput("gpus", where, f"devices with {needed:.0f} GB to use; these have {has:.0f}")
    return Hosted(deployment, traffic, speed(deployment, traffic), hourly, utilisation, efficiency)


def deployments(first: Deployment, gpus: Iterable[Gpu]) -> Iterator[Deployment]:
    """The same model, precision, context and batch on each kind of device: on as few as hold it, at most eight."""
    for one in gpus:
        for count in COUNTS:
            candidate = replace(first, gpu=one, gpus=count)
            if candidate.fits:
                yield candidate
                break
