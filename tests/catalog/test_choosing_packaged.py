"""The ranking on the packaged catalogue: what must hold whatever its prices are."""

from __future__ import annotations

from decimal import Decimal

from aiapp import Needs, choose
from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.hosting import memory
from aiapp.catalog.traffic import Traffic
from tests.catalog.small import DAY

EVERYTHING = Needs(
    traffic=Traffic(20_000, 1_000, 500, cached=0.5, written=0.1, batch=0.3),
    max_month="500",
    max_call="0.05",
    context=50_000,
    latency="relaxed",
    inputs=("text", "image"),
    features=("tools", "forced_tools", "json_schema", "reasoning", "sampling", "prompt_cache", "prefill", "files"),
    where="self-hostable",
    region="us",
    without=("azure",),
)


def test_every_offer_is_ranked_and_every_check_has_a_source() -> None:
    ranking = choose(EVERYTHING, on=DAY)
    assert {candidate.offer.id for candidate in ranking.candidates} == set(catalogue().offers)
    for candidate in ranking.candidates:
        needs = [check.need for check in candidate.checks]
        assert len(needs) == len(set(needs)) == 21
        for check in candidate.checks:
            assert check.source, (candidate.offer.id, check)
            assert (check.found is None) == (check.verdict == "unknown")
        assert (candidate.cost.total is None) == bool(candidate.cost.unknown)


def test_the_cheapest_of_the_best_models_is_cheaper_than_the_dearest() -> None:
    fitting = [candidate for candidate in choose(on=DAY).fitting if candidate.cost.total is not None]
    costs = [candidate.cost.total or Decimal(0) for candidate in fitting]
    assert costs == sorted(costs)
    assert costs[0] * 100 < costs[-1]


def test_nothing_that_is_retired_fits() -> None:
    for candidate in choose(on=DAY).fitting:
        assert candidate.offer.alive(DAY)


def test_open_models_with_an_architecture_have_a_memory() -> None:
    architectures = [model.architecture for model in catalogue().models.values() if model.architecture is not None]
    attended = [one for one in architectures if one.kv_numbers is not None or one.kv_heads is not None]
    assert len(attended) >= 10
    assert all(0 < one.active <= one.parameters for one in architectures)
    assert all(memory(one, "fp8", 1_000, 1).cache > 0 for one in attended)
