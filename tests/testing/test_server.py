"""The server itself: HTTP, the script, what it records and what it lets go of."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Generator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import InvalidResponse
from aiapp.core.usage import Usage
from aiapp.testing import Received, Said, Vectors, WireServer, block_network, faults
from aiapp.testing.replies import Answer

ASK: dict[str, Any] = {"model": "m", "input": "hi"}
PATHS = {
    "/responses": "response",
    "/v1/responses": "response",
    "/chat/completions": "chat.completion",
    "/v1/chat/completions": "chat.completion",
}


def connect(server: WireServer) -> http.client.HTTPConnection:
    where = urlsplit(server.url)
    return http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)


def ask(
    connection: http.client.HTTPConnection,
    body: object = ASK,
    path: str = "/v1/responses",
    headers: dict[str, str] | None = None,
) -> tuple[int, Any]:
    connection.request("POST", path, json.dumps(body), headers or {})
    response = connection.getresponse()
    content = response.read()
    is_json = response.headers["content-type"] == "application/json"
    return response.status, json.loads(content) if is_json else content.decode()


def text(answer: tuple[int, Any]) -> str:
    return str(answer[1]["output"][-1]["content"][0]["text"])


@pytest.fixture
def opened() -> Generator[list[http.client.HTTPConnection]]:
    """Connections that the test opens and does not close itself."""
    connections: list[http.client.HTTPConnection] = []
    yield connections
    for connection in connections:
        connection.close()


def test_every_path_is_answered_on_its_wire_over_one_connection() -> None:
    with WireServer("hi") as server, closing(connect(server)) as connection:
        for path, kind in PATHS.items():
            assert ask(connection, path=path)[1]["object"] == kind
        for path in ("/messages", "/v1/messages", "/v1/messages?beta=true"):
            assert ask(connection, path=path)[1]["content"][0]["text"] == "hi"
        assert server.open_connections == 1
        connection.close()
        server.assert_closed()


def test_the_model_that_was_asked_for_is_said_back_unless_the_answer_names_one() -> None:
    with WireServer([Said("a"), Said("a", model="other")]) as server, closing(connect(server)) as connection:
        assert [ask(connection)[1]["model"] for _ in range(2)] == ["m", "other"]


def test_a_list_is_followed_and_checked_for_leftovers() -> None:
    with WireServer(["one", Said("two")]) as server, closing(connect(server)) as connection:
        assert text(ask(connection)) == "one"
        with pytest.raises(AssertionError, match="1 answers"):
            server.assert_done()
        assert text(ask(connection)) == "two"
        server.assert_done()
        status, body = ask(connection)
        assert (status, "no answer left" in body["error"]["message"]) == (500, True)


def test_a_function_sees_the_request_and_its_failure_is_shown() -> None:
    def script(received: Received) -> Answer:
        if received.body["model"] == "m":
            return f"you said {received.body['input']}"
        raise LookupError("no such model here")

    with WireServer(script) as server, closing(connect(server)) as connection:
        assert text(ask(connection)) == "you said hi"
        status, body = ask(connection, {"model": "x"})
        assert (status, body["error"]["message"]) == (500, "LookupError: no such model here")


@pytest.mark.parametrize(
    ("answer", "path", "said"),
    [
        (Vectors(((1.0,),)), "/responses", "Said, or a text, for responses"),
        ("a text", "/embeddings", "Vectors for embeddings"),
        (Said("x", finish="pause"), "/chat/completions", "what the wire chat can say"),
    ],
)
def test_an_answer_that_the_wire_cannot_say_is_named(answer: Answer, path: str, said: str) -> None:
    with WireServer(answer) as server, closing(connect(server)) as connection:
        status, body = ask(connection, path=path)
        assert (status, said in body["error"]["message"]) == (500, True)


def test_what_is_no_request_of_a_wire_is_refused() -> None:
    with WireServer("x") as server, closing(connect(server)) as connection:
        assert ask(connection, path="/v1/models") == (404, "no wire is served at POST /v1/models")
        connection.request("GET", "/v1/responses")
        with connection.getresponse() as response:
            assert response.status == 404
            response.read()
        assert ask(connection, ["not", "an", "object"])[0] == 400
        with socket.create_connection(address(server)) as plain:
            plain.sendall(b"POST /responses HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert plain.recv(100).startswith(b"HTTP/1.1 411 ")


def test_requests_are_recorded_and_secrets_are_not_shown() -> None:
    with WireServer("x") as server, closing(connect(server)) as connection:
        ask(connection, headers={"Authorization": "Bearer sk-secret", "X-Api-Key": "sk-secret", "X-Other": "seen"})
    [received] = server.requests
    assert (received.method, received.path, received.body) == ("POST", "/v1/responses", ASK)
    assert received.headers["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in repr(received)
    assert "seen" in repr(received)


def test_nothing_is_recorded_where_that_is_not_wanted() -> None:
    with WireServer("x", record=False) as server, closing(connect(server)) as connection:
        ask(connection)
    assert server.requests == []


def test_requests_sent_ahead_are_answered_in_order() -> None:
    with WireServer(["one", "two"], delay=0.01) as server, socket.create_connection(address(server)) as plain:
        body = json.dumps(ASK).encode()
        request = b"POST /responses HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        plain.sendall(request[:30])
        time.sleep(0.01)
        plain.sendall(request[30:] + request)
        plain.settimeout(5)
        read = b""
        while b"two" not in read:
            read += plain.recv(65536)
        assert read.index(b"one") < read.index(b"two")
        assert server.most_in_flight == 1


def address(server: WireServer) -> tuple[str, int]:
    where = urlsplit(server.url)
    return where.hostname or "", where.port or 0


def test_a_delay_passes_before_every_answer_and_requests_in_flight_are_counted(
    opened: list[http.client.HTTPConnection],
) -> None:
    with WireServer("x", delay=0.2) as server:
        opened.extend(connect(server) for _ in range(8))
        began = time.monotonic()
        threads = [threading.Thread(target=ask, args=(connection,)) for connection in opened]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - began >= 0.2
        assert (server.most_in_flight, server.in_flight, server.open_connections) == (8, 0, 8)


def test_a_client_that_leaves_in_mid_answer_is_noticed_at_once() -> None:
    with WireServer(faults.Stall("x", seconds=60)) as server:
        plain = socket.create_connection(address(server))
        body = json.dumps(ASK).encode()
        plain.sendall(b"POST /responses HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        while not server.in_flight:
            time.sleep(0.001)
        with pytest.raises(AssertionError, match="1 connections are still open"):
            server.assert_closed(within=0.01)
        plain.close()
        server.assert_closed()
        assert server.in_flight == 0


def test_closing_breaks_off_what_is_still_open(opened: list[http.client.HTTPConnection]) -> None:
    """Answers that wait, that drip, and that nobody reads."""
    began = time.monotonic()
    with WireServer(faults.Stall(Said("x" * 5_000_000), seconds=60, at=4_900_000)) as server:
        for _ in range(3):
            opened.append(connect(server))
            opened[-1].request("POST", "/responses", json.dumps(ASK))
        while server.in_flight < 3:
            time.sleep(0.001)
    assert time.monotonic() - began < 10
    assert server.open_connections == 0
    with pytest.raises(RuntimeError, match="with"):
        _ = server.url


def test_connection_close_is_honoured(opened: list[http.client.HTTPConnection]) -> None:
    with WireServer("x") as server:
        opened.append(connect(server))
        assert text(ask(opened[0], headers={"Connection": "close"})) == "x"
        server.assert_closed()


def test_it_is_part_of_the_network_that_can_be_blocked() -> None:
    with block_network(allow_loopback=False), WireServer("x") as server, pytest.raises(ConnectionRefusedError):
        connect(server).connect()


@pytest.mark.parametrize("model", ["openai:any", "anthropic:any"])
def test_tokens_are_counted_as_the_vendors_count_them(model: str) -> None:
    said: list[Answer] = [
        Said("hi", usage=Usage(1234, 5)),
        Said("hi", usage=None),
        faults.rate_limited(retry_after=0),
        "hi",
    ]
    with WireServer(said) as server, Client(model, api_key="k", base_url=server.url) as client:
        assert client.count_tokens("How many?").tokens == 1234
        with pytest.raises(InvalidResponse, match="no count"):
            client.count_tokens("How many?")
        assert client.count_tokens("How many?").tokens == 20
        assert len(server.requests) == 4
        server.assert_done()
