"""What a token costs on one's own machine, and where that meets the price by the token; worked by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.gpus import gpu, gpus
from aiapp.catalog.hosting import Deployment
from aiapp.catalog.hosting_price import Hosted, by_the_token, deployments, host
from aiapp.catalog.models import Architecture
from aiapp.catalog.traffic import Traffic, monthly_cost
from aiapp.core.errors import InvalidInput
from tests.catalog.small import DAY, FREE, SMALL, offer, prices, rates

EIGHT = Architecture(8.0, 8.0, 32, 8, 128)
TRAFFIC = Traffic(1_000, 250, 1_000)
ONE = Deployment(EIGHT, gpu("H100"), context=1_250, batch=32)


def hosted(hourly: str | None = "2", **changes: float) -> Hosted:
    return host(ONE, TRAFFIC, None if hourly is None else Decimal(hourly), **changes)


def test_a_machine_is_paid_for_all_month() -> None:
    """$2 x 720 hours; half of its hours at half of its bound."""
    found = hosted(utilisation=0.5, efficiency=0.5)
    assert found.machine_month == found.month == Decimal(1_440)
    assert found.capacity == pytest.approx(found.speed.calls_per_second * 86_400 / 4)
    tokens = found.capacity * 30 * 1_250 / 1e6
    assert float(found.per_million or 0) == pytest.approx(1_440 / tokens)


def test_as_many_machines_as_the_traffic_takes() -> None:
    calls = int(hosted().capacity)
    assert host(ONE, Traffic(1_000, 250, calls), Decimal(2)).machines == 1
    assert host(ONE, Traffic(1_000, 250, calls + 1), Decimal(2)).month == Decimal(2_880)


def test_break_even_is_the_month_over_the_price_of_a_call() -> None:
    """A call at $1 in and $4 out a million costs $0.002; $48 a day buy 24,000 of them."""
    cost = monthly_cost(offer("acme:a", prices(rates("1", "4"))), TRAFFIC, DAY)
    assert hosted().break_even(cost) == 24_000
    assert hosted("2.001").break_even(cost) == 24_012


def test_break_even_is_never_where_the_machine_is_full_before() -> None:
    cheap = monthly_cost(offer("acme:a", prices(rates("0.001", "0.001"))), TRAFFIC, DAY)
    assert hosted().break_even(cheap) is None
    free = monthly_cost(offer("local:a", free=True), TRAFFIC, DAY)
    unknown = monthly_cost(offer("acme:a"), TRAFFIC, DAY)
    assert hosted().break_even(free) is None
    assert hosted().break_even(unknown) is None


def test_an_unknown_rent_is_not_zero() -> None:
    found = hosted(None)
    assert (found.machine_month, found.month, found.per_million) == (None, None, None)
    assert found.break_even(monthly_cost(offer("acme:a", prices(rates("1", "4"))), TRAFFIC, DAY)) is None
    assert found.tokens_per_second > 0
    assert hosted("0").per_million == 0


def test_the_smallest_machine_of_each_kind_that_holds_it() -> None:
    seventy = Deployment(Architecture(70.0, 70.0, 80, 8, 128), gpu("H100"), context=1_250, batch=1)
    found = {one.gpu.name: one.gpus for one in deployments(seventy, gpus().values())}
    assert found == {"H100": 2, "H200": 2, "B200": 1, "A100": 2, "L40S": 4, "L4": 8, "A10G": 8, "RTX-4090": 8} | {
        "RTX-5090": 8,
        "MI300X": 1,
    }


def test_offers_of_the_same_model_cheapest_first_and_unknown_last() -> None:
    found = by_the_token(FREE, TRAFFIC, SMALL, DAY)
    assert [(one.id, cost.total) for one, cost in found] == [
        ("local:free", 0),
        ("bolt:free", Decimal("12.0")),
        ("bolt:dark", None),
    ]
    assert by_the_token(FREE, TRAFFIC, Catalogue([], []), DAY) == []


def test_wrong_input_is_one_clear_error() -> None:
    with pytest.raises(InvalidInput, match="utilisation"):
        hosted(utilisation=0.0)
    with pytest.raises(InvalidInput, match="efficiency"):
        hosted(efficiency=1.1)
    with pytest.raises(InvalidInput, match="hourly"):
        hosted("-1")
    large = Deployment(Architecture(405.0, 405.0, 126, 8, 128), gpu("H100"))
    with pytest.raises(InvalidInput, match=r"1 x H100.*devices with 814 GB to use; these have 72"):
        host(large, TRAFFIC, Decimal(2))
