"""The region of an address: OpenAI charges for it, and its answers do not name it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from aiapp import Client
from aiapp.providers.openai.chat.provider import ChatProvider
from aiapp.providers.openai.provider import OpenAIProvider
from aiapp.providers.openai.sdk import region_of
from aiapp.providers.openai.vendors import vendors
from tests.providers.openai.wires import KEY, answering, client

ANSWER: dict[str, Any] = {
    "id": "r",
    "model": "gpt-6-sol",
    "status": "completed",
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}],
    "usage": {
        "input_tokens": 1_000,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 100,
    },
}
HANDLER = answering(ANSWER, [{"type": "response.completed", "response": ANSWER}])


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://eu.api.openai.com/v1", "eu"),
        ("https://US.api.openai.com", "us"),
        ("https://api.openai.com/v1", None),
        ("https://eu.api.openai.com.example.org/v1", None),
        ("https://a.eu.api.openai.com/v1", None),
        ("https://example.org/eu.api.openai.com", None),
        ("", None),
    ],
)
def test_only_addresses_of_openai_name_a_region(address: str, region: str | None) -> None:
    assert region_of(address) == region


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("address", "region", "cost"),
    [("https://eu.api.openai.com/v1", "eu", "0.0033"), ("https://api.openai.com/v1", None, "0.003")],
)
def test_the_bill_is_that_of_the_region(address: str, region: str | None, cost: str, streaming: bool) -> None:
    provider = OpenAIProvider("gpt-6-sol", api_key=KEY, base_url=address, http_client=client(HANDLER))
    asking = Client(provider=provider)
    if streaming:
        stream = asking.stream("hi")
        list(stream)
        receipt = stream.response.receipt
    else:
        receipt = asking.complete("hi").receipt
    assert (receipt.region, receipt.cost) == (region, Decimal(cost))


def test_the_variable_counts_where_no_address_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://eu.api.openai.com/v1")
    assert OpenAIProvider("gpt-6-sol", api_key=KEY).region == "eu"
    assert OpenAIProvider("gpt-6-sol", api_key=KEY, base_url="https://api.openai.com/v1").region is None


def test_chat_completions_of_openai_count_too_and_those_of_others_do_not() -> None:
    def at(vendor: str) -> str | None:
        address, http = "https://eu.api.openai.com/v1", httpx2.AsyncClient()
        return ChatProvider(vendors()[vendor], "gpt-6-sol", api_key=KEY, base_url=address, http_client=http).region

    assert at("openai-chat") == "eu"
    assert at("groq") is None
