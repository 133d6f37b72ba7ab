"""One row of litellm's price file: its rates, steps and tiers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.catalog.builder.rates import per_million, tiers_of
from aiapp.catalog.prices import Rates


def test_every_field_finds_its_place() -> None:
    row = {
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 1e-05,
        "cache_creation_input_token_cost_above_1hr": 4e-06,
        "output_cost_per_reasoning_token": 2e-05,
        "input_cost_per_audio_token": 3e-06,
        "input_cost_per_token_above_200k_tokens": 4e-06,
        "output_cost_per_token_above_200k_tokens": 1.5e-05,
        "input_cost_per_token_flex": 1e-06,
        "output_cost_per_token_flex": 5e-06,
        "cache_creation_input_token_cost_above_12hr_above_272k_tokens_priority": 1e-05,
        "supports_vision": True,
    }
    tiers = tiers_of(row)
    assert tiers.keys() == {"standard", "flex"}, "a tier without a price for its input and output is none"
    first, second = tiers["standard"]
    assert (first.rates.cache_write_long, first.rates.reasoning) == (Decimal(4), Decimal(20))
    assert (second.above, second.rates.input, second.rates.output) == (200_000, Decimal(4), Decimal(15))
    assert second.rates.audio_input == Decimal(3), "a step leaves other modalities as they are"
    assert tiers["flex"][0].rates == Rates(input=Decimal(1), output=Decimal(5))


def test_ranges_are_cliffs() -> None:
    ranges = [
        {"range": [0, 256000.0], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07},
        {"range": [256000.0, 1e6], "input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06},
    ]
    steps = tiers_of({"tiered_pricing": ranges})["standard"]
    assert [(step.above, step.rates.input) for step in steps] == [(0, Decimal("0.05")), (256_000, Decimal("0.25"))]


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"input_cost_per_token": 1e-06},
        {"input_cost_per_token": 0, "output_cost_per_token": 0},
        {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "cache_read_input_token_cost": 0.0},
    ],
)
def test_unknown_is_no_price(row: dict[str, float]) -> None:
    assert tiers_of(row) == {}


def test_rates_that_say_nothing_are_left_out() -> None:
    row = {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 2e-06,
        "output_cost_per_reasoning_token": 2e-06,
        "input_cost_per_image_token": 1e-06,
        "cache_creation_input_token_cost": 0.0,
    }
    assert tiers_of(row)["standard"][0].rates == Rates(input=Decimal(1), output=Decimal(2))
    embedding = {"mode": "embedding", "input_cost_per_token": 2e-08, "output_cost_per_token": 0.0}
    assert tiers_of(embedding)["standard"][0].rates == Rates(input=Decimal("0.02"))


@given(st.integers(1, 10**6), st.integers(0, 6))
def test_a_binary_fraction_leaves_no_noise(digits: int, places: int) -> None:
    dollars = Decimal(digits).scaleb(-places)
    assert per_million(float(dollars / 1_000_000)) == dollars
