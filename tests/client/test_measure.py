"""Embedding and counting: receipts, retries and limits, and models that cannot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiapp import testing, track
from aiapp.client.client import Client
from aiapp.client.limits import Concurrency, RateLimit
from aiapp.client.retry import Retry
from aiapp.core.embeddings import Embeddings, Vectors
from aiapp.core.errors import InvalidInput, NotHonoured, ProviderError, RateLimited, TimedOut, Unavailable
from aiapp.core.request import Request, Settings
from aiapp.core.usage import Usage
from aiapp.providers.counting import Count
from aiapp.providers.openai.embeddings import MOST_TEXTS
from aiapp.providers.registry import open_provider
from aiapp.testing import Cassette, ScriptedModel, WireServer, faults

QUICK = Retry(attempts=2, first_wait=0.001)


class Embedder(ScriptedModel):
    """Embeds a text as its length and its words; is busy as often as it is told to."""

    def __init__(self, busy: int = 0, *, free: bool = True, seconds: float = 0.0) -> None:
        super().__init__("x", free=free)
        self.busy, self.seconds = busy, seconds
        self.now = self.most = 0

    async def aembed(self, texts: Sequence[str], dimensions: int | None) -> Vectors:
        if self.busy:
            self.busy -= 1
            raise RateLimited("busy", provider="scripted", model="scripted", status=429)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        vectors = [[float(len(text)), float(len(text.split()))][:dimensions] for text in texts]
        return Vectors(vectors, "embedder-1", Usage(sum(len(text.split()) for text in texts), 0), "req_1")

    def count_tokens(self, request: Request) -> Count:
        return Count("scripted", 1, False, "a guess")

    async def acount_tokens(self, request: Request) -> Count:
        if self.busy:
            self.busy -= 1
            raise RateLimited("busy", provider="scripted", model="scripted")
        return Count("scripted", len(request.messages[0].text) + (request.settings.max_tokens or 0), True, "counted")


def test_vectors_come_with_a_receipt() -> None:
    embedded = Client(provider=Embedder()).embed(["a b", "c"])
    assert embedded.vectors == [[3.0, 2.0], [1.0, 1.0]]
    assert embedded.dimensions == 2
    receipt = embedded.receipt
    assert (receipt.usage, receipt.cost, receipt.request_id, receipt.served) == (
        Usage(3, 0),
        Decimal(0),
        "req_1",
        "embedder-1",
    )
    assert receipt.payload == {"input": ["a b", "c"]}
    assert Client(provider=Embedder(free=False)).embed(["a"]).receipt.cost is None
    assert Client(provider=Embedder()).embed(["a"], dimensions=1).dimensions == 1


def test_the_receipt_shows_what_was_sent_for_the_vectors(tmp_path: Path) -> None:
    with WireServer(testing.Vectors(((1.0,),))) as server:
        hosted = open_provider("openai:e-1", api_key="k", base_url=server.url)
        receipts = [
            Client(provider=one).embed(["a"], dimensions=1).receipt
            for one in (hosted, Cassette(tmp_path / "a.json", hosted, mode="record"))
        ]
        sent = [request.body for request in server.requests]
    assert [receipt.payload for receipt in receipts] == sent
    assert sent[0] == {"model": "e-1", "input": ["a"], "encoding_format": "base64", "dimensions": 1}


def test_dimensions_may_be_counted_by_numpy() -> None:
    dimensions: Any = np.int64(1)
    payload = Client(provider=Embedder()).embed(["a"], dimensions=dimensions).receipt.payload
    assert json.dumps(payload) == '{"input": ["a"], "dimensions": 1}'


def test_embedding_is_tried_again_and_logged() -> None:
    receipt = Client(provider=Embedder(busy=1), retry=QUICK).embed(["a"]).receipt
    assert [(one.error, one.status) for one in receipt.attempts] == [("RateLimited", 429), (None, None)]
    with pytest.raises(RateLimited):
        Client(provider=Embedder(busy=2), retry=QUICK).embed(["a"])


def test_embedding_obeys_limits_and_timeouts() -> None:
    model, gate = Embedder(seconds=0.01), Concurrency(2)
    client = Client(provider=model, concurrency=gate)

    async def many() -> dict[str, float]:
        embedded = await asyncio.gather(*(client.aembed(["a"]) for _ in range(6)))
        return dict(embedded[-1].receipt.timing.stages)

    assert asyncio.run(many())["queue"] > 0
    assert model.most == 2
    with pytest.raises(TimedOut):
        Client(provider=Embedder(seconds=5), timeout=0.02, retry=Retry(attempts=1)).embed(["a"])


def several(count: int, *answers: Any) -> tuple[Embeddings | ProviderError, list[Any]]:
    """Of more texts than one request may hold."""
    with (
        WireServer(list(answers)) as server,
        Client("openai:text-embedding-3-small", api_key="k", base_url=server.url, retry=QUICK) as client,
    ):
        try:
            return client.embed([str(number) for number in range(count)]), server.requests
        except ProviderError as error:
            return error, server.requests


VECTOR = testing.Vectors(((1.0, 0.0),), input_tokens=1000)


def test_where_one_request_cannot_hold_the_texts_each_is_tried_on_its_own() -> None:
    embedded, requests = several(MOST_TEXTS + 2, VECTOR, faults.Status(500), VECTOR)
    assert [len(request.body["input"]) for request in requests] == [MOST_TEXTS, 2, 2]
    assert isinstance(embedded, Embeddings)
    assert len(embedded.vectors) == MOST_TEXTS + 2
    receipt = embedded.receipt
    assert [attempt.status for attempt in receipt.attempts] == [None, 500, None]
    assert embedded.usage.input_tokens == receipt.usage.input_tokens == 2000
    assert sum(line.count or 0 for line in receipt.invoice.lines) == 2000
    assert receipt.cost is not None


def test_what_was_embedded_before_a_failure_is_on_its_bill() -> None:
    with track() as tracked:
        error, _ = several(MOST_TEXTS + 2, VECTOR, *[faults.Status(500)] * 2)
    assert isinstance(error, Unavailable)
    assert error.receipt is not None
    assert sum(line.count or 0 for line in error.receipt.invoice.lines) == 1000
    assert error.receipt.cost is None
    (call,) = tracked.calls
    assert (call.error, call.invoice, call.attempts) == ("Unavailable", error.receipt.invoice, error.receipt.attempts)


def test_a_limit_of_tokens_is_corrected_by_what_vectors_took() -> None:
    async def never(seconds: float) -> None:
        raise AssertionError(f"waited {seconds} seconds")

    limit = RateLimit(tokens=1000, sleep=never)
    client = Client(provider=Embedder(), rate_limit=limit)
    receipts = [client.embed(["wordy" * 700]).receipt for _ in range(5)]  # 875 tokens by characters, 1 by words
    assert all("queue" not in dict(receipt.timing.stages) for receipt in receipts)


def test_the_end_of_a_text_that_is_not_read_is_a_warning() -> None:
    long = "The reading room opens at nine. " * 60
    embedded = Client("local").embed(["short", long, "short", long])
    (warning,) = embedded.warnings
    assert warning.field == "texts"
    assert warning.reason.endswith("by their places: 1, 3")
    assert embedded.receipt.changes == embedded.changes == (warning,)
    with pytest.raises(NotHonoured, match="160 pieces"):
        Client("local", strict=True).embed([long])
    assert Client("local", strict=True).embed(["short"]).warnings == ()


def test_tokens_are_counted_with_the_clients_settings() -> None:
    client = Client(provider=Embedder(busy=1), retry=QUICK, settings=Settings(max_tokens=10))
    assert client.count_tokens("four") == Count("scripted", 14, True, "counted")


def test_a_model_that_cannot_says_so() -> None:
    client = Client(provider=ScriptedModel("x"))
    with pytest.raises(InvalidInput, match="embeds"):
        client.embed(["a"])
    with pytest.raises(InvalidInput, match="counts tokens"):
        client.count_tokens("a")


def test_wrong_input_is_named() -> None:
    client = Client(provider=Embedder())
    with pytest.raises(InvalidInput, match="texts"):
        client.embed("one text")
    with pytest.raises(InvalidInput, match="dimensions"):
        client.embed(["a"], dimensions=0)


def test_nothing_is_sent_where_there_is_no_text() -> None:
    embedded = Client(provider=Embedder(busy=9)).embed([])
    assert (embedded.dimensions, embedded.receipt.attempts, embedded.usage) == (0, (), Usage(0, 0))
