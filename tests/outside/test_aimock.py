"""Against `@copilotkit/aimock`, a fake of the vendors' APIs that was written elsewhere and knows nothing of aiapp.

To run it, with Node: `npm install @copilotkit/aimock@1.43.0` in any folder, and
`AIAPP_AIMOCK=FOLDER/node_modules/@copilotkit/aimock python -m pytest tests/outside`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.messages import system, tool, user
from aiapp.core.parts import ToolResult
from aiapp.core.request import Request, Tool
from aiapp.core.response import Response
from tests.outside.processes import free_port, serving

HOW = "npm install @copilotkit/aimock@1.43.0 somewhere, and set AIAPP_AIMOCK=.../node_modules/@copilotkit/aimock"
LOOK = Tool("get_weather", "The weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
LONG = "A long answer with Grüße, 你好 and 🙂. " * 20
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
    *(
        {"match": {"userMessage": f"twice by {vendor}.", "sequenceIndex": turn}, "response": response}
        for vendor in VENDORS
        for turn, response in enumerate([error(503, "api_error", "busy"), {"content": "the second time"}])
    ),
    {"match": {"userMessage": "hello"}, "response": {"content": "Hello there!"}},
]


def command() -> list[str]:
    """How aimock's `llmock` is started, or a skip that says how to install it."""
    node, folder = shutil.which("node"), os.environ.get("AIAPP_AIMOCK")
    if node is None:
        pytest.skip(f"Node is not installed; then: {HOW}")
    if folder is not None:
        about: dict[str, Any] = json.loads(Path(folder, "package.json").read_text(encoding="utf-8"))
        return [node, str(Path(folder, about["bin"]["llmock"]))]
    npx = shutil.which("npx")
    ask = ["--no-install", "-p", "@copilotkit/aimock", "llmock"]
    found = npx is not None and not subprocess.run([npx, *ask, "--help"], capture_output=True, check=False).returncode
    if npx is None or not found:
        pytest.skip(HOW)
    return [npx, *ask]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    folder = tmp_path_factory.mktemp("aimock")
    fixtures, port = folder / "fixtures.json", free_port()
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}), encoding="utf-8")
    with serving([*command(), "-p", str(port), "-f", str(fixtures)], port, "/health", folder / "log", 30) as address:
        yield address


@pytest.fixture(params=VENDORS)
def client(request: pytest.FixtureRequest, url: str) -> Generator[Client]:
    address = f"{url}/v1" if request.param != "anthropic" else url
    with_retry = Retry(attempts=2, first_wait=0.01)
    client = Client(f"{request.param}:any-model", api_key="k", base_url=address, retry=with_retry, timeout=30)
    yield client
    client.close()


def asked(client: Client, request: Any, stream: bool) -> Response:
    if not stream:
        return client.complete(request)
    streaming = client.stream(request)
    for _ in streaming:
        pass
    return streaming.response


EACH_MODE = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


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
