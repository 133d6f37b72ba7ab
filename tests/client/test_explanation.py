"""What is said before anything is sent, and that the receipt of the call then says the same."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from aiapp.client.budget import Budget
from aiapp.client.cache import Cache, MemoryCache
from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.client.sqlite_cache import SqliteCache
from aiapp.core.errors import BadRequest, InvalidInput, NotHonoured, OverBudget, Overloaded
from aiapp.core.formats import Format, Grammar, JsonSchema, Regex
from aiapp.core.messages import assistant, system, tool, user
from aiapp.core.parts import Image, Text, ToolCall, ToolResult
from aiapp.core.request import Request, Settings, Tool
from aiapp.core.response import Receipt, Response
from aiapp.core.secrets import REDACTED
from aiapp.core.usage import Usage
from aiapp.providers.registry import open_provider
from aiapp.testing import Cassette, Said, ScriptedModel, WireServer, block_network

LOOK = Tool("look", "Looks.", {"type": "object", "properties": {"at": {"type": "string"}}})
ASKED = Request(
    (system("Be brief."), user("Where is the tower?")),
    (LOOK,),
    settings=Settings(top_k=3, seed=1, max_tokens=50, stop=("x",)),
    prompt="hash",
    prompt_name="where",
)
VENDORS = ("openai", "openai-chat", "anthropic")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("output", [None, dict[str, str]], ids=["text", "typed"])
def test_it_says_what_the_receipt_then_says(vendor: str, output: type | None) -> None:
    with WireServer(Said('{"city": "Paris"}')) as server:
        client = Client(f"{vendor}:m", api_key="sk-not-a-real-key", base_url=server.url)
        with block_network(allow_loopback=False):
            explained = client.explain(ASKED, output=output)
        assert server.requests == []
        receipt = (client.complete(ASKED) if output is None else client.complete(ASKED, output=output)).receipt
        client.close()
        assert server.requests[0].body == explained.payload
    assert isinstance(explained, Receipt)
    for name in ("model", "payload", "changes", "prompt", "prompt_name", "cached"):
        assert getattr(explained, name) == getattr(receipt, name), name
    assert explained.changes
    assert "sk-not-a-real-key" not in repr(explained) + json.dumps(explained.payload)


@pytest.mark.parametrize("vendor", [*VENDORS, "mistral"])
def test_the_receipt_of_a_stream_shows_that_a_stream_was_asked_for(vendor: str, tmp_path: Path) -> None:
    with WireServer("hi") as server:
        hosted = open_provider(f"{vendor}:m", api_key="k", base_url=server.url)
        model = Cassette(tmp_path / "a.json", hosted, mode="record")
        receipts = [ask_for_a_stream(Client(provider=one)).receipt for one in (hosted, model)]
        sent = [request.body for request in server.requests]
        assert [receipt.payload for receipt in receipts] == sent
        assert all(body["stream"] is True for body in sent)
        assert Client(provider=hosted).complete("hello").receipt.payload == server.requests[-1].body
        assert "stream" not in server.requests[-1].body
        cached = Client(provider=hosted, cache=MemoryCache())
        assert ask_for_a_stream(cached).receipt.payload == ask_for_a_stream(cached).receipt.payload == sent[0]
        hosted_again = Cassette(tmp_path / "a.json", hosted, mode="replay")
        assert ask_for_a_stream(Client(provider=hosted_again)).receipt.payload == sent[0]


def ask_for_a_stream(client: Client) -> Response:
    stream = client.stream("hello")
    for _ in stream:
        pass
    return stream.response


@pytest.mark.parametrize("money", ["0.05", "0.1", "1"])
def test_a_budget_cuts_what_is_explained_as_it_cuts_what_is_sent(money: str) -> None:
    with WireServer("hi") as server:
        budget = Budget(money)
        with Client("anthropic:claude-opus-5", api_key="k", base_url=server.url, budget=budget) as client:
            for _ in range(2):  # the second has less
                explained = client.explain("hello")
                assert budget.reserved.money == 0
                receipt = client.complete("hello").receipt
                assert (explained.payload, explained.changes) == (receipt.payload, receipt.changes)
                assert explained.over_budget is None
                assert explained.bound.output_tokens == receipt.payload["max_tokens"]
                assert bool(explained.changes) == (money != "1")


@pytest.mark.parametrize("strict", [False, True])
def test_what_a_budget_refuses_is_explained(strict: bool) -> None:
    with WireServer("never") as server:
        client = Client("anthropic:claude-opus-5", api_key="k", base_url=server.url, strict=strict)
        with client, Budget("0.05" if strict else "0.001"):
            explained = client.explain("hello")
            with pytest.raises(OverBudget) as raised:
                client.complete("hello")
        assert server.requests == []
    assert str(explained.over_budget) == str(raised.value)
    assert (explained.payload["max_tokens"], explained.changes, explained.refused) == (16_384, (), False)


def test_no_budget_cuts_an_answer_from_the_cache() -> None:
    cache, model = MemoryCache(), "anthropic:claude-opus-5"
    with WireServer("hi") as server:
        with Client(model, api_key="k", base_url=server.url, cache=cache) as rich:
            rich.complete("hello")
        with Client(model, api_key="k", base_url=server.url, cache=cache, budget=Budget("0.001")) as poor:
            explained, receipt = poor.explain("hello"), poor.complete("hello").receipt
    assert (explained.cached, explained.over_budget, explained.changes) == (True, None, receipt.changes)


@pytest.mark.parametrize("form", [JsonSchema({"not": {"type": "null"}}), Regex("("), Grammar("start: nothing")])
def test_a_format_that_the_bundled_model_cannot_be_held_to_is_refused_before_it_is_asked(form: Format) -> None:
    with pytest.raises(InvalidInput):
        Client("local").explain(Request((user("hi"),), format=form))


def test_what_only_an_answer_can_tell_is_unknown() -> None:
    explained = Client("openai:m", api_key="k").explain("hi")
    assert explained.usage.output_tokens is None
    assert (explained.attempts, explained.request_id, explained.served, explained.timing.total) == ((), None, "", 0)
    assert {field.name for field in fields(Receipt)} <= {field.name for field in fields(explained)}


@pytest.mark.parametrize("model", ["openai:m", "openai-chat:m", "anthropic:m", "ollama:m"])
def test_tokens_are_an_estimate_that_says_so(model: str) -> None:
    explained = Client(model, api_key="k").explain("word " * 400)
    assert explained.counted is not None
    assert not explained.counted.exact
    assert explained.usage.input_tokens == explained.counted.tokens
    assert 300 < explained.counted.tokens < 700


def test_the_bundled_model_counts_exactly_and_costs_nothing() -> None:
    client = Client("local")
    explained = client.explain("Hello there")
    assert explained.counted is not None
    assert explained.counted.exact
    assert explained.usage.input_tokens == client.complete("Hello there").usage.input_tokens
    assert explained.cost == explained.most.total == Decimal(0)


def test_a_provider_that_does_not_count_leaves_the_tokens_unknown() -> None:
    explained = Client(provider=ScriptedModel("x", free=False)).explain("hi")
    assert (explained.counted, explained.usage) == (None, Usage())
    assert explained.cost is None


@pytest.mark.parametrize(
    ("model", "settings", "most"),
    [
        ("openai:m", Settings(max_tokens=50), 50),
        ("openai:m", Settings(extra={"max_output_tokens": 70}), 70),
        ("openai:m", Settings(), None),
        ("openai-chat:m", Settings(max_tokens=50), 50),
        ("anthropic:m", Settings(max_tokens=50), 50),
        ("anthropic:m", Settings(), 16_384),
        ("mistral:m", Settings(max_tokens=50), 50),
        ("local", Settings(), 256),
        ("local", Settings(max_tokens=50), 50),
    ],
)
def test_the_most_that_it_may_take_is_that_of_the_longest_answer(
    model: str, settings: Settings, most: int | None
) -> None:
    explained = Client(model, api_key=None if model == "local" else "k").explain(
        Request((user("hi"),), settings=settings)
    )
    assert explained.bound.output_tokens == most
    assert explained.bound.tokens == (None if most is None else (explained.bound.input_tokens or 0) + most)
    assert {line.count for line in explained.most.lines} == {explained.bound.input_tokens, most}
    assert (explained.usage.input_tokens or 0) < (explained.bound.input_tokens or 0)


def test_the_order_in_which_models_are_tried() -> None:
    busy = ScriptedModel(Overloaded("no", provider="s", model="s"))
    client = Client(
        provider=busy, fallback=["local", ScriptedModel("x")], retry=Retry(attempts=2, first_wait=0.001), strict=True
    )
    explained = client.explain(Request((user("hi"),), settings=Settings(effort="high")))
    assert [one.model for one in (explained, *explained.otherwise)] == ["scripted", "local", "scripted"]
    assert [one.tries for one in (explained, *explained.otherwise)] == [2, 2, 2]
    assert [one.refused for one in (explained, *explained.otherwise)] == [False, True, False]
    assert busy.requests == []


def test_what_a_strict_client_refuses_is_explained_and_not_raised() -> None:
    client = Client("local", strict=True)
    request = Request((user("hi"),), settings=Settings(effort="high"))
    explained = client.explain(request)
    assert explained.refused
    with pytest.raises(NotHonoured) as caught:
        client.complete(request)
    assert caught.value.changes == explained.changes


def test_what_cannot_be_sent_at_all_is_raised() -> None:
    client = Client("anthropic:claude-opus-5-5", api_key="k")
    with pytest.raises(BadRequest, match="end with the user"):
        client.explain([user("hi"), assistant("I will begin")])


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_an_answer_in_the_cache_is_told_as_the_receipt_will_tell_it(kind: str, tmp_path: Path) -> None:
    cache: Cache = MemoryCache() if kind == "memory" else SqliteCache(tmp_path / "a.db")
    model = ScriptedModel(Said("Paris", usage=Usage(10, 2)), free=False)
    client = Client(provider=model, cache=cache, fallback=["local"])
    assert not client.explain("where?").cached
    client.complete("where?")
    explained, receipt = client.explain("where?"), client.complete("where?").receipt
    for name in ("cached", "usage", "invoice", "served", "request_id", "payload", "attempts"):
        assert getattr(explained, name) == getattr(receipt, name), name
    assert explained.cached
    assert explained.cost == explained.most.total == Decimal(0)
    assert (explained.tries, len(explained.otherwise)) == (0, 0)
    assert not client.explain("where else?").cached
    assert len(model.requests) == 1


def test_a_key_that_a_user_adds_to_the_payload_is_sent_and_not_shown() -> None:
    extra = {"aws_secret_access_key": "very-secret", "extra_headers": {"Authorization": "Bearer s", "X-Trace": "t"}}
    request = Request((user("hi"),), settings=Settings(extra=extra))
    with WireServer("fine") as server:
        client = Client("openai:m", api_key="k", base_url=server.url)
        explained, receipt = client.explain(request), client.complete(request).receipt
        client.close()
        assert server.requests[0].body["aws_secret_access_key"] == "very-secret"
    for payload in (explained.payload, receipt.payload):
        assert payload["aws_secret_access_key"] == REDACTED
        assert payload["extra_headers"] == {"Authorization": REDACTED, "X-Trace": REDACTED}


@pytest.mark.parametrize("model", ["openai:m", "anthropic:m", "compatible:m"])
def test_what_opens_a_url_or_stands_in_headers_is_sent_and_not_shown(model: str) -> None:
    server_url = "https://u:passw0rdpass@h/"
    mcp = {"type": "mcp", "server_url": server_url, "headers": {"X-My": "topsecretvalue"}}
    shown = Image("image/png", url="https://v:hunter2@h/a.png?sig=0123456789")
    request = Request((user([Text("What?"), shown]),), settings=Settings(extra={"mcp": [mcp]}))
    with WireServer("fine") as server, Client(model, api_key="k", base_url=server.url) as client:
        explained, receipt = client.explain(request), client.complete(request).receipt
        sent = json.dumps(server.requests[0].body)
    for secret in ("passw0rdpass", "topsecretvalue", "hunter2", "0123456789"):
        assert secret in sent
        assert secret not in f"{explained.payload} {receipt.payload} {explained} {receipt}"
    assert receipt.payload["mcp"] == [{**mcp, "server_url": f"https://{REDACTED}@h/", "headers": {"X-My": REDACTED}}]


@pytest.mark.parametrize("model", ["openai:m", "anthropic:m"])
def test_what_opens_the_url_of_a_tools_image_is_sent_and_not_shown(model: str) -> None:
    seen = Image("image/png", url="https://v:hunter2@h/a.png?sig=0123456789")
    called = assistant([ToolCall("1", "look", "{}")])
    asked = (user("What?"), called, tool(ToolResult("1", "this", attachments=(seen,))))
    with WireServer("fine") as server, Client(model, api_key="k", base_url=server.url) as client:
        explained, receipt = client.explain(Request(asked)), client.complete(Request(asked)).receipt
        sent = json.dumps(server.requests[0].body)
    for secret in ("hunter2", "0123456789"):
        assert secret in sent
        assert secret not in f"{explained.payload} {receipt.payload}"
    assert f"https://{REDACTED}@h/a.png?sig={REDACTED}" in str(receipt.payload)
