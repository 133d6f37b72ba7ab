"""Keys and addresses: what cannot be used is named when a client is made, and a key is shown by nothing."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import AiappError, ConnectionFailed, InvalidInput, MissingKey
from aiapp.providers.access import given_address, given_key
from aiapp.providers.anthropic.provider import AnthropicProvider
from aiapp.providers.openai.chat.provider import ChatProvider
from aiapp.providers.openai.provider import OpenAIProvider
from aiapp.providers.openai.vendors import vendors
from aiapp.testing import Said, WireServer
from tests.providers.wire import ANTHROPIC, OPENAI

KEY = "sk-abcdefghijklmnop0123456789"
VARIABLES = {
    "openai:m": "OPENAI_API_KEY",
    "openai-chat:m": "OPENAI_API_KEY",
    "anthropic:m": "ANTHROPIC_API_KEY",
    "groq:m": "GROQ_API_KEY",
}
EACH_MODEL = pytest.mark.parametrize("model", VARIABLES)


def told(error: BaseException) -> str:
    """All that a log may hold of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


@EACH_MODEL
@pytest.mark.parametrize("around", ["{}\n", " {}\t", "{}\r\n", "\n{}"])
def test_white_space_around_a_key_is_not_sent(model: str, around: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[model], around.format(KEY))
    with WireServer([Said("a"), Said("b")]) as server:
        for api_key in (None, around.format(KEY)):
            with Client(model, api_key=api_key, base_url=server.url) as client:
                client.complete("hi")
        for asked in server.requests:
            assert KEY in (asked.headers.get("x-api-key"), asked.headers.get("authorization", "").split(" ")[-1])


@EACH_MODEL
@pytest.mark.parametrize("wrong", ["\u200b", "\n", "é", "\x7f", "\ud800"])
@pytest.mark.parametrize("source", ["argument", "environment"])
def test_what_no_header_can_hold_is_refused_unseen(
    model: str, wrong: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"{KEY}{wrong}x"
    if source == "environment":
        if wrong == "\ud800":
            pytest.skip("the environment cannot hold it")
        monkeypatch.setenv(VARIABLES[model], key)
    field = "api_key" if source == "argument" else VARIABLES[model]
    with pytest.raises(InvalidInput, match=f"^{field}: .*printable ASCII") as raised:
        Client(model, api_key=key if source == "argument" else None)
    assert KEY not in told(raised.value)


@EACH_MODEL
@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_key_is_none(model: str, blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[model], blank)
    with pytest.raises(MissingKey, match=VARIABLES[model]):
        Client(model, api_key=blank)


def test_a_key_that_is_no_text_is_refused_unseen() -> None:
    given: Any = KEY.encode()
    with pytest.raises(InvalidInput, match=r"api_key: .*a text") as raised:
        Client("openai:m", api_key=given)
    assert KEY not in told(raised.value)


@given(st.text())
def test_a_key_is_taken_as_a_header_can_hold_it_or_refused(text: str) -> None:
    try:
        key = given_key(text)
    except InvalidInput:
        assert not text.strip().isascii() or not text.strip().isprintable()
    else:
        assert key == text.strip()
        assert httpx2.Headers({"x-api-key": key})["x-api-key"] == key


@EACH_MODEL
@pytest.mark.parametrize(
    "address",
    [
        "localhost:99",
        "not a url",
        "ftp://x",
        "http://",
        "http://h:port/v1",
        "http://h:0",
        "http://a b/v1",
        "http://[::1",
    ],
)
def test_an_address_is_checked_when_the_client_is_made(model: str, address: str) -> None:
    with pytest.raises(InvalidInput, match=r"base_url: .*http or https"):
        Client(model, api_key=KEY, base_url=address)


@EACH_MODEL
@pytest.mark.parametrize("scheme", ["http://", "https://", "HTTP://", "ftp://", ""])
@pytest.mark.parametrize("rest", ["us:hunter2@h/v1", "hunter2@h", "us:h/unter2@h", "us:hunter2?@h", "us:hunter2@h:x/"])
def test_user_and_password_in_an_address_are_refused_unseen(model: str, scheme: str, rest: str) -> None:
    with pytest.raises(InvalidInput, match="base_url") as raised:
        Client(model, api_key=KEY, base_url=scheme + rest)
    assert "unter2" not in told(raised.value)


@pytest.mark.parametrize(
    ("model", "variable"), [("openai:m", "OPENAI_BASE_URL"), ("anthropic:m", "ANTHROPIC_BASE_URL"), ("azure:m", "")]
)
def test_an_address_of_the_environment_is_checked_under_its_name(
    model: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = variable or "AZURE_OPENAI_ENDPOINT"
    monkeypatch.setenv(variable, "http://us:hunter2@h/")
    with pytest.raises(InvalidInput, match=f"^{variable}: ") as raised:
        Client(model, api_key=KEY)
    assert "hunter2" not in told(raised.value)


@pytest.mark.parametrize("model", ["openai:m", "anthropic:m"])
def test_an_address_of_the_environment_is_where_it_asks(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer([Said("a")]) as server:
        monkeypatch.setenv(f"{model.partition(':')[0].upper()}_BASE_URL", f"{server.url}\n")
        with Client(model, api_key=KEY) as client:
            assert client.complete("hi").text == "a"


def test_an_address_may_have_a_path_a_port_and_any_letters() -> None:
    for address in ("http://[::1]:8000/v1", "https://bücher.example/v1", "http://gpu_1:8000/a@b", "HTTPS://X"):
        assert given_address(f" {address}\n") == address
    assert given_address(None) == given_address(" ") == ""


@EACH_MODEL
@pytest.mark.parametrize("streaming", [False, True])
def test_a_failed_connection_names_the_host(model: str, streaming: bool) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{held.getsockname()[1]}"
        with (
            Client(model, api_key=KEY, base_url=f"http://{place}/v1", retry=Retry(attempts=1)) as client,
            pytest.raises(ConnectionFailed, match=f"at {place}"),
        ):
            _ = [*client.stream("hi")] if streaming else client.complete("hi")


Open = Callable[[httpx2.AsyncClient], Any]
OPEN: dict[str, tuple[Open, dict[str, Any]]] = {
    "openai": (lambda http: OpenAIProvider("m", api_key=KEY, http_client=http), OPENAI),
    "anthropic": (lambda http: AnthropicProvider("m", api_key=KEY, http_client=http), ANTHROPIC),
    "chat": (
        lambda http: ChatProvider(vendors()["groq"], "m", api_key=KEY, http_client=http),
        {"id": "a", "model": "m", "choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}]},
    ),
}


class Surprising(httpx2.AsyncBaseTransport):
    """It answers, and then fails as no transport should."""

    def __init__(self, answers: list[dict[str, Any] | Exception]) -> None:
        self.answers = answers

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(200, json=answer)


@pytest.mark.parametrize("provider", OPEN)
@pytest.mark.parametrize("again", [False, True], ids=["first", "later"])
@pytest.mark.parametrize(
    "failure",
    [
        UnicodeEncodeError("ascii", f"Bearer {KEY}", 0, 1, "no"),
        ValueError(f"Illegal header value {KEY!r}"),
        httpx2.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'"),
        httpx2.DecodingError("bad gzip"),
        httpx2.InvalidURL("no"),
        RuntimeError("closed"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_whatever_a_transport_raises_is_ours_without_the_key(provider: str, again: bool, failure: Exception) -> None:
    opened, answer = OPEN[provider]
    http = httpx2.AsyncClient(transport=Surprising([answer, failure] if again else [failure]))
    client = Client(provider=opened(http), retry=Retry(attempts=1))
    if again:
        client.complete("hi")
    with pytest.raises(ConnectionFailed, match=r"at api\.") as raised:
        client.complete("hi")
    assert KEY not in told(raised.value)


def test_one_surprise_does_not_end_a_batch() -> None:
    opened, answer = OPEN["openai"]
    http = httpx2.AsyncClient(transport=Surprising([answer, TypeError("a hook's mistake"), answer]))
    results = Client(provider=opened(http), retry=Retry(attempts=1)).batch(["a", "b", "c"], concurrency=1)
    assert [isinstance(one, AiappError) for one in results] == [False, True, False]
    assert isinstance(results[1], ConnectionFailed)
    assert "TypeError" in str(results[1])
    assert isinstance(results[1].__cause__, TypeError)
