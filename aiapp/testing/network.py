"""A network that cannot be reached."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_LOOPBACK = ("127.", "::1", "localhost")


@contextmanager
def block_network(*, allow_loopback: bool = True) -> Generator[None]:
    """Inside, no socket connects and no name is looked up, save on this machine where `allow_loopback`."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def permitted(host: object) -> bool:
        return not isinstance(host, str) or (allow_loopback and host.startswith(_LOOPBACK))

    def guarded_connect(self: socket.socket, address: Any) -> None:
        host: object = None if isinstance(address, str | bytes) else address[0]
        if not permitted(host):
            raise ConnectionRefusedError(f"the network is blocked here: connect to {address!r}")
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not permitted(host):
            raise ConnectionRefusedError(f"the network is blocked here: look up {host!r}")
        return look_up(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = guarded_look_up
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.getaddrinfo = look_up
