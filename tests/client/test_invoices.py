"""What a call is billed, from the bytes of the provider to the receipt, with the packaged catalogue's prices."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.prices import Rates
from aiapp.client.cache import Cache, MemoryCache
from aiapp.client.call import Call
from aiapp.client.client import Client
from aiapp.client.receipt import response_of
from aiapp.core.errors import ConnectionFailed
from aiapp.core.events import Completion
from aiapp.core.request import Request, Settings
from aiapp.core.usage import Usage
from aiapp.providers.registry import open_provider
from aiapp.testing import Said, Vectors, WireServer, faults
from aiapp.testing.replies import Answer
from aiapp.tracking.tracker import track

OPENAI, ANTHROPIC, EMBEDDER = "openai:gpt-6-sol", "anthropic:claude-opus-5-5", "openai:text-embedding-3-small"
USAGE = Usage(9000, 500, 4000, 3000, 320, long_cache_write_tokens=1000)


@contextmanager
def asking(model: str, *script: Answer, cache: Cache | None = None) -> Generator[Client]:
    """A client of a hosted model that answers from a script, over HTTP."""
    with WireServer([*script]) as server, Client(model, api_key="k", base_url=server.url, cache=cache) as client:
        yield client


def rates_of(model: str, tier: str = "standard") -> Rates:
    offer = catalogue().find(model)
    assert offer is not None
    prices = offer.price(datetime.now(UTC))
    assert prices is not None
    found = prices.rates(0, tier)
    assert found is not None
    return found


def expected(model: str) -> Decimal:
    """2,000 plain, 4,000 cached, 2,000 written and 1,000 written for long, and 500 out."""
    rates = rates_of(model)
    known = (rates.input, rates.cache_read, rates.cache_write, rates.cache_write_long, rates.output)
    counts = (2000, 4000, 2000, 1000, 500)
    return (
        sum((rate * count for rate, count in zip(known, counts, strict=True) if rate is not None), Decimal(0)) / 10**6
    )


def test_a_call_and_a_stream_cost_the_same() -> None:
    for model in (OPENAI, ANTHROPIC):
        said = Said("Paris", usage=USAGE, model=model.partition(":")[2])
        with asking(model, said, said) as client:
            whole = client.complete("Capital?").receipt
            stream = client.stream("Capital?")
            assert "".join(stream.text()) == "Paris"
            assert whole.cost == stream.response.receipt.cost == expected(model), model
            assert whole.tier == "standard"
            assert whole.invoice == stream.response.receipt.invoice


def test_a_stream_that_breaks_off_costs_at_least_what_was_reported() -> None:
    said = Said("word " * 100, usage=USAGE, model="claude-opus-5-5")
    with asking(ANTHROPIC, faults.Truncated(said, 1500)) as client, track() as run:
        with pytest.raises(ConnectionFailed, match="broke off"):
            list(client.stream("Capital?"))
        (call,) = run.calls
        output = rates_of(ANTHROPIC).output
        assert output is not None
        assert (call.finish, call.cost) == (None, None)
        assert call.invoice is not None
        assert call.invoice.at_least == expected(ANTHROPIC) - 500 * output / 10**6 > 0
        assert "a call ended with ConnectionFailed before its usage was told in full" in call.invoice.unknown


def test_every_attempt_at_an_answer_of_a_type_is_billed() -> None:
    """An answer that did not fit was paid for, too."""
    wrong, right = (
        Said(text, usage=Usage(1000, 10, 0, 0), model="gpt-6-sol") for text in ("no number", '{"value": 7}')
    )
    with asking(OPENAI, wrong, right) as client:
        response = client.complete("How many?", output=int)
        assert response.output == 7
        rates = rates_of(OPENAI)
        assert rates.input is not None
        assert rates.output is not None
        assert response.receipt.cost == 2 * (1000 * rates.input + 10 * rates.output) / 10**6


def test_embeddings_are_billed_and_nothing_is_nothing() -> None:
    with asking(EMBEDDER, Vectors(((1.0, 0.0),), input_tokens=1500)) as client:
        rate = rates_of(EMBEDDER).input
        assert rate is not None
        assert client.embed(["a", "b"]).receipt.cost == 1500 * rate / 10**6
        assert client.embed([]).receipt.cost == 0


def test_an_answer_from_the_cache_costs_nothing() -> None:
    with asking(OPENAI, Said("Paris", usage=USAGE, model="gpt-6-sol"), cache=MemoryCache()) as client:
        first, second = (client.complete("Capital?").receipt for _ in range(2))
    assert first.cost == expected(OPENAI)
    assert (second.cost, second.usage) == (Decimal(0), first.usage)
    assert {line.source for line in second.invoice.lines} == {"answered from the cache"}


def test_the_tier_is_the_one_that_served() -> None:
    """Flex is asked for, and the answer says that it was the standard tier."""
    request = Request.of("Capital?")
    asked = Request(request.messages, settings=Settings(service_tier="flex"))
    with asking(OPENAI, Said("Paris", usage=USAGE, model="gpt-6-sol")) as client:
        receipt = client.complete(asked).receipt
        assert receipt.payload["service_tier"] == "flex"
        assert (receipt.tier, receipt.cost) == ("standard", expected(OPENAI))


def test_a_tier_that_was_asked_for_and_not_confirmed_is_unknown() -> None:
    asked = Request(Request.of("hi").messages, settings=Settings(service_tier="flex"))
    said = Completion("gpt-6-sol", (), None, Usage(1000, 10, 0, 0))
    for request, tier, unknown in ((asked, None, True), (asked, "flex", False), (Request.of("hi"), None, False)):
        call = Call(request, open_provider(OPENAI, api_key="k"))
        receipt = response_of(replace(said, tier=tier), call).receipt
        assert (receipt.cost is None) == unknown, (tier, receipt.invoice.unknown)
    assert receipt.tier is None


def test_what_is_free_is_free() -> None:
    receipt = Client("local").complete("Passage:\nIt is red.\n\nQuestion: What is it?").receipt
    assert receipt.cost == 0
    assert {line.source for line in receipt.invoice.lines} == {"runs on this machine"}
