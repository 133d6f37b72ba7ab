"""A network that cannot be reached."""

from __future__ import annotations

import socket

import pytest

from aiapp.testing import block_network


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
