"""What traffic costs a month, worked by hand; and what has no rate of its own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.catalog.traffic import Traffic, monthly_cost
from aiapp.core.errors import InvalidInput
from tests.catalog.small import DAY, offer, prices, rates

PLAIN = prices(rates("3", "15", cache_read="0.3", cache_write="3.75"), rates("1.5", "7.5", cache_read="0.15"))


def amounts(price: object, traffic: Traffic, **facts: object) -> dict[str, Decimal | None]:
    cost = monthly_cost(offer("acme:a", price, **facts), traffic, DAY)  # type: ignore[arg-type]
    return {line.item: line.amount for line in cost.lines}


def test_input_and_output() -> None:
    """30 days x 100 calls: 3 million in at $3, 1.5 million out at $15."""
    cost = monthly_cost(offer("acme:a", PLAIN), Traffic(1_000, 500, 100), DAY)
    assert [line.amount for line in cost.lines] == [Decimal(9), Decimal("22.5")]
    assert (cost.total, cost.calls, cost.per_call) == (Decimal("31.5"), 3_000, Decimal("0.0105"))


def test_what_the_cache_holds_and_takes() -> None:
    """Of 30 million tokens 60 % are read at $0.30 and 10 % written at $3.75; 30 % are new."""
    found = amounts(PLAIN, Traffic(10_000, 0, 100, cached=0.6, written=0.1))
    assert found == {
        "input": Decimal(27),
        "cached input": Decimal("5.4"),
        "cache writes": Decimal("11.25"),
        "output": Decimal(0),
    }


def test_a_share_in_batches() -> None:
    """A quarter of 3,000 calls at half the price."""
    found = amounts(PLAIN, Traffic(1_000, 100, 100, batch=0.25))
    assert found == {
        "input": Decimal("6.75"),
        "output": Decimal("3.375"),
        "batch input": Decimal("1.125"),
        "batch output": Decimal("0.5625"),
    }


def test_a_step_is_a_cliff_for_every_token_of_the_request() -> None:
    price = prices(rates("2", "10"), above=(200_000, rates("4", "15")))
    assert amounts(price, Traffic(200_000, 1_000, 1)) == {"input": Decimal(12), "output": Decimal("0.3")}
    assert amounts(price, Traffic(200_001, 1_000, 1)) == {"input": Decimal("24.00012"), "output": Decimal("0.45")}
    over = monthly_cost(offer("acme:a", price), Traffic(200_001, 1_000, 1), DAY)
    assert over.notes == ("at the rates of requests over 200,000 tokens",)


def test_a_region_multiplies() -> None:
    cost = monthly_cost(offer("acme:a", PLAIN), Traffic(1_000, 0, 100), DAY, region="eu")
    assert (cost.total, cost.notes) == (Decimal("9.9"), ("served in eu: x 1.1",))


def test_what_has_no_rate_of_its_own_is_charged_at_one_that_can_only_be_higher() -> None:
    bare = prices(rates("3", "15"))
    cost = monthly_cost(offer("acme:a", bare), Traffic(1_000, 0, 100, cached=0.5, written=0.1, batch=1.0), DAY)
    assert cost.total == Decimal(9)
    assert cost.notes == (
        "no batch price is known: batches at the standard price",
        "no price of cached input is known: charged as input",
        "no price of writing to the cache is known: charged as input",
    )


def test_a_prefix_that_is_too_short_is_not_cached() -> None:
    traffic = Traffic(2_000, 0, 100, cached=0.5)
    assert amounts(PLAIN, traffic, cacheable_from=1_024) == {"input": Decimal(18), "output": Decimal(0)}
    assert amounts(PLAIN, traffic, cacheable_from=1_000)["cached input"] == Decimal("0.9")


def test_an_unknown_price_is_not_zero_and_a_free_one_is() -> None:
    unknown = monthly_cost(offer("acme:a"), Traffic(), DAY)
    assert (unknown.total, unknown.per_call, unknown.at_least) == (None, None, Decimal(0))
    assert unknown.unknown == ("no price is known for 2026-11-21",)
    half = monthly_cost(offer("acme:a", prices(rates("3", None))), Traffic(1_000, 500, 100), DAY)
    assert (half.total, half.at_least, half.unknown) == (None, Decimal(9), ("no rate is known for output",))
    nothing_out = monthly_cost(offer("acme:a", prices(rates("3", None))), Traffic(1_000, 0, 100), DAY)
    assert nothing_out.total == Decimal(9)
    free = monthly_cost(offer("local:a", free=True), Traffic(), DAY)
    assert (free.total, free.source) == (Decimal(0), "runs on this machine")


def test_reasoning_at_its_own_price_is_said() -> None:
    cost = monthly_cost(offer("acme:a", prices(rates("3", "15", reasoning="30"))), Traffic(), DAY)
    assert cost.notes == ("reasoning tokens cost $30 a million, and are counted here as output",)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"input_tokens": 0}, "input_tokens"),
        ({"output_tokens": -1}, "output_tokens"),
        ({"calls_per_day": 1.5}, "calls_per_day"),
        ({"calls_per_day": True}, "calls_per_day"),
        ({"cached": 1.1}, "cached"),
        ({"batch": float("nan")}, "batch"),
        ({"cached": 0.8, "written": 0.3}, "written"),
    ],
)
def test_wrong_traffic_is_one_clear_error(wrong: dict[str, float], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Traffic(**wrong)  # type: ignore[arg-type]
    assert caught.value.field == field


@given(
    calls=st.integers(1, 10**6),
    times=st.integers(1, 1_000),
    cached=st.floats(0, 0.5),
    batch=st.floats(0, 1),
    tokens=st.tuples(st.integers(1, 10**6), st.integers(0, 10**5)),
)
def test_a_months_cost_is_linear_in_the_calls(
    calls: int, times: int, cached: float, batch: float, tokens: tuple[int, int]
) -> None:
    def total(count: int) -> Decimal:
        cost = monthly_cost(offer("acme:a", PLAIN), Traffic(*tokens, count, cached=cached, batch=batch), DAY).total
        assert cost is not None
        return cost

    assert total(calls * times) == pytest.approx(total(calls) * times, rel=Decimal("1e-20"))
