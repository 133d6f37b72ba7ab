"""Needs are checked when they are made: one clear error a wrong field."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from aiapp.catalog.needs import Needs, money
from aiapp.catalog.traffic import Traffic
from aiapp.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("field", "value", "accepted"),
    [
        ("traffic", {"input_tokens": 5}, "a Traffic"),
        ("weights", "opened", "any, open, closed"),
        ("max_month", -1, "US dollars"),
        ("max_month", "ten", "US dollars"),
        ("max_month", "NaN", "US dollars"),
        ("max_call", 0.5, "US dollars"),
        ("context", 0, "a whole number of tokens"),
        ("context", 10.5, "a whole number of tokens"),
        ("headroom", -0.1, "a share from 0 to 10"),
        ("latency", "fast", "any, relaxed, interactive"),
        ("inputs", "text", "a tuple of text, image"),
        ("inputs", ("smell",), "one of text, image"),
        ("outputs", ["text"], "a tuple of"),
        ("features", ("tool",), "one of tools"),
        ("where", "cloud", "anywhere, self-hostable, here"),
        ("region", "", "a region's name"),
        ("until", datetime(2027, 1, 1), "a datetime.date"),
        ("until", "2027-01-01", "a datetime.date"),
        ("vendors", "acme", "a tuple of vendors' names"),
        ("without", ("",), "a tuple of vendors' names"),
        ("prefer", "", "'price', 'context' or a benchmark's name"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_accepted(field: str, value: Any, accepted: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Needs(**{field: value})
    assert caught.value.field == field
    assert accepted in caught.value.accepted
    assert "\n" not in str(caught.value)


def test_a_floor_that_is_no_number_names_its_benchmark() -> None:
    with pytest.raises(InvalidInput, match=r"quality\['gpqa'\]"):
        Needs(quality={"gpqa": float("nan")})


def test_the_context_has_headroom_and_is_that_of_a_call_where_none_is_given() -> None:
    assert Needs(context=100_000, headroom=0.2).tokens == 120_000
    assert Needs(traffic=Traffic(1_000, 1), headroom=0.5).tokens == 1_502  # 1,501.5
    assert Needs(context=7, headroom=0).tokens == 7


def test_money_is_exact() -> None:
    assert money("x", "0.10") == Decimal("0.10")
    assert money("x", 3) == Decimal(3)
    assert money("x", None) is None
