"""The same bills by genai-prices, on 1,000 random usages of offers that both know.

Where we say otherwise, it is on purpose, and said here: `UNKNOWN` for what we do not take as known, `OTHER_PRICES` for
offers of which the two packages that the catalogue is built from give different prices (it says why, in its own list).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from tomllib import loads
from typing import Any

import pytest
from genai_prices import Usage as TheirUsage
from genai_prices.data import providers as their_providers
from genai_prices.types import ModelInfo, ModelPrice, Provider

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import STANDARD, PriceList, Rates, Step
from aiapp.core.invoice import Invoice
from aiapp.core.usage import Usage
from aiapp.tracking.billing import bill

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CASES = 1000
CONTEXTS: dict[str, dict[str, str]] = {
    STANDARD: {},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"speed": "fast"},
}
RATES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_long": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
}
UNKNOWN = {
    "no rate is known for cached input tokens": "they bill cached tokens without a rate as plain input",
    "no rate is known for cache writes": "they bill written tokens without a rate as plain input",
    "no rate is known for cache writes, kept long": "they bill the longer lifetime without a rate as the shorter one",
    "no rate is known for input tokens": "they bill tokens without any rate at 0",
    "no rate is known for output tokens": "they bill tokens without any rate at 0",
}
OTHER_PRICES = {
    "anthropic:claude-sonnet-4-5": "genai-prices keeps a step that Anthropic ended",
    "azure:*": "genai-prices has OpenAI's prices, of searches above all, for Azure's",
    "deepseek:*": "the two differ in names that DeepSeek retired",
    "groq:openai/gpt-oss-safeguard-20b": "genai-prices rounds a cache read to a tenth of a cent",
    "litellm:bedrock/*": "genai-prices means a regional profile, which costs a tenth more, by the plain name",
    "litellm:perplexity/*": "genai-prices adds a fee for each request",
    "litellm:vertex_ai/*": "genai-prices has Google's own prices for Vertex",
    "mistral:*": "the two date Mistral's moving names differently",
    "openai:gpt-4.1*": "litellm has an older price of a search, $0.025",
    "openai:gpt-4o-mini*": "litellm has an older price of a search, $0.025",
    "openai:gpt-4o-search-preview*": "genai-prices adds a fee for each request",
    "openai:gpt-5.6-cyber": "the two differ in the size of the step",
    "together:Qwen/Qwen3.7-Max": "neither package says why",
    "xai:*": "genai-prices begins a step at 200,000 tokens, litellm with the first token above",
}


@dataclass(frozen=True)
class Pair:
    """An offer of ours, and the model that genai-prices means by its name."""

    offer: Offer
    provider: Provider
    model: ModelInfo


@dataclass(frozen=True)
class Case:
    """What was used of one offer."""

    pair: Pair
    tier: str
    usage: Usage

    @property
    def name(self) -> str:
        return f"{self.pair.offer.id} ({self.tier}): {self.usage}"


@cache
def pairs() -> list[Pair]:
    """Every offer of the catalogue that genai-prices has a model for, save those with prices for hours of the day."""
    vendors = loads((files("aiapp.catalog.builder") / "vendors.toml").read_text(encoding="utf-8"))
    known = {provider.id: provider for provider in their_providers}
    found = list[Pair]()
    for offer in catalogue().offers.values():
        provider = known.get(vendors.get(offer.vendor, {}).get("genai", ""))
        name = offer.id.partition(":")[2].removeprefix(f"{offer.vendor}/")
        model = None if provider is None else provider.find_model(name)
        by_the_hour = any(prices.hours for prices in offer.prices)
        if provider is not None and model is not None and offer.price(NOON) is not None and not by_the_hour:
            found.append(Pair(offer, provider, model))
    return found


def cases() -> Iterator[Case]:
    """Random ones, for ever; the same in each run."""
    random_ = random.Random(20261121)
    while True:
        pair = random_.choice(pairs())
        prices = pair.offer.price(NOON)
        assert prices is not None
        tiers = [tier for tier in CONTEXTS if tier in prices.tiers and (tier == STANDARD or varies(pair.model, tier))]
        if tiers:
            tier = random_.choice(tiers)
            yield Case(pair, tier, drawn(random_, pair, prices, tier))


def varies(model: ModelInfo, tier: str) -> bool:
    """Whether they have a price of its own for a tier now."""
    return any(
        one.when == CONTEXTS[tier] and (one.constraint is None or one.constraint.active(NOON))
        for one in model.price_variants or ()
    )


def drawn(random_: random.Random, pair: Pair, prices: PriceList, tier: str) -> Usage:
    """Of any size, often just at a step; written to the cache only where that has a price."""
    steps = [step.above for step in prices.tiers[tier] if step.above]
    total = random_.choice([int(10 ** random_.uniform(0, 6)), *steps, *(above + 1 for above in steps)])
    output = int(10 ** random_.uniform(0, 5))
    rates = prices.rates(total, tier)
    assert rates is not None
    cached = random_.randint(0, total) if rates.cache_read is not None or random_.random() < 0.1 else 0
    written = random_.randint(0, total - cached) if rates.cache_write is not None else 0
    long = random_.randint(0, written) if rates.cache_write_long is not None and anthropic(prices) else 0
    searched = "web_search" in prices.uses and their_search(pair.model.get_prices(NOON)) is not None
    searches = random_.randint(0, 3) if searched else 0
    return Usage(
        total,
        output,
        cached,
        written,
        random_.randint(0, output),
        long_cache_write_tokens=long,
        uses={"web_search": searches} if searches else {},
    )


def anthropic(prices: PriceList) -> bool:
    """Whether the longer lifetime is an hour: they do not know OpenAI's 12."""
    return "claude" in prices.source


def theirs(case: Case) -> Decimal:
    """The bill by genai-prices."""
    usage = case.usage
    counts: Mapping[str, int | None] = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.long_cache_write_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
        "web_searches": usage.uses.get("web_search", 0),
    }
    return case.pair.model.calc_price(
        TheirUsage(**counts),
        case.pair.provider,
        genai_request_timestamp=NOON,
        price_context=CONTEXTS[case.tier] or None,
    ).total_price


def ours(case: Case, offer: Offer) -> Invoice:
    """The bill by us, of an offer's prices."""
    return bill(case.usage, offer.id, {offer.id: offer}.get, at=NOON, tier=case.tier)


def with_their_prices(case: Case) -> Offer:
    """The offer with the prices that genai-prices has for the tier."""
    prices = case.pair.model.get_prices(NOON, CONTEXTS[case.tier] or None)
    said = {rate: price for rate, key in RATES.items() if (price := getattr(prices, key)) is not None}
    places = sorted({0, *(tier.start for price in said.values() for tier in getattr(price, "tiers", ()))})
    steps = tuple(Step(above, Rates(**{rate: at(price, above) for rate, price in said.items()})) for above in places)
    search = their_search(prices)
    uses = {} if search is None else {"web_search": search / 1000}
    listed = PriceList({case.tier: steps}, "genai-prices", NOON.date(), uses=uses)
    return Offer(case.pair.offer.id, case.pair.offer.vendor, "genai-prices", NOON.date(), prices=(listed,))


def at(price: Any, above: int) -> Decimal:
    """The price of a request that is larger than a step's beginning."""
    if isinstance(price, Decimal):
        return price
    reached: list[Decimal] = [tier.price for tier in price.tiers if tier.start <= above]
    return reached[-1] if reached else price.base


def allowed(invoice: Invoice) -> str:
    """The deliberate deviation that leaves an invoice without a total; a reason that is not listed fails."""
    reasons = [why for reason in invoice.unknown for said, why in UNKNOWN.items() if reason.startswith(said)]
    assert len(reasons) >= len(invoice.unknown), invoice.unknown
    return reasons[0]


def their_search(prices: ModelPrice) -> Decimal | None:
    """What they take for a thousand searches."""
    price: Decimal | None = getattr(prices, "web_searches_kcount", None)
    return price


def per_request(prices: ModelPrice) -> bool:
    """Whether they add what none of our price lists can say."""
    return getattr(prices, "requests_kcount", None) is not None


pytestmark = pytest.mark.skipif(version("genai-prices") != "0.2.3", reason="the deviations are those of 0.2.3")


def test_the_same_prices_make_the_same_bill() -> None:
    """The arithmetic: with genai-prices' own rates, steps and tiers, the same to the last digit."""
    agreed, deviations = 0, Counter[str]()
    for case in cases():
        if per_request(case.pair.model.get_prices(NOON)):
            continue
        invoice = ours(case, with_their_prices(case))
        if invoice.total is None:
            deviations[allowed(invoice)] += 1
            continue
        assert invoice.total == theirs(case), case.name
        agreed += 1
        if agreed == CASES:
            break
    assert sum(deviations.values()) < CASES / 4, deviations


def test_the_catalogue_makes_the_same_bill_wherever_both_know_the_price() -> None:
    """The whole way: the packaged catalogue's prices, against genai-prices."""
    agreed, compared, deviations = 0, 0, Counter[str]()
    for case in cases():
        invoice = ours(case, case.pair.offer)
        if invoice.total is None:
            deviations[allowed(invoice)] += 1
            continue
        compared += 1
        if invoice.total == theirs(case):
            agreed += 1
        else:
            known = [why for pattern, why in OTHER_PRICES.items() if fnmatchcase(case.pair.offer.id, pattern)]
            assert known, f"{case.name}\nours {invoice.total}, theirs {theirs(case)}"
            deviations[known[0]] += 1
        if compared == CASES:
            break
    assert agreed > 0.75 * compared, deviations
