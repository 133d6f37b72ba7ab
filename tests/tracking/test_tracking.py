"""Invoices of calls and the stopwatch."""

from __future__ import annotations

from decimal import Decimal

from aiapp.core.usage import Usage
from aiapp.tracking.billing import bill
from aiapp.tracking.stopwatch import Stopwatch


def test_a_free_model_costs_nothing_because_it_is_free() -> None:
    invoice = bill(Usage(120, 7), model="local", free=True)
    assert invoice.total == Decimal(0)
    assert {line.source for line in invoice.lines} == {"runs on this machine"}


def test_a_model_without_a_known_price_has_an_unknown_cost_and_a_reason() -> None:
    invoice = bill(Usage(120, 7), model="openai:x", free=False)
    assert invoice.total is None
    assert invoice.unknown == ("no price is known for openai:x",)


def test_stages_add_up_and_the_first_token_is_marked_once() -> None:
    stopwatch = Stopwatch()
    for _ in range(2):
        with stopwatch.stage("search"):
            pass
    stopwatch.first_token()
    first = stopwatch.timing().first_token
    stopwatch.first_token()
    timing = stopwatch.timing()
    assert timing.first_token == first
    assert [name for name, _ in timing.stages] == ["search"]
    assert 0 <= timing.stages[0][1] <= timing.total
