"""The packaged catalogue: what is in it, and how a name finds its offer."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from aiapp.catalog.catalogue import Catalogue, catalogue
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import Rates
from aiapp.core.errors import UnknownModel

TODAY = date(2026, 11, 21)


def rates(name: str, tokens: int = 0, tier: str = "standard") -> Rates:
    prices = catalogue().offer(name).price(TODAY)
    assert prices is not None
    found = prices.rates(tokens, tier)
    assert found is not None
    return found


def test_it_holds_what_it_promises() -> None:
    alive = [offer for offer in catalogue().offers.values() if offer.alive(TODAY) and offer.price(TODAY)]
    assert len(alive) >= 150
    assert len({offer.vendor for offer in alive}) >= 12


def test_every_offer_is_found_by_its_id_and_by_each_alias() -> None:
    known = catalogue()
    for name, offer in known.offers.items():
        assert known.find(name) is offer
        assert offer.id == name
        assert all(known.find(f"{offer.provider}:{alias}") is offer for alias in offer.aliases)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("openai:gpt-6-sol", "openai:gpt-6-sol"),
        ("openai:gpt-6-sol-2026-10-01", "openai:gpt-6-sol"),
        ("openai-chat:gpt-6-sol", "openai:gpt-6-sol"),
        ("litellm:openai/gpt-6-sol", "openai:gpt-6-sol"),
        ("anthropic:claude-haiku-4-5-20251001", "anthropic:claude-haiku-4-5"),
        ("anthropic:claude-opus-5-5-20261101", "anthropic:claude-opus-5-5"),
        ("litellm:groq/openai/gpt-oss-120b", "groq:openai/gpt-oss-120b"),
    ],
)
def test_snapshots_and_other_ways_find_the_same_offer(name: str, found: str) -> None:
    assert catalogue().offer(name).id == found


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("gpt-6-sol", "openai:gpt-6-sol"),
        ("gpt-6-soll", "openai:gpt-6-sol"),
        ("opnai:gpt-6-sol", "openai:gpt-6-sol"),
        ("openai:gpt-6-soll", "openai:gpt-6-sol"),
        ("claude-opus-5-5", "anthropic:claude-opus-5-5"),
        ("gemini-3.8-flash", "litellm:gemini/gemini-3.8-flash"),
        ("openai:claude-opus-5-5", "anthropic:claude-opus-5-5"),
    ],
)
def test_an_unknown_name_is_told_what_is_nearest(name: str, suggested: str) -> None:
    with pytest.raises(UnknownModel) as failed:
        catalogue().offer(name)
    assert failed.value.accepted.split(" or ")[0].split(",")[0] == suggested
    assert catalogue().find(name) is None


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("openai:gpt-9", "openai:gpt-6"),
        ("openai:gpt-3", "openai:gpt-6"),
        ("gpt-7", "openai:gpt-6"),
        ("anthropic:claude-opus-9", "anthropic:claude-opus-5-5"),
        ("mistral:mistral-large-9", "mistral:mistral-large-4"),
    ],
)
def test_what_is_suggested_will_last_and_is_the_newest_of_its_kind(name: str, suggested: str) -> None:
    known, today = catalogue(), date(2026, 11, 21)
    near = known.nearest(name, today)
    assert near[0].startswith(suggested)
    assert all(known.offers[one].lasts(today) for one in near)
    with pytest.raises(UnknownModel, match=re.escape(suggested)):
        known.offer(name)


def test_where_all_that_is_near_ends_it_is_named_all_the_same() -> None:
    ending = Offer("acme:one", "acme", "by hand", date(2026, 11, 1), retires=date(2027, 1, 1))
    assert Catalogue([ending], []).nearest("acme:oen", date(2026, 11, 21)) == ["acme:one"]


def test_nothing_near_is_said_without_a_guess() -> None:
    with pytest.raises(UnknownModel, match="accepted: an offer that `aiapp models` lists"):
        catalogue().offer("zzzzzzzz:qqqqqqqq")


def test_a_threshold_is_a_cliff_for_every_rate_and_tier() -> None:
    assert rates("openai:gpt-6-sol", 272_000).input == Decimal(2)
    over = rates("openai:gpt-6-sol", 272_001)
    assert (over.input, over.output, over.cache_read, over.cache_write, over.cache_write_long) == (
        Decimal(4),
        Decimal(15),
        Decimal("0.4"),
        Decimal(5),
        Decimal(10),
    )
    assert rates("openai:gpt-6-sol", 272_001, "flex").output == Decimal("7.5")
    assert rates("openai:gpt-6.1-sol", 272_001, "ultrafast").output == Decimal(90)
    assert rates("anthropic:claude-haiku-5-5", 100_001).cache_read == Decimal("0.05")


def test_speed_is_a_tier_and_where_it_was_served_is_a_factor() -> None:
    prices = catalogue().offer("anthropic:claude-opus-5-5").price(TODAY)
    assert prices is not None
    assert prices.factors == {"us": Decimal("1.1")}
    assert prices.uses["web_search"] == Decimal("0.01")
    assert rates("anthropic:claude-opus-5-5", tier="fast").output == Decimal(40)
    assert rates("anthropic:claude-opus-5-5", tier="batch").cache_write_long == Decimal(4)


def test_a_price_is_that_of_its_day() -> None:
    offer = catalogue().offer("openai:gpt-5.6-sol")
    before, after = offer.price(date(2026, 8, 20)), offer.price(date(2026, 8, 21))
    assert before is not None
    assert after is not None
    assert (before.tiers["standard"][0].rates.input, after.tiers["standard"][0].rates.input) == (Decimal(5), Decimal(4))


@pytest.mark.parametrize(
    ("moment", "paid"),
    [
        (datetime(2026, 11, 18, 2, tzinfo=UTC), "1.32"),
        (datetime(2026, 11, 18, 4, tzinfo=UTC), "0.66"),
        (datetime(2026, 11, 18, 23, 59), "0.66"),
        (datetime(2026, 11, 21, 2, tzinfo=UTC), "0.66"),
        (date(2026, 11, 21), "1.32"),
    ],
)
def test_off_peak_hours_are_cheaper_where_the_hour_is_known(moment: date, paid: str) -> None:
    prices = catalogue().offer("deepseek:deepseek-v4-pro").price(moment)
    assert prices is not None
    assert prices.tiers["standard"][0].rates.input == Decimal(paid)


@pytest.mark.parametrize(
    ("name", "retires"),
    [
        ("openai:gpt-5", date(2026, 12, 11)),
        ("openai:gpt-5-mini", date(2026, 12, 11)),
        ("openai:gpt-5-nano", date(2026, 12, 11)),
        ("openai:o3", date(2026, 12, 11)),
        ("openai:gpt-4o", date(2027, 1, 14)),
        ("openai:gpt-4o-mini", date(2027, 1, 14)),
        ("openai:gpt-4.1", date(2027, 1, 14)),
        ("openai:gpt-4.1-mini", date(2027, 1, 14)),
        ("openai:gpt-4.1-nano", date(2026, 10, 23)),
        ("openai:o4-mini", date(2026, 10, 23)),
        ("openai:o3-mini", date(2026, 10, 23)),
        ("openai:gpt-4", date(2026, 10, 23)),
        ("openai:gpt-3.5-turbo", date(2026, 10, 23)),
        ("anthropic:claude-sonnet-4-5", date(2026, 11, 30)),
    ],
)
def test_models_die_on_their_dates(name: str, retires: date) -> None:
    offer = catalogue().offer(name)
    assert offer.retires == retires
    assert not offer.alive(retires)


def test_no_price_is_made_up() -> None:
    """A tier has a price for input, none is 0 for everything, steps rise, and every list says where it is from."""
    for offer in catalogue().offers.values():
        for prices in offer.prices:
            assert prices.source
            assert prices.as_of <= TODAY
            for steps in prices.tiers.values():
                assert [step.above for step in steps] == sorted({step.above for step in steps})
                assert steps[0].above == 0
                assert steps[0].rates.input is not None
                assert steps[0].rates.input > 0 or (steps[0].rates.output or 0) > 0


def test_the_bundled_model_is_free_and_open() -> None:
    offer = catalogue().offer("local")
    assert (offer.free, offer.open, offer.prices) == (True, True, ())


def test_a_catalogue_of_ones_own_needs_no_file() -> None:
    offer = Offer("vllm:my-model", "me", "our contract", TODAY, aliases=("mine",))
    known = Catalogue([offer], [])
    assert known.find("vllm:mine") is offer
    assert known.find("openai:gpt-6-sol") is None


def test_finding_one_offer_reads_one_vendors_file() -> None:
    program = (
        "import json; from aiapp.catalog import shelves; read = []; whole = shelves.read_rows\n"
        "shelves.read_rows = lambda file: (read.append(file.name), whole(file))[1]\n"
        "from aiapp.catalog.catalogue import catalogue\n"
        "catalogue().find('anthropic:claude-opus-5-5'); print(sorted(read))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "['anthropic.json', 'models.json']"
