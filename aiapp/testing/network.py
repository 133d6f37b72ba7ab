"""A network that cannot be reached."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from typing import Any

_SENDING = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}
"""What a socket does to reach another, with the place of the address among the arguments."""
_LOOKING_UP = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")


@contextmanager
def block_network(*, allow_loopback: bool = True) -> Generator[None]:
    """Inside, no socket connects or sends and no name is looked up, save on this machine where `allow_loopback`.

    It holds for this process, in all its threads, and for whatever goes through Python's own `socket`.
    """
    guard = _Guard(allow_loopback)
    with ExitStack() as replaced:

        def replace(owner: Any, name: str, other: Any) -> None:
            replaced.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, other)

        for name, place in _SENDING.items():
            if hasattr(socket.socket, name):  # `sendmsg` is not everywhere
                replace(socket.socket, name, guard.sending(getattr(socket.socket, name), place))
        for name in _LOOKING_UP:
            replace(socket, name, guard.looking_up(getattr(socket, name)))
        yield


@dataclass(frozen=True, slots=True)
class _Guard:
    allow_loopback: bool

    def sending(self, real: Callable[..., Any], place: int) -> Callable[..., Any]:
        """A method of a socket, which refuses an address elsewhere."""

        @wraps(real)
        def guarded(of: socket.socket, *args: Any) -> Any:
            for address in args[place:][:1]:
                self._check(_host(address), f"{real.__name__} to {address!r}")
            return real(of, *args)

        return guarded

    def looking_up(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """A function of a name, or of an address, which refuses one elsewhere."""

        @wraps(real)
        def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
            self._check(_host(host) if isinstance(host, tuple) else host, f"look up {host!r}")
            return real(host, *args, **kwargs)

        return guarded

    def _check(self, host: object, deed: str) -> None:
        if isinstance(host, str | bytes | bytearray) and not (self.allow_loopback and _is_loopback(host)):
            raise ConnectionRefusedError(f"the network is blocked here: {deed}")


def _host(address: Any) -> Any:
    """The host that a socket's address names; None for a place in the file system."""
    return address[0] if isinstance(address, tuple) and address else None  # pyright: ignore[reportUnknownVariableType]


def _is_loopback(host: str | bytes | bytearray) -> bool:
    """Whether it is this machine, by its number or by the one name that is its own."""
    name = host if isinstance(host, str) else bytes(host).decode("ascii", "replace")
    try:
        return name.lower() == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
