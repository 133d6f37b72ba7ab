"""Against litellm's proxy, which stands between our client and a server that speaks OpenAI's wire.

What is asked goes through the proxy's own reading and writing of the Responses API. It wants an environment of its own,
with other versions: see `programs`.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.messages import system, tool, user
from aiapp.core.parts import ToolCall, ToolResult
from aiapp.core.request import Request, Tool
from aiapp.core.response import Response
from aiapp.core.usage import Usage
from aiapp.testing import Received, Said, WireServer, faults
from aiapp.testing.replies import Answer
from tests.outside.asking import EACH_MODE, asked
from tests.outside.processes import free_port, serving
from tests.outside.programs import OFFLINE, litellm_proxy

MASTER_KEY = "sk-proxy-7f3a9c1e5b2d4860a1b2c3d4e5f60718"
TEXT = "Grüße aus Köln: 你好 🙂"
LOOK = Tool("look", "Looks.", {"type": "object", "properties": {"at": {"type": "string"}}})
CALLS = (ToolCall("call_1", "look", '{"at": "it"}'), ToolCall("call_2", "look", '{"at": "that"}'))
ANSWERS: dict[str, Answer] = {
    "text": Said(TEXT, usage=Usage(100, 20, 30, 0, 7)),
    "tools": Said(tool_calls=CALLS),
    "length": Said("On and o", finish="length"),
    "value": Said('{"city": "Paris"}'),
    "limited": faults.rate_limited(),
    "failing": faults.Status(500),
}


@dataclass(frozen=True)
class Proxy:
    """The proxy's address, and the server behind it."""

    url: str
    upstream: WireServer


def _answer(received: Received) -> Answer:
    return ANSWERS[received.body["model"]]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Generator[Proxy]:
    program = litellm_proxy()
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    with WireServer(_answer) as upstream:
        models = [
            {
                "model_name": name,
                "litellm_params": {"model": f"openai/{name}", "api_key": "behind", "api_base": f"{upstream.url}/v1"},
            }
            for name in ANSWERS
        ]
        settings = {"num_retries": 0, "telemetry": False}
        config = folder / "config.yaml"
        config.write_text(json.dumps({"model_list": models, "litellm_settings": settings}), encoding="utf-8")
        command = [*program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        env = {"LITELLM_MASTER_KEY": MASTER_KEY, **OFFLINE}
        with serving(command, port, "/health/liveliness", folder / "log", 90, env) as address:
            yield Proxy(f"{address}/v1", upstream)


def client_of(proxy: Proxy, model: str, api_key: str = MASTER_KEY) -> Client:
    return Client(
        f"openai:{model}", api_key=api_key, base_url=proxy.url, retry=Retry(attempts=1, first_wait=0.01), timeout=60
    )


def answer_of(proxy: Proxy, model: str, request: Any, stream: bool) -> Response:
    with client_of(proxy, model) as client:
        return asked(client, request, stream)


@EACH_MODE
def test_a_text_and_its_counts(proxy: Proxy, stream: bool) -> None:
    response = answer_of(proxy, "text", [system("Be brief."), user("hi 🙂")], stream)
    assert response.text == TEXT
    assert response.finish is not None
    assert response.finish.reason == "stop"
    usage = response.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (100, 20, 30)
    assert "hi 🙂" in json.dumps(proxy.upstream.requests[-1].body, ensure_ascii=False)


@EACH_MODE
def test_tool_calls_and_their_results(proxy: Proxy, stream: bool) -> None:
    request = Request((user("look at both"),), tools=(LOOK,))
    first = answer_of(proxy, "tools", request, stream)
    assert [(call.id, call.name, json.loads(call.arguments)["at"]) for call in first.tool_calls] == [
        ("call_1", "look", "it"),
        ("call_2", "look", "that"),
    ]
    results = tool(*(ToolResult(call.id, f"saw {call.id}") for call in first.tool_calls))
    turns = (*request.messages, first.message, results)
    assert answer_of(proxy, "text", Request(turns, tools=(LOOK,)), stream).text == TEXT
    sent = proxy.upstream.requests[-1].body["input"]
    assert [item["output"] for item in sent if item.get("type") == "function_call_output"] == [
        "saw call_1",
        "saw call_2",
    ]


@EACH_MODE
def test_the_limit_of_tokens(proxy: Proxy, stream: bool) -> None:
    response = answer_of(proxy, "length", "hi", stream)
    assert response.finish is not None
    assert response.finish.reason == "length"


def test_a_value_of_a_type(proxy: Proxy) -> None:
    with client_of(proxy, "value") as client:
        assert client.complete("where?", output=dict[str, str]).output == {"city": "Paris"}


@EACH_MODE
@pytest.mark.parametrize(
    ("model", "kind"), [("limited", errors.RateLimited), ("failing", errors.Unavailable)], ids=["429", "500"]
)
def test_failures_behind_the_proxy(proxy: Proxy, model: str, kind: type[errors.ProviderError], stream: bool) -> None:
    with pytest.raises(kind):
        answer_of(proxy, model, "hi", stream)


def test_a_wrong_key(proxy: Proxy) -> None:
    """Without a database the proxy cannot look a key up, and calls the request bad."""
    wrong = (errors.AuthenticationFailed, errors.BadRequest)
    with client_of(proxy, "text", "sk-of-somebody-else") as client, pytest.raises(wrong) as caught:
        client.complete("hi")
    assert "sk-of-somebody-else" not in str(caught.value)


def test_an_unknown_model(proxy: Proxy) -> None:
    with client_of(proxy, "nobody") as client, pytest.raises((errors.NotFound, errors.BadRequest)):
        client.complete("hi")
