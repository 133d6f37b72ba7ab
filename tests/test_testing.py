"""What `aiapp.testing` gives to tests."""

from __future__ import annotations

import socket

import pytest

from aiapp.client.client import Client
from aiapp.testing import ScriptedModel, block_network


def test_a_script_is_followed_and_checked_for_leftovers() -> None:
    model = ScriptedModel(["one", "two", "three"])
    client = Client(provider=model)
    assert [client.complete("a").text, client.complete("b").text] == ["one", "two"]
    assert [request.messages[0].text for request in model.requests] == ["a", "b"]
    with pytest.raises(AssertionError, match="1 answers"):
        model.assert_done()
    client.complete("c")
    model.assert_done()
    with pytest.raises(AssertionError, match="no answer for request 4"):
        client.complete("d")


def test_a_script_may_be_a_function_or_a_failure() -> None:
    assert Client(provider=ScriptedModel(lambda request: request.messages[0].text[::-1])).complete("abc").text == "cba"
    with pytest.raises(LookupError):
        Client(provider=ScriptedModel(LookupError("x"))).complete("abc")


def test_a_blocked_network_refuses_with_its_reason() -> None:
    with block_network(), pytest.raises(ConnectionRefusedError, match=r"blocked here: look up 'example\.com'"):
        socket.create_connection(("example.com", 80), timeout=1)
    with (
        block_network(),
        socket.socket() as plain,
        pytest.raises(ConnectionRefusedError, match="blocked here: connect"),
    ):
        plain.connect(("192.0.2.1", 80))


def test_loopback_stays_open_unless_it_is_blocked_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with block_network():
            socket.create_connection(server.getsockname()).close()
        with block_network(allow_loopback=False), pytest.raises(ConnectionRefusedError):
            socket.create_connection(server.getsockname())
