"""A network that cannot be reached."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
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


OUTSIDE = ("192.0.2.1", 80)
DEEDS: dict[str, Callable[[socket.socket], Any]] = {
    "connect": lambda plain: plain.connect(OUTSIDE),
    "connect, the host in bytes": lambda plain: plain.connect((b"192.0.2.1", 80)),
    "connect_ex": lambda plain: plain.connect_ex(OUTSIDE),
    "connect_ex, the host in a bytearray": lambda plain: plain.connect_ex((bytearray(b"192.0.2.1"), 80)),
    "sendto": lambda plain: plain.sendto(b"x", OUTSIDE),
    "sendto with flags": lambda plain: plain.sendto(b"x", 0, OUTSIDE),
    "sendmsg": lambda plain: plain.sendmsg([b"x"], [], 0, OUTSIDE),
    "getaddrinfo": lambda _: socket.getaddrinfo("example.com", 80),
    "getaddrinfo of bytes": lambda _: socket.getaddrinfo(b"example.com", 80),
    "getaddrinfo by name": lambda _: socket.getaddrinfo(host="example.com", port=80),
    "getaddrinfo of what begins as this machine": lambda _: socket.getaddrinfo("127.evil.example", 80),
    "getaddrinfo of what begins as localhost": lambda _: socket.getaddrinfo("localhost.evil.example", 80),
    "gethostbyname": lambda _: socket.gethostbyname("example.com"),
    "gethostbyname_ex": lambda _: socket.gethostbyname_ex("example.com"),
    "gethostbyaddr": lambda _: socket.gethostbyaddr("192.0.2.1"),
    "getnameinfo": lambda _: socket.getnameinfo(OUTSIDE, 0),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())
def test_there_is_no_other_way_out(deed: Callable[[socket.socket], Any]) -> None:
    with (
        block_network(),
        socket.socket(type=socket.SOCK_DGRAM) as plain,
        pytest.raises(ConnectionRefusedError, match="blocked here"),
    ):
        deed(plain)


def test_an_async_client_gets_no_further() -> None:
    async def ask() -> None:
        async with httpx2.AsyncClient(trust_env=False) as client:
            await client.get("http://example.com/")

    with block_network(), pytest.raises(httpx2.ConnectError, match="blocked here: look up"):
        asyncio.run(ask())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", b"127.0.0.1", "localhost", "LocalHost"])
def test_this_machine_is_reached_by_datagrams_and_under_its_name(host: Any) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as there, socket.socket(type=socket.SOCK_DGRAM) as here:
        there.bind(("127.0.0.1", 0))
        port = there.getsockname()[1]
        with block_network():
            assert socket.getaddrinfo(host, port)
            assert here.sendto(b"x", (host, port)) == 1
            assert here.sendmsg([b"x"], [], 0, (host, port)) == 1
            assert here.connect_ex((host, port)) == 0
        for deed in ("connect", "connect_ex"):
            with block_network(allow_loopback=False), pytest.raises(ConnectionRefusedError, match="blocked here"):
                getattr(here, deed)((host, port))


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
def test_a_socket_in_the_file_system_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a path of such a socket must be short
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as plain:
        listening.bind("here")
        listening.listen()
        with block_network(allow_loopback=False):
            plain.connect("here")
            assert plain.getpeername() == "here"


def test_all_is_as_before_when_it_ends() -> None:
    names = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
    methods = ("connect", "connect_ex", "sendto", "sendmsg")

    def found() -> list[Any]:
        return [*(getattr(socket, name) for name in names), *(getattr(socket.socket, name) for name in methods)]

    before = found()
    with block_network():
        assert not {*map(id, found())} & {*map(id, before)}
    assert found() == before
