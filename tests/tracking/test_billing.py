"""What holds of every bill: of the tokens none is paid for twice or not at all, and unknown is never zero."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import PriceList, Rates, Step
from aiapp.core.invoice import total_invoice
from aiapp.core.usage import Iteration, Usage
from aiapp.tracking.billing import CACHED, OWN_MACHINE, bill, nothing_due
from aiapp.tracking.quantities import quantities

DAY = date(2026, 11, 20)
MODEL = "openai:m"
money = st.integers(0, 10**5).map(lambda cents: Decimal(cents) / 1000)
all_rates = st.builds(Rates, **{field.name: money for field in fields(Rates)})
some_rates = st.builds(Rates, **{field.name: st.none() | money for field in fields(Rates)})
AMOUNTS = ("input_tokens", "output_tokens")


@st.composite
def whole_usages(draw: st.DrawFn) -> Usage:
    """A usage of which every count is known, and inside of what it must be inside of."""

    def part(whole: int) -> int:
        return draw(st.integers(0, whole))

    total, output = draw(st.integers(0, 10**6)), draw(st.integers(0, 10**5))
    cached = part(total)
    written = part(total - cached)
    audio_cached = part(cached)
    audio = audio_cached + part(total - cached - written)
    reasoning = part(output)
    return Usage(
        total,
        output,
        cached,
        written,
        reasoning,
        long_cache_write_tokens=part(written),
        audio_input_tokens=audio,
        audio_cached_tokens=audio_cached,
        audio_output_tokens=part(output - reasoning),
        image_input_tokens=0,
        image_output_tokens=0,
    )


def offer(*steps: Step, **more: Any) -> Offer:
    tiers = {"standard": steps}
    prices = PriceList(tiers, "a price list", DAY, uses={"web_search": Decimal("0.01")})
    return replace(Offer(MODEL, "openai", "a test", DAY, prices=(prices,)), **more)


def flat(rates: Rates) -> Catalogue:
    return Catalogue([offer(Step(0, rates))], ())


@given(whole_usages(), all_rates)
def test_every_token_is_paid_for_once(usage: Usage, rates: Rates) -> None:
    """Uncached, cached and written make the input; what is told apart and the rest make the output."""
    invoice = bill(usage, MODEL, flat(rates).find, at=DAY)
    counts = {"input": 0, "output": 0}
    for line in invoice.lines:
        counts["output" if line.item.split()[-2] in ("output", "reasoning") else "input"] += line.count or 0
    if not usage.cache_write_tokens or not usage.audio_input_tokens:
        assert invoice.total is not None
        assert invoice.at_least == invoice.total >= 0
    assert counts == {"input": usage.input_tokens, "output": usage.output_tokens}


@given(whole_usages(), all_rates, st.sets(st.sampled_from([field.name for field in fields(Usage)][:9])))
def test_what_nobody_said_is_never_billed_for_less_than_it_can_be(usage: Usage, rates: Rates, hidden: set[str]) -> None:
    """Whatever is hidden of a report, the lower bound is one; and what is known without it is known exactly."""
    find = flat(rates).find
    unsaid: dict[str, Any] = dict.fromkeys(hidden)
    whole, partly = bill(usage, MODEL, find, at=DAY), bill(replace(usage, **unsaid), MODEL, find, at=DAY)
    if hidden & {"audio_input_tokens", "audio_output_tokens"}:  # what is not named is none
        return
    assert whole.total is None or partly.at_least <= whole.total
    assert partly.total is None or partly.total == whole.total
    assert (partly.total is None) == bool(partly.unknown)


@given(whole_usages(), some_rates)
def test_a_total_is_unknown_exactly_where_there_is_a_reason(usage: Usage, rates: Rates) -> None:
    invoice = bill(usage, MODEL, flat(rates).find, at=DAY)
    assert (invoice.total is None) == bool(invoice.unknown)
    assert invoice.at_least >= 0


@given(whole_usages(), whole_usages(), all_rates)
def test_bills_add_up(first: Usage, second: Usage, rates: Rates) -> None:
    find = flat(rates).find
    one, two = bill(first, MODEL, find, at=DAY), bill(second, MODEL, find, at=DAY)
    together = total_invoice([one, two])
    if one.total is not None and two.total is not None:
        assert together.total == one.total + two.total
        both = bill(Usage(0, 0, iterations=(Iteration("a", first), Iteration("b", second))), MODEL, find, at=DAY)
        assert both.total == together.total


@given(whole_usages(), all_rates, st.sampled_from(AMOUNTS), st.integers(1, 10**6))
def test_more_tokens_never_cost_less(usage: Usage, rates: Rates, name: str, more: int) -> None:
    find = flat(rates).find
    larger = replace(usage, **{name: getattr(usage, name) + more})
    before, after = bill(usage, MODEL, find, at=DAY), bill(larger, MODEL, find, at=DAY)
    assert before.at_least <= after.at_least


@given(st.integers(0, 10**6), st.integers(1, 10**6), all_rates, all_rates)
def test_a_step_is_a_cliff(tokens: int, above: int, below: Rates, beyond: Rates) -> None:
    """Every token has the rate of the size of the whole request."""
    find = Catalogue([offer(Step(0, below), Step(above, beyond))], ()).find
    rates = beyond if tokens > above else below
    assert rates.input is not None
    assert bill(Usage(tokens, 0, 0, 0), MODEL, find, at=DAY).total == rates.input * tokens / 1_000_000


@given(whole_usages(), all_rates)
def test_counts_that_contradict_one_another_are_no_negative_price(usage: Usage, rates: Rates) -> None:
    odd = replace(usage, input_tokens=0, cached_tokens=usage.input_tokens)
    for quantity in quantities(odd, rates):
        assert (quantity.tokens or 0) >= 0


def test_a_free_model_costs_nothing_because_it_is_free() -> None:
    invoice = nothing_due(Usage(120, 7), OWN_MACHINE)
    assert invoice.total == Decimal(0)
    assert {line.source for line in invoice.lines} == {"runs on this machine"}
    free = Catalogue([offer(free=True)], ()).find
    assert bill(Usage(120, 7), MODEL, free, at=DAY) == invoice
    assert nothing_due(Usage(), CACHED).total == Decimal(0)


@pytest.mark.parametrize("name", ["openai:x", "x", ""])
def test_a_model_without_a_known_price_has_an_unknown_cost_and_a_reason(name: str) -> None:
    invoice = bill(Usage(120, 7), name, Catalogue((), ()).find, at=DAY)
    assert invoice.total is None
    assert invoice.unknown == (f"no price is known for {name}",)
    assert [(line.item, line.count) for line in invoice.lines] == [("input tokens", 120), ("output tokens", 7)]


def test_an_offer_without_prices_says_so_without_a_day() -> None:
    bare = Catalogue([replace(offer(), prices=())], ())
    assert bill(Usage(1, 1), MODEL, bare.find, at=DAY).unknown == (f"no price is known for {MODEL}",)


@pytest.mark.parametrize(
    "served",
    ["m", "M", "vendor/m", "m-2026-11-01", "m-20261101", "m@20261101", "m:latest", "m-latest", "eu.vendor/m-v1:0"],
)
def test_another_name_of_the_model_that_was_asked_is_that_model(served: str) -> None:
    find = flat(Rates(Decimal(1), Decimal(1))).find
    assert bill(Usage(1, 1, 0, 0), MODEL, find, at=DAY, served=served).total == Decimal("0.000002")


@pytest.mark.parametrize("served", ["m-mini", "mm", "n", "m-2-pro"])
def test_another_model_is_not(served: str) -> None:
    find = flat(Rates(Decimal(1), Decimal(1))).find
    assert bill(Usage(1, 1, 0, 0), MODEL, find, at=DAY, served=served).unknown == (
        f"no price is known for openai:{served}",
    )


def test_a_use_of_a_tool_is_billed_whatever_the_tier() -> None:
    find = flat(Rates(Decimal(1), Decimal(1))).find
    invoice = bill(Usage(0, 0, uses={"web_search": 3}), MODEL, find, at=datetime.now(UTC), tier="flex")
    assert [line.amount for line in invoice.lines if line.item == "web_search"] == [Decimal("0.03")]
    assert invoice.unknown == (f"no price is known for the tier 'flex' of {MODEL}",)
