"""What recorded traffic would have cost elsewhere. The arithmetic is worked by hand, dollars a million tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.catalog.catalogue import Catalogue, packaged
from aiapp.catalog.models import Model
from aiapp.catalog.tokenizers import same_tokenizer
from aiapp.core.errors import UnknownModel
from aiapp.core.invoice import Invoice, Line
from aiapp.core.usage import Iteration, Usage
from aiapp.tracking.billing import REFUSED
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.reprice import MEASURED_FROM, reprice
from aiapp.tracking.repricing import Repricing
from aiapp.tracking.span import Span
from tests.catalog.small import DAY, FREE, SWIFT, offer, prices, rates
from tests.tracking.spans import call

OTHER = replace(SWIFT, id="other")
TARGET = prices(rates("2", "10", cache_read="0.2"), rates("1", "5"))
WRITES = prices(rates("2", "10", cache_read="0.2", cache_write="2.5"))
KNOWN = Catalogue(
    [
        offer("acme:swift", prices(rates("1", "4")), model=SWIFT),
        offer("beta:swift", TARGET, model=SWIFT, cacheable_from=1000, context=5_000),
        offer("beta:other", TARGET, model=OTHER, reasoning=False),
        offer("beta:writes", WRITES, model=SWIFT),
        offer("beta:unpriced", model=SWIFT),
        offer("beta:vectors", prices(rates("0.5", None)), outputs=("embedding",)),
        offer("mine:free", model=FREE, free=True),
    ],
    [],
)


def to(model: str, *spans: Span) -> Repricing:
    return reprice(spans, model, catalogue=KNOWN, on=DAY)


def span(usage: Usage, **known: Any) -> Span:
    known.setdefault("model", "acme:swift")
    return call("0.01", usage=usage, **known)


def ends(found: Repricing) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return found.total.low, found.total.expected, found.total.high


def test_the_same_model_elsewhere_has_the_same_tokens_and_no_error() -> None:
    found = to("beta:swift", span(Usage(1000, 200, 0, 0, 0)))
    # 1000 x 2 + 200 x 10 = 4000 millionths
    assert ends(found) == (Decimal("0.004"),) * 3
    assert (found.total.recorded, found.total.change) == (Decimal("0.01"), Decimal("0.4"))
    assert found.notes == ("1 call counted by the same tokenizer",)


def test_another_tokenizer_has_a_stated_error() -> None:
    found = to("beta:other", span(Usage(1000, 200, 0, 0, 0)))
    # low: 740 x 2 + 148 x 10 = 2960; high: 1350 x 2 + 270 x 10 = 5400
    assert ends(found) == (Decimal("0.00296"), Decimal("0.004"), Decimal("0.0054"))
    assert found.notes == ("1 call of another tokenizer: 0.74 to 1.35 times the tokens",)


def test_characters_are_used_where_calls_of_the_other_tokenizer_were_recorded() -> None:
    said: dict[str, Any] = {"input": {"kind": "request", "text": "x" * 900}, "output": ["y" * 100]}
    own = [span(Usage(200, 50, 0, 0, 0), model="beta:other", **said) for _ in range(MEASURED_FROM)]  # 4 a token
    theirs = span(Usage(300, 100, 0, 0, 0), **said)  # 2.5 a token: 250 of the other for 400
    found = to("beta:other", *own, theirs).by_model["acme:swift"]
    # 187.5, rounded up, x 2 + 62.5, rounded up, x 10
    assert (found.low, found.expected, found.high) == (Decimal("0.001006"),) * 3
    few = to("beta:other", *own[1:], theirs).by_model["acme:swift"]
    assert few.low != few.high
    without = to("beta:other", *own, replace(theirs, output=None)).by_model["acme:swift"]
    assert without.low != without.high


def test_cache_hits_stay_where_the_other_model_has_them() -> None:
    usage = Usage(2000, 0, 1500, 0, 0)
    assert ends(to("beta:swift", span(usage)))[1] == Decimal("0.0013")  # 500 x 2 + 1500 x 0.2
    short = to("beta:swift", span(Usage(2000, 0, 999, 0, 0)))
    assert ends(short)[1] == Decimal("0.004")
    assert any("keeps none so short" in note for note in short.notes)
    assert ends(to("acme:swift", span(usage)))[1] == Decimal("0.002")  # no price for them: 2000 x 1


def test_writes_that_nobody_counted_are_none_to_all() -> None:
    found = to("beta:writes", span(Usage(2000, 0, 1500, None, 0)))
    # low and expected: 500 x 2 + 1500 x 0.2; high: 500 x 2 + 1500 x 2.5
    assert ends(found) == (Decimal("0.0013"), Decimal("0.0013"), Decimal("0.00475"))
    counted = to("beta:writes", span(Usage(2000, 0, 1500, 100, 0)))
    assert ends(counted) == (Decimal("0.00135"),) * 3  # 400 x 2 + 1500 x 0.2 + 100 x 2.5


def test_a_tier_stays_where_the_other_model_has_it() -> None:
    usage = Usage(1000, 200, 0, 0, 0)
    assert ends(to("beta:swift", span(usage, tier="batch")))[1] == Decimal("0.002")
    found = to("beta:swift", span(usage, tier="flex"))
    assert ends(found)[1] == Decimal("0.004")
    assert "1 call of the tier flex, for which it has no price: at the standard one" in found.notes


def test_reasoning_is_left_out_where_the_other_model_does_not_reason() -> None:
    found = to("beta:other", span(Usage(1000, 200, 0, 0, 150)))
    assert ends(found)[1] == Decimal("0.0025")  # 1000 x 2 + 50 x 10
    assert any("left out" in note for note in found.notes)


def test_several_requests_of_one_call_are_billed_each() -> None:
    part = Usage(500, 100, 0, 0, 0)
    usage = Usage(1000, 200, 0, 0, 0, iterations=(Iteration("message", part), Iteration("message", part, "x")))
    assert ends(to("beta:swift", span(usage))) == (Decimal("0.004"),) * 3


def test_unknown_is_never_nothing() -> None:
    known, lost = span(Usage(1000, 0, 0, 0, 0)), span(Usage(), error="Unavailable")
    found = to("beta:swift", known, lost)
    assert ends(found) == (None, None, None)
    assert found.total.at_least == Decimal("0.002")
    assert found.total.unknown == ("a call has no recorded usage",)
    assert ends(to("beta:unpriced", known)) == (None, None, None)
    half = to("beta:swift", span(Usage(1000, None, 0, 0, 0)))
    assert (half.total.expected, half.total.at_least) == (None, Decimal("0.002"))


def test_a_call_that_does_not_fit_is_not_priced() -> None:
    found = to("beta:swift", span(Usage(4_900, 101, 0, 0, 0)))
    assert found.total.expected is None
    assert found.total.unknown == ("a call is longer than the 5,000 tokens that beta:swift has room for",)


def test_what_cost_nothing_costs_nothing_elsewhere() -> None:
    refused = call(usage=Usage(), error="Refused", invoice=Invoice((Line("requests", 1, Decimal(0), 1, REFUSED),)))
    cached = span(Usage(1000, 200), cached=True)
    assert ends(to("beta:swift", refused, cached)) == (Decimal(0),) * 3
    assert ends(to("mine:free", span(Usage(10, 10)))) == (Decimal(0),) * 3


def test_embeddings_stand_apart() -> None:
    vectors, answer = span(Usage(1000, 0, 0, 0, 0), kind="embedding"), span(Usage(1000, 0, 0, 0, 0))
    assert to("beta:swift", vectors, answer).total.calls == 1
    found = to("beta:vectors", vectors, answer)
    assert found.total.calls == 1
    assert "1 call not repriced, being no embeddings" in found.notes


def test_groups_and_a_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")
    for model, prompt in (("acme:swift", "a"), ("acme:swift", None), ("beta:swift", "a")):
        ledger.ended(span(Usage(1000, 0, 0, 0, 0), model=model, prompt=prompt))
    found = reprice(ledger, "beta:swift", catalogue=KNOWN, on=DAY)
    assert {name: one.expected for name, one in found.by_model.items()} == {
        "acme:swift": Decimal("0.004"),
        "beta:swift": Decimal("0.002"),
    }
    assert {name: one.calls for name, one in found.by_prompt.items()} == {"(none)": 1, "a": 2}
    with pytest.raises(UnknownModel, match="nosuch"):
        reprice(ledger, "nosuch:model", catalogue=KNOWN)


counts = st.integers(0, 2000)


@given(st.lists(st.tuples(counts, counts, st.booleans()), max_size=8))
def test_the_ends_are_in_order_and_the_groups_add_up(calls: list[tuple[int, int, bool]]) -> None:
    spans = [
        span(Usage(many, few, many // 2, 0, 0), model="acme:swift" if here else "beta:other")
        for many, few, here in calls
    ]
    found = to("beta:other", *spans)
    low, expected, high = ends(found)
    assert low is not None
    assert expected is not None
    assert high is not None
    assert low <= expected <= high
    assert low == found.total.at_least
    assert expected == sum((one.expected or 0 for one in found.by_model.values()), Decimal(0))


def test_which_models_count_alike() -> None:
    models = packaged().models

    def alike(one: str, other: str) -> bool:
        return same_tokenizer(models[one], models[other])

    assert alike("gpt-4o", "gpt-5.2")
    assert alike("gpt-oss-20b", "o3")
    assert alike("llama-3-8b", "llama-3.3-70b")
    assert alike("claude-opus-4-6", "claude-opus-4-6")
    assert not alike("claude-opus-4-6", "claude-opus-4-7")
    assert not alike("gpt-4o", "llama-3-8b")
    assert not alike("deepseek-r1", "deepseek-r1-distill-llama-70b")
    assert not same_tokenizer(None, None)
    older, newer = (Model(name, "OpenAI", name, False, "s", date(2026, 1, 1)) for name in ("gpt-4", "gpt-4o"))
    assert not same_tokenizer(older, newer)
