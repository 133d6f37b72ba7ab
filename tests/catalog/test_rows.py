"""Offers and models as rows of a data file, and back."""

from __future__ import annotations

import json
from datetime import date, time
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.models import Architecture, Benchmark, Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import Hours, PriceList, Rates, Step
from aiapp.catalog.rows import model_row, offer_row, read_model, read_offer

money = st.decimals(0, 10_000, allow_nan=False, allow_infinity=False, places=6)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
words = st.text(min_size=1, max_size=12)
maybe = st.none() | money
rates = st.builds(Rates, **dict.fromkeys(Rates.__dataclass_fields__, maybe))
bounds = st.lists(st.integers(1, 10**6), max_size=2, unique=True).map(sorted)


def stepped(above: list[int], some: list[Rates]) -> tuple[Step, ...]:
    return tuple(map(Step, (0, *above), some))


steps = st.builds(stepped, bounds, st.lists(rates, min_size=3, max_size=3))
hours = st.builds(Hours, st.just((1, 2, 7)), st.just(time(1)), st.just(time(4, 30)))
prices = st.builds(
    PriceList,
    tiers=st.dictionaries(st.sampled_from(["standard", "batch", "flex"]), steps, min_size=1),
    source=words,
    as_of=days,
    valid_from=st.none() | days,
    factors=st.dictionaries(words, money, max_size=2),
    uses=st.dictionaries(words, money, max_size=2),
    hours=st.lists(hours, max_size=2).map(tuple),
)
models = st.builds(
    Model,
    id=words,
    maker=words,
    family=words,
    open=st.booleans(),
    source=words,
    as_of=days,
    licence=st.none() | words,
    architecture=st.none() | st.builds(Architecture, parameters=st.just(8.03), active=st.just(3.0), layers=st.just(4)),
    released=st.none() | days,
    benchmarks=st.lists(st.builds(Benchmark, words, st.just(71.5), words, days), max_size=2).map(tuple),
)
offers = st.builds(
    Offer,
    id=words.map("a:{}".format),
    vendor=words,
    source=words,
    as_of=days,
    model=st.none() | models,
    context=st.none() | st.integers(1, 10**7),
    inputs=st.sampled_from([("text",), ("text", "image"), ("image",)]),
    outputs=st.sampled_from([("text",), ("embedding",)]),
    prices=st.lists(prices, max_size=2).map(tuple),
    retires=st.none() | days,
    tools=st.none() | st.booleans(),
    free=st.booleans(),
    aliases=st.lists(words, max_size=2).map(tuple),
)


@given(offers)
def test_an_offer_comes_back_whole(offer: Offer) -> None:
    known = {} if offer.model is None else {offer.model.id: offer.model}
    assert read_offer(json.loads(json.dumps(offer_row(offer))), known) == offer


@given(models)
def test_a_model_comes_back_whole(model: Model) -> None:
    assert read_model(json.loads(json.dumps(model_row(model)))) == model


def test_money_is_written_plainly() -> None:
    rates = Rates(input=Decimal("1E+1"), output=Decimal("0.0000001"), cache_read=Decimal("2.500"))
    row = offer_row(
        Offer(
            "a:b",
            "a",
            "s",
            date(2026, 1, 1),
            prices=(PriceList({"standard": (Step(0, rates),)}, "s", date(2026, 1, 1)),),
        )
    )
    assert row["prices"][0]["tiers"]["standard"] == [{"input": "10", "output": "0.0000001", "cache_read": "2.5"}]


def test_the_packaged_offers_come_back_whole() -> None:
    known = catalogue()
    for offer in known.offers.values():
        assert read_offer(offer_row(offer), known.models) == offer
