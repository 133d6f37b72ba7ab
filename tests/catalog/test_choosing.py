"""The ranking: its rule, every check with its margin, what is unknown, and what to relax where nothing fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aiapp
from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.needs import Needs
from aiapp.catalog.ranking import Candidate, Check, Measured, Ranking
from aiapp.catalog.traffic import Traffic
from aiapp.core.errors import InvalidInput
from tests.catalog.small import DAY, FREE, SMALL, offer, prices, rates

TRAFFIC = Traffic(1_000, 500, 100)


def choose(catalogue: Catalogue = SMALL, measured: dict[str, Measured] | None = None, **needs: Any) -> Ranking:
    wanted: dict[str, Any] = {"traffic": TRAFFIC, **needs}
    return aiapp.choose(Needs(**wanted), catalogue=catalogue, on=DAY, measured=measured or {})


def of(ranking: Ranking, name: str) -> Candidate:
    (found,) = (candidate for candidate in ranking.candidates if candidate.offer.id == name)
    return found


def check(ranking: Ranking, name: str, need: str) -> Check:
    (found,) = (one for one in of(ranking, name).checks if one.need == need)
    return found


def names(ranking: Ranking) -> list[str]:
    return [candidate.offer.id for candidate in ranking.candidates]


def test_every_offer_is_a_candidate_and_the_cheapest_that_fits_is_first() -> None:
    """A month of 3 million in and 1.5 million out: $0, $1.80, $9, $45, unknown."""
    ranking = choose()
    assert names(ranking) == ["local:free", "bolt:free", "acme:swift", "acme:deep", "bolt:dark"]
    assert [candidate.cost.total for candidate in ranking.candidates] == [0, Decimal("1.8"), 9, 45, None]
    assert all(candidate.fits for candidate in ranking.candidates)  # an unknown price is no need that was asked


def test_prices_pass_or_fail_by_their_margin_and_an_unknown_one_does_neither() -> None:
    ranking = choose(max_month="10", max_call="0.004")
    month = check(ranking, "acme:swift", "price a month")
    assert (month.verdict, month.margin, month.found, month.wanted) == ("met", Decimal(1), "$9.00", "at most $10.00")
    assert (month.source, month.as_of) == ("made for a test", DAY)
    assert check(ranking, "acme:swift", "price a call").margin == Decimal("0.001")
    assert check(ranking, "acme:deep", "price a month").margin == -35
    assert check(ranking, "acme:deep", "price a call").verdict == "missed"  # $0.015
    assert check(ranking, "bolt:dark", "price a month").verdict == "unknown"
    assert names(ranking) == ["local:free", "bolt:free", "acme:swift", "bolt:dark", "acme:deep"]
    assert of(ranking, "bolt:dark").fits is None
    assert [candidate.offer.id for candidate in ranking.possible] == ["bolt:dark"]


def test_a_lower_bound_over_the_limit_is_missed_though_the_total_is_unknown() -> None:
    half = Catalogue([offer("acme:half", prices(rates("30", None)))], [])
    found = check(choose(half, max_month=10), "acme:half", "price a month")
    assert (found.verdict, found.found, found.margin) == ("missed", "at least $90.00", Decimal(-80))


def test_context_and_answer_with_headroom() -> None:
    ranking = choose(context=100_000, headroom=0.2)
    found = check(ranking, "acme:swift", "context")
    assert (found.wanted, found.margin, found.unit) == ("at least 120,000 tokens", Decimal(8_000), "tokens")
    assert check(ranking, "local:free", "context").margin == 8_192 - 120_000
    unknown = Catalogue([offer("acme:u", context=None, output_tokens=None)], [])
    assert check(choose(unknown), "acme:u", "context").verdict == "unknown"
    assert check(choose(unknown), "acme:u", "answer length").verdict == "unknown"
    ours = Catalogue([offer("local:a", free=True, context=8_192, output_tokens=None)], [])
    assert check(choose(ours), "local:a", "answer length").margin == 8_192 - 500
    long = choose(traffic=Traffic(1_000, 20_000, 1))
    assert check(long, "acme:swift", "answer length").margin == -4_000


def test_weights_and_where() -> None:
    opened = choose(weights="open")
    assert {one.offer.id for one in opened.fitting} == {"local:free", "bolt:free", "bolt:dark"}
    assert check(opened, "acme:swift", "weights").found == "closed"
    assert {one.offer.id for one in choose(weights="closed").fitting} == {"acme:swift", "acme:deep"}
    assert [one.offer.id for one in choose(where="here").fitting] == ["local:free"]
    assert "acme:swift" not in [one.offer.id for one in choose(where="self-hostable").fitting]
    strange = Catalogue([offer("acme:u")], [])
    assert check(choose(strange, weights="open"), "acme:u", "weights").verdict == "unknown"


def test_regions_are_unknown_where_nobody_lists_them() -> None:
    ranking = choose(region="us")
    assert check(ranking, "acme:deep", "region").verdict == "met"
    assert check(ranking, "acme:swift", "region").verdict == "unknown"
    assert check(ranking, "local:free", "region").verdict == "met"
    assert check(choose(region="eu"), "acme:deep", "region").verdict == "missed"


def test_modalities_and_features() -> None:
    assert [one.offer.id for one in choose(inputs=("text", "image")).fitting] == ["acme:deep"]
    ranking = choose(features=("tools", "prompt_cache", "sampling", "images"))
    assert check(ranking, "acme:swift", "feature: tools").verdict == "met"
    assert check(ranking, "bolt:free", "feature: tools").verdict == "missed"
    assert check(ranking, "bolt:dark", "feature: tools").verdict == "unknown"
    assert check(ranking, "acme:swift", "feature: prompt_cache").verdict == "met"
    assert check(ranking, "bolt:free", "feature: prompt_cache").verdict == "unknown"
    assert check(ranking, "bolt:free", "feature: images").verdict == "missed"


def test_features_that_only_the_tables_of_a_provider_know() -> None:
    known = Catalogue([offer("anthropic:claude-opus-5-5"), offer("anthropic:claude-opus-5"), offer("x:y")], [])
    ranking = choose(known, features=("forced_tools", "sampling", "reasoning", "json_schema", "prefill"))
    assert check(ranking, "anthropic:claude-opus-5-5", "feature: forced_tools").verdict == "missed"
    assert check(ranking, "anthropic:claude-opus-5", "feature: forced_tools").verdict == "met"
    assert check(ranking, "anthropic:claude-opus-5", "feature: sampling").verdict == "missed"
    assert check(ranking, "anthropic:claude-opus-5", "feature: reasoning").verdict == "met"
    assert check(ranking, "anthropic:claude-opus-5", "feature: json_schema").verdict == "met"
    assert {one.verdict for one in of(ranking, "x:y").checks if "feature" in one.need} == {"unknown"}


def test_served_until_a_day() -> None:
    assert check(choose(until=date(2026, 12, 31)), "bolt:free", "alive").margin == 0
    late = check(choose(until=date(2027, 1, 1)), "bolt:free", "alive")
    assert (late.verdict, late.margin, late.found) == ("missed", Decimal(-1), "retires 2027-01-01")
    assert check(choose(until=date(2030, 1, 1)), "acme:swift", "alive").found == "no end announced"
    ended = Catalogue([offer("a:gone", retires=DAY), offer("a:new", released=date(2026, 12, 1))], [])
    assert {candidate.missed[0].need for candidate in choose(ended).candidates} == {"alive"}
    doomed = Catalogue([offer("a:doomed", deprecated=date(2026, 10, 1))], [])
    assert check(choose(doomed), "a:doomed", "alive").verdict == "met"
    assert check(choose(doomed, until=date(2027, 6, 1)), "a:doomed", "alive").verdict == "unknown"


def test_quality_floors_by_benchmark() -> None:
    ranking = choose(quality={"mmlu pro": 75})
    passed = check(ranking, "acme:deep", "quality: mmlu pro")
    assert (passed.verdict, passed.margin, passed.found) == ("met", Decimal("10.5"), "85.5")
    assert check(ranking, "acme:swift", "quality: mmlu pro").margin == -5
    assert check(ranking, "bolt:free", "quality: mmlu pro").verdict == "unknown"
    assert names(ranking)[0] == "acme:deep"


def test_latency_is_unknown_until_somebody_measured_it() -> None:
    assert {check(choose(latency="interactive"), name, "latency: speed").verdict for name in SMALL.offers} == {
        "unknown"
    }
    seen = {"acme:swift": Measured(0.4, 90, "my ledger", DAY), "acme:deep": Measured(1.5)}
    ranking = choose(measured=seen, latency="interactive")
    first = check(ranking, "acme:swift", "latency: first token")
    assert (first.verdict, first.margin, first.source) == ("met", Decimal("0.6"), "my ledger")
    assert check(ranking, "acme:swift", "latency: speed").margin == 60
    assert check(ranking, "acme:deep", "latency: first token").margin == Decimal("-0.5")
    assert names(ranking)[0] == "acme:swift"
    assert names(ranking)[-1] == "acme:deep"


def test_vendors() -> None:
    assert {one.offer.vendor for one in choose(vendors=("Acme",)).fitting} == {"acme"}
    assert {one.offer.vendor for one in choose(without=("acme", "local")).fitting} == {"bolt"}
    with pytest.raises(InvalidInput, match="vendors: 'acne' cannot be used; accepted: one of acme, bolt, local"):
        choose(vendors=("acne",))


def test_a_benchmark_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"'mmlupro2' cannot be used; accepted: .*GPQA, MMLU-Pro"):
        choose(quality={"mmlupro2": 1})
    with pytest.raises(InvalidInput, match="benchmark"):
        choose(prefer="speed")


def test_what_is_preferred_orders_what_fits() -> None:
    assert names(choose(prefer="context"))[0] == "acme:deep"
    assert names(choose(prefer="mmlu-pro"))[:2] == ["acme:deep", "acme:swift"]


def test_the_need_that_lets_most_in() -> None:
    ranking = choose(max_month="1", features=("tools",), inputs=("text", "image"), where="anywhere")
    assert ranking.best is None
    assert [(one.need, one.known, one.lets_in, one.nearest.offer.id) for one in ranking.relaxations] == [
        ("price a month", 1, 1, "acme:deep"),
        ("input: image", 0, 2, "local:free"),
    ]
    assert ranking.explanation[1:] == (
        "None of 5 offers meets every need.",
        "Without the need 'price a month' 1 offer fits: the nearest, acme:deep, has $45.00 where at most $1.00 is"
        " wanted.",
        "Without the need 'input: image' 2 offers may fit: the nearest, local:free, has text where image is wanted.",
    )


def test_where_no_single_need_decides_it_says_so() -> None:
    ranking = choose(Catalogue(list(SMALL.offers.values())[:1], []), max_month="1", weights="open")
    assert ranking.relaxations == ()
    assert ranking.explanation[-1] == (
        "No single need decides: the nearest, acme:swift, misses 2 (price a month, weights)."
    )


def test_the_trade_in_plain_words() -> None:
    ranking = choose(weights="closed", quality={"MMLU-Pro": 60})
    assert ranking.explanation == (
        "Costs are for 100 calls a day of 1,000 tokens in and 500 out, in a month of 30 days.",
        "acme:swift at $9.00 a month is the cheapest of 2 offers that meet every need, of 5.",
        "acme:deep: 5 times the price of acme:swift ($45.00 a month), 872,000 tokens more context, 15.5 points more on"
        " MMLU-Pro.",
    )


def test_one_model_is_traded_once_and_unknowns_are_counted() -> None:
    ranking = choose(features=("prompt_cache",), traffic=Traffic(1_000, 500, 100, cached=0.5, batch=0.1))
    assert "50% of the input read from the cache, 10% of the calls in batches" in ranking.explanation[0]
    assert "acme:swift at" in ranking.explanation[1]
    assert "is the only one of 5 offers that meets every need" in ranking.explanation[1]
    assert ranking.explanation[-1] == "Not known of 4 that miss no need: feature: prompt_cache (4)."


def test_an_empty_catalogue_and_one_of_unknowns() -> None:
    assert "The catalogue has no offers." in choose(Catalogue([], [])).explanation
    dark = choose(Catalogue([offer("bolt:dark", model=FREE)], []), max_month=5)
    assert "Nothing is known to meet every need. bolt:dark at an unknown price comes nearest" in dark.explanation[1]
    assert "price a month is not known" in dark.explanation[1]


money = st.decimals("0", "100", places=2)
catalogues = st.lists(
    st.tuples(money, money, st.integers(1_000, 10**6), st.booleans(), st.sampled_from([True, False, None])),
    max_size=12,
).map(
    lambda rows: Catalogue(
        [
            offer(
                f"v{place % 3}:m{place}",
                prices(rates(str(row[0]), str(row[1]))) if row[3] else None,
                context=row[2],
                tools=row[4],
            )
            for place, row in enumerate(rows)
        ],
        [],
    )
)
wants = st.fixed_dictionaries(
    {},
    optional={
        "max_month": st.integers(0, 100).map(str),
        "context": st.integers(1, 10**6),
        "headroom": st.floats(0, 2),
        "features": st.sampled_from([("tools",), ("tools", "json_schema")]),
        "where": st.sampled_from(["anywhere", "self-hostable"]),
        "region": st.just("eu"),
    },
)
STRICTER: list[dict[str, Any]] = [
    {"max_month": "0"},
    {"context": 10**7},
    {"features": ("tools", "json_schema", "reasoning")},
    {"until": date(2031, 1, 1)},
    {"where": "here"},
    {"latency": "interactive"},
    {"inputs": ("text", "audio")},
]


@given(catalogues, wants, st.data())
def test_a_cheaper_offer_never_ranks_below_an_equal_one(catalogue: Catalogue, needs: Any, data: Any) -> None:
    priced = [one for one in catalogue.offers.values() if one.prices]
    if not priced:
        return
    chosen = data.draw(st.sampled_from(priced))
    standard = chosen.prices[0].rates()
    cheaper = replace(
        chosen, id=f"{chosen.provider}:zzz", prices=(prices(rates(str(standard.input / 2), str(standard.output))),)
    )
    ranked = names(choose(Catalogue([*catalogue.offers.values(), cheaper], []), **needs))
    assert standard.input == 0 or ranked.index(cheaper.id) < ranked.index(chosen.id)


@given(catalogues, wants, st.sampled_from(STRICTER))
def test_a_stricter_need_never_lets_anything_in(catalogue: Catalogue, needs: Any, more: dict[str, Any]) -> None:
    def standing(ranking: Ranking) -> dict[str, bool | None]:
        return {candidate.offer.id: candidate.fits for candidate in ranking.candidates}

    before, after = standing(choose(catalogue, **needs)), standing(choose(catalogue, **{**needs, **more}))
    for name, fits in after.items():
        assert fits is not True or before[name] is True
        assert fits is False or before[name] is not False


@given(catalogues, wants)
def test_groups_come_in_order_and_the_order_is_always_the_same(catalogue: Catalogue, needs: Any) -> None:
    ranking = choose(catalogue, **needs)
    groups = [{True: 0, None: 1, False: 2}[candidate.fits] for candidate in ranking.candidates]
    assert groups == sorted(groups)
    backwards = Catalogue(reversed(list(catalogue.offers.values())), [])
    assert names(choose(backwards, **needs)) == names(ranking)
