"""A small catalogue made by hand, for tests whose arithmetic is worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.models import Architecture, Benchmark, Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import PriceList, Rates, Step

DAY = date(2026, 11, 21)
SOURCE = "made for a test"


def rates(of_input: str | None, of_output: str | None, **others: str) -> Rates:
    """Rates from strings, None where there is none."""
    more: Any = {name: Decimal(rate) for name, rate in others.items()}
    return Rates(
        None if of_input is None else Decimal(of_input), None if of_output is None else Decimal(of_output), **more
    )


def prices(standard: Rates, batch: Rates | None = None, above: tuple[int, Rates] | None = None) -> PriceList:
    """A list with one step, or two, and with a tier for batches where there is one."""
    steps = (Step(0, standard),) if above is None else (Step(0, standard), Step(*above))
    tiers = {"standard": steps} if batch is None else {"standard": steps, "batch": (Step(0, batch),)}
    return PriceList(tiers, SOURCE, DAY, factors={"eu": Decimal("1.1")})


def model(name: str, *, open_weights: bool, scores: dict[str, float] | None = None) -> Model:
    """A model of 8 billion parameters with the scores that are given."""
    benchmarks = tuple(Benchmark(one, score, SOURCE, DAY) for one, score in (scores or {}).items())
    architecture = Architecture(8.0, 8.0, 32, 8, 128) if open_weights else None
    return Model(name, "maker", "family", open_weights, SOURCE, DAY, architecture=architecture, benchmarks=benchmarks)


def offer(name: str, price: PriceList | None = None, **facts: Any) -> Offer:
    """An offer of a vendor named as its provider."""
    facts = {"context": 128_000, "output_tokens": 16_000, **facts}
    return Offer(name, name.partition(":")[0], SOURCE, DAY, prices=() if price is None else (price,), **facts)


SWIFT = model("swift", open_weights=False, scores={"MMLU-Pro": 70.0})
DEEP = model("deep", open_weights=False, scores={"MMLU-Pro": 85.5, "GPQA": 60.0})
FREE = model("free", open_weights=True)

SMALL = Catalogue(
    [
        offer("acme:swift", prices(rates("1", "4", cache_read="0.1"), rates("0.5", "2")), model=SWIFT, tools=True),
        offer(
            "acme:deep",
            prices(rates("5", "20"), above=(200_000, rates("10", "30"))),
            model=DEEP,
            context=1_000_000,
            tools=True,
            inputs=("text", "image"),
            regions=("us",),
        ),
        offer("bolt:free", prices(rates("0.2", "0.8")), model=FREE, tools=False, retires=date(2027, 1, 1)),
        offer("bolt:dark", model=FREE),
        offer("local:free", model=FREE, free=True, context=8_192),
    ],
    [SWIFT, DEEP, FREE],
)
