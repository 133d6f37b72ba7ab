"""The most that a try may take: never below what it is then billed, for every hosted offer that has a price."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import File, Image, Message, Request, Settings, Tool, ToolCall, ToolResult, assistant, user
from aiapp.catalog.catalogue import catalogue
from aiapp.client.bounds import IMAGE_TOKENS, Bound, bound
from aiapp.core.parts import Part
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Prepared
from aiapp.providers.registry import open_provider
from aiapp.testing import ScriptedModel
from aiapp.tracking.billing import bill
from aiapp.transformer.model import Transformer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRICED = [offer.id for offer in catalogue().offers.values() if offer.price(NOW) and not offer.free]
OPENAI = "openai:gpt-6-sol"


class Named(ScriptedModel):
    """Stands in for any offer."""

    def __init__(self, offer: str) -> None:
        super().__init__("x", free=False)
        self.name, _, self.model = offer.partition(":")


def bound_of(model: str, request: Request) -> Bound:
    provider = open_provider(model, api_key="k")
    return bound(provider, request, provider.prepare(request), NOW)


@given(st.sampled_from(PRICED), st.integers(1, 400_000), st.integers(0, 20_000), st.data())
def test_no_bill_is_above_it(offer: str, heard: int, spoken: int, data: st.DataObject) -> None:
    """Any usage within the bound's tokens, of any kinds, in any region."""
    provider = Named(offer)
    payload = {"text": "x" * heard, "tier": None}
    request = Request((user("x"),), settings=Settings(max_tokens=max(1, spoken), cache="long"))
    most = bound(provider, request, Prepared(payload, most_tokens=spoken), NOW)
    if most.money is None:
        return
    total = data.draw(st.integers(0, most.input_tokens or 0))
    cached = data.draw(st.integers(0, total))
    written = data.draw(st.integers(0, total - cached))
    long = data.draw(st.integers(0, written))
    given_out = data.draw(st.integers(0, spoken))
    thought = data.draw(st.integers(0, given_out))
    usage = Usage(total, given_out, cached, written, thought, long_cache_write_tokens=long)
    region = data.draw(st.sampled_from([None, "us", "eu"]))
    invoice = bill(usage, offer, catalogue().find, at=NOW, region=region)
    assert invoice.at_least <= most.money


@given(st.text(max_size=300))
def test_a_text_has_no_more_tokens_than_the_bound_says(text: str) -> None:
    most = bound_of("local", Request((user(text or "x"),)))
    assert Transformer.load().count_tokens(text) <= (most.input_tokens or 0)
    assert bound_of(OPENAI, Request((user(text or "x"),))).input_tokens is not None


def test_over_a_step_the_dearer_rates_count() -> None:
    short, long = (
        bound_of(OPENAI, Request((user("x" * n),), settings=Settings(max_tokens=10))) for n in (100, 300_000)
    )
    rates = [[(line.rate, line.row.above if line.row else None) for line in one.invoice.lines] for one in (short, long)]
    assert rates == [[(Decimal("2.5"), 0), (Decimal(10), 0)], [(Decimal(5), 272_000), (Decimal(15), 272_000)]]


def test_the_tier_that_is_asked_for_counts_where_it_is_dearer() -> None:
    def costs(tier: str | None) -> Decimal | None:
        return bound_of(OPENAI, Request((user("hi"),), settings=Settings(max_tokens=1000, service_tier=tier))).money

    standard, flex, priority = costs(None), costs("flex"), costs("priority")
    assert standard is not None
    assert flex is not None
    assert priority is not None
    assert flex >= standard
    assert 1.9 < priority / standard < 2.1
    assert costs("nobody-knows-it") is None


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (Image("image/png", b"x" * 10**6), IMAGE_TOKENS),
        (File("text/plain", "a.txt", b"x" * 1000), 1000),
        (File("application/pdf", "a.pdf", b"x" * 1000), 1_050_000),
    ],
)
def test_what_is_attached(part: Part, tokens: int) -> None:
    most = bound_of(OPENAI, Request((user([part]),)))
    assert tokens <= (most.input_tokens or 0) <= tokens + 1000
    call = assistant([ToolCall("1", "look", "{}")])
    result = Message("tool", (ToolResult("1", "x", attachments=(part,)),))  # type: ignore[arg-type]
    assert tokens <= (bound_of(OPENAI, Request((call, result))).input_tokens or 0) <= tokens + 1000


def test_never_more_than_the_context() -> None:
    assert bound_of(OPENAI, Request((user("x" * 2_000_000),))).input_tokens == 1_050_000


def test_a_providers_own_tools_are_not_bounded() -> None:
    own = Request((user("hi"),), (Tool("f", "d", {"type": "object"}),), settings=Settings(max_tokens=9))
    assert bound_of(OPENAI, own).money is not None
    extra = {"tools": [{"type": "web_search"}]}
    most = bound_of(OPENAI, replace(own, settings=Settings(max_tokens=9, extra=extra)))
    assert (most.money, most.tokens) == (None, None)
    assert most.unknown == ("the provider's own tool 'web_search' may read any number of tokens",)


def test_several_answers_count_each() -> None:
    one, three = (
        bound_of("openai-chat:gpt-6-sol", Request((user("hi"),), settings=Settings(max_tokens=100, extra=extra)))
        for extra in ({}, {"n": 3})
    )
    assert (one.output_tokens, three.output_tokens) == (100, 300)
