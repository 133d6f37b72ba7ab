"""Vectors of texts, over the wire."""

from __future__ import annotations

import asyncio
import base64
import json
from array import array
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.core.errors import InvalidResponse
from aiapp.core.usage import Usage
from aiapp.providers.openai.embeddings import MOST_TEXTS, MOST_TOKENS, batches
from aiapp.providers.protocol import Embeds
from tests.providers.openai.wires import chat, responses


def serve(request: httpx2.Request) -> httpx2.Response:
    """A vector of each text's length, given in the wrong order."""
    asked = json.loads(request.content)
    assert request.url.path.endswith("/embeddings")

    def form(text: str) -> Any:
        vector = array("f", [float(len(text)), 0.1])
        return base64.b64encode(vector.tobytes()).decode() if asked["encoding_format"] == "base64" else list(vector)

    data = [{"index": index, "embedding": form(text)} for index, text in enumerate(asked["input"])]
    usage = {"prompt_tokens": len(data), "total_tokens": len(data)}
    return httpx2.Response(200, json={"data": data[::-1], "model": "e-1", "usage": usage})


@pytest.mark.parametrize("count", [1, 3, MOST_TEXTS + 5])
def test_vectors_keep_the_order_of_the_texts(count: int) -> None:
    texts = ["x" * (index % 7) for index in range(count)]
    got = Client(provider=responses(serve)).embed(texts)
    assert [vector[0] for vector in got.vectors] == [float(len(text)) for text in texts]
    assert got.vectors[0][1] == array("f", [0.1])[0]
    assert (got.model, got.usage) == ("e-1", Usage(count, 0))


def test_no_texts_are_no_request() -> None:
    assert list(responses(serve).batches([])) == []


def test_numbers_and_base64_are_the_same_vectors() -> None:
    one, other = responses(serve), chat(serve, "mistral")
    assert isinstance(one, Embeds)
    assert isinstance(other, Embeds)
    vectors = [list(map(list, asyncio.run(each.aembed(["a", "bc"], None)).vectors)) for each in (one, other)]
    assert vectors[0] == vectors[1]


def test_dimensions_are_asked_for() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        assert json.loads(request.content)["dimensions"] == 8
        return serve(request)

    asyncio.run(responses(handle).aembed(["a"], 8))


def test_a_missing_vector_is_an_invalid_response() -> None:
    with pytest.raises(InvalidResponse, match="0 vectors for 1"):
        asyncio.run(responses(lambda _: httpx2.Response(200, json={"data": []})).aembed(["a"], None))


def test_unknown_usage_stays_unknown() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(serve(request).content)
        return httpx2.Response(200, json={name: body[name] for name in ("data", "model")})

    assert asyncio.run(responses(handle).aembed(["a"], None)).usage == Usage(None, 0)


@given(st.lists(st.sampled_from(["", "a", "é" * 1000, "x" * 100_000, "y" * 400_000]), max_size=30))
def test_batches_are_within_the_limits_and_lose_nothing(texts: Sequence[str]) -> None:
    made = list(batches(texts))
    assert [text for batch in made for text in batch] == list(texts)
    for batch in made:
        assert len(batch) <= MOST_TEXTS
        assert len(batch) == 1 or sum(len(text.encode()) for text in batch) <= MOST_TOKENS
