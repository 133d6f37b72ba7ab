"""Against `@copilotkit/aimock`, a fake of the vendors' APIs that was written elsewhere and knows nothing of aiapp.

It is started here wherever Node finds it: see `programs`.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.messages import system, tool, user
from aiapp.core.parts import ToolResult
from aiapp.core.request import Request, Tool
from tests.outside.asking import EACH_MODE, asked
from tests.outside.processes import free_port, serving
from tests.outside.programs import aimock

LOOK = Tool("get_weather", "The weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
LONG = "A long answer with Grüße, 你好 and 🙂. " * 20
SLOW_MS = 700
VENDORS = ("openai", "openai-chat", "anthropic")
COUNTS = {"input_tokens": 12, "output_tokens": 7}
CHAT_COUNTS = {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}


def error(status: int, kind: str, code: str) -> dict[str, Any]:
    return {"error": {"message": f"no luck: {code}", "type": kind, "code": code}, "status": status}


FIXTURES: list[dict[str, Any]] = [
    {"match": {"toolResultContains": "18 degrees"}, "response": {"content": "It is 18 degrees in Paris."}},
    {
        "match": {"userMessage": "weather"},
        "response": {"toolCalls": [{"name": "get_weather", "arguments": '{"city": "Paris"}'}]},
    },
    {
        "match": {"userMessage": "two cities"},
        "response": {
            "toolCalls": [
                {"name": "get_weather", "arguments": '{"city": "Paris"}'},
                {"name": "get_weather", "arguments": '{"city": "Köln"}'},
            ]
        },
    },
    {"match": {"userMessage": "long"}, "response": {"content": LONG}},
    {"match": {"userMessage": "counted"}, "response": {"content": "Counted.", "usage": COUNTS | CHAT_COUNTS}},
    {"match": {"userMessage": "json"}, "response": {"content": '{"city": "Paris"}'}},
    {"match": {"userMessage": "broke"}, "response": error(429, "rate_limit_error", "rate_limit_exceeded")},
    {"match": {"userMessage": "wrong key"}, "response": error(401, "authentication_error", "invalid_api_key")},
    {"match": {"userMessage": "down"}, "response": error(500, "api_error", "server_error")},
    {"match": {"userMessage": "soon"}, "response": error(429, "rate_limit_error", "slow") | {"retryAfter": 7}},
    {"match": {"userMessage": "malformed"}, "response": {"content": "never"}, "chaos": {"malformedRate": 1}},
    {"match": {"userMessage": "hung up"}, "response": {"content": "never"}, "chaos": {"disconnectRate": 1}},
    {"match": {"userMessage": "refused by chance"}, "response": {"content": "never"}, "chaos": {"rateLimitRate": 1}},
    {"match": {"userMessage": "dropped by chance"}, "response": {"content": "never"}, "chaos": {"dropRate": 1}},
    {"match": {"userMessage": "slow"}, "response": {"content": "At last."}, "chaos": {"latencyMs": SLOW_MS}},
    {
        "match": {"userMessage": "breaks off"},
        "response": {"content": LONG},
        "truncateAfterChunks": 12,
        "chunkSize": 5,
        "latency": 20,
    },
    {"match": {"inputText": "a river"}, "response": {"embedding": [0.25, -0.5, 1.0]}},
    {"match": {"inputText": "too much"}, "response": error(429, "rate_limit_error", "rate_limit_exceeded")},
    *(
        {"match": {"userMessage": f"twice by {vendor}.", "sequenceIndex": turn}, "response": response}
        for vendor in VENDORS
        for turn, response in enumerate([error(503, "api_error", "busy"), {"content": "the second time"}])
    ),
    {"match": {"userMessage": "hello"}, "response": {"content": "Hello there!"}},
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    folder = tmp_path_factory.mktemp("aimock")
    fixtures, port = folder / "fixtures.json", free_port()
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}), encoding="utf-8")
    with serving([*aimock(), "-p", str(port), "-f", str(fixtures)], port, "/health", folder / "log", 30) as address:
        yield address


def opened(vendor: str, url: str, timeout: float = 30) -> Client:
    address = f"{url}/v1" if vendor != "anthropic" else url
    retry = Retry(attempts=2, first_wait=0.01, deadline=5)
    return Client(f"{vendor}:any-model", api_key="k", base_url=address, retry=retry, timeout=timeout)


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(vendor: str, url: str) -> Generator[Client]:
    with opened(vendor, url) as client:
        yield client


@EACH_MODE
def test_a_text(client: Client, stream: bool) -> None:
    response = asked(client, [system("Be brief."), user("hello")], stream)
    assert response.text == "Hello there!"
    assert response.finish is not None
    assert response.finish.reason == "stop"
    assert response.model == "any-model"


def test_a_long_text_in_many_scripts(client: Client) -> None:
    assert asked(client, "long", stream=False).text == LONG


def test_a_long_text_that_is_cut_between_utf_16_units(client: Client) -> None:
    """As JavaScript cuts a text: a character of two units comes in two deltas, each half of it escaped."""
    assert asked(client, "long", stream=True).text == LONG


@EACH_MODE
def test_counts(client: Client, stream: bool) -> None:
    usage = asked(client, "counted", stream).usage
    assert (usage.input_tokens, usage.output_tokens) == (12, 7)


@EACH_MODE
def test_tool_calls_and_their_results(client: Client, stream: bool) -> None:
    request = Request((user("weather?"),), tools=(LOOK,))
    first = asked(client, request, stream)
    [call] = first.tool_calls
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Paris"})
    assert first.finish is not None
    assert first.finish.reason == "tool_calls"
    turns = (*request.messages, first.message, tool(ToolResult(call.id, "18 degrees")))
    assert asked(client, Request(turns, tools=(LOOK,)), stream).text == "It is 18 degrees in Paris."


@EACH_MODE
def test_parallel_tool_calls(client: Client, stream: bool) -> None:
    response = asked(client, Request((user("two cities"),), tools=(LOOK,)), stream)
    assert [json.loads(call.arguments)["city"] for call in response.tool_calls] == ["Paris", "Köln"]
    assert len({call.id for call in response.tool_calls}) == 2


def test_a_value_of_a_type(client: Client) -> None:
    assert client.complete("json", output=dict[str, str]).output == {"city": "Paris"}


@EACH_MODE
@pytest.mark.parametrize(
    ("words", "kind", "status"),
    [
        ("broke", errors.RateLimited, 429),
        ("wrong key", errors.AuthenticationFailed, 401),
        ("down", errors.Unavailable, 500),
        ("what nobody foresaw", errors.ProviderError, 404),  # in words that fit neither vendor
    ],
)
def test_failures(client: Client, words: str, kind: type[errors.ProviderError], status: int, stream: bool) -> None:
    with pytest.raises(kind) as caught:
        asked(client, words, stream)
    assert caught.value.status == status


def test_a_second_try(client: Client) -> None:
    response = client.complete(f"twice by {client.model.partition(':')[0]}.")
    assert response.text == "the second time"
    assert [attempt.status for attempt in response.receipt.attempts] == [503, None]


@EACH_MODE
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("soon", errors.RateLimited),
        ("refused by chance", errors.RateLimited),
        ("dropped by chance", errors.Unavailable),
        ("hung up", errors.ConnectionFailed),
        ("malformed", errors.InvalidResponse),
    ],
)
def test_faults(client: Client, words: str, kind: type[errors.ProviderError], stream: bool) -> None:
    with pytest.raises(kind) as caught:
        asked(client, words, stream)
    assert type(caught.value) is kind
    assert caught.value.retryable == (kind is not errors.InvalidResponse)
    if words == "soon":
        assert caught.value.retry_after == 7


@EACH_MODE
def test_a_slow_answer_is_waited_for_no_longer_than_the_timeout(vendor: str, url: str, stream: bool) -> None:
    with opened(vendor, url, timeout=30) as patient:
        response = asked(patient, "slow", stream)
        assert response.text == "At last."
        assert response.receipt.timing.total > SLOW_MS / 1000
    with opened(vendor, url, timeout=0.2) as hasty, pytest.raises(errors.TimedOut):
        asked(hasty, "slow", stream)


def test_a_stream_that_breaks_off_is_no_whole_answer(client: Client) -> None:
    pieces = client.stream("breaks off").text()
    said = next(pieces)
    assert LONG.startswith(said)
    with pytest.raises(errors.ConnectionFailed):
        list(pieces)


@pytest.mark.parametrize("vendor", ["openai", "openai-chat"])
def test_vectors(vendor: str, url: str) -> None:
    with opened(vendor, url) as client:
        made = client.embed(["a river", "a river again"])
        assert [list(vector) for vector in made.vectors] == [[0.25, -0.5, 1.0]] * 2
        assert made.receipt.served == "any-model"
        assert len(client.embed(["made up by the server"], dimensions=64).vectors[0]) == 64
        with pytest.raises(errors.RateLimited) as caught:
            client.embed(["too much"])
        assert caught.value.status == 429
