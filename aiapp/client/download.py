"""A download that cannot be turned against the network it runs in.

Only http and https; every address that a name stands for is checked before it is connected to, again on each redirect,
and the connection is made to the very address that was checked. Size and time are bounded.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from urllib.parse import quote, urljoin, urlsplit

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.secrets import bare_url

REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_SAFE = "%/:=&?~#+!$,;'@()*[]"
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::ffff:0:0:0/96"))
_REFUSED = (
    ipaddress.ip_network("::/96"),  # IPv4 as the last bits, of old
    ipaddress.ip_network("64:ff9b:1::/48"),  # a network's own NAT64, which leads into it
    ipaddress.ip_network("fec0::/10"),  # a site's own addresses, of old
)


class DownloadFailed(AiappError):
    """A URL could not be fetched, or gave something that was refused; it is shown without password and query."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = bare_url(url), reason
        super().__init__(f"{self.url}: {reason}")


def download(url: str, *, max_bytes: int, timeout: float = 30.0, allow_private: bool = False) -> bytes:
    """What is at a URL, of at most `max_bytes`, within `timeout` seconds; no proxy and no cookie is used."""
    until = time.monotonic() + timeout
    at = url
    for _ in range(REDIRECTS + 1):
        connection = _connection(at, until, allow_private)
        try:
            with _ended_in_time(connection, at, until):
                moved, body = _get(connection, at, max_bytes)
        finally:
            connection.close()
        if moved is None:
            return body
        at = urljoin(at, moved)
    raise DownloadFailed(url, f"more than {REDIRECTS} redirects")


def _get(connection: http.client.HTTPConnection, url: str, max_bytes: int) -> tuple[str | None, bytes]:
    """Where it has moved to, or what is there."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept-Encoding": "identity", "User-Agent": "aiapp"}
    connection.request("GET", quote(target, safe=_SAFE), headers=headers)
    response = connection.getresponse()
    moved = response.getheader("location")
    if response.status in _MOVED and moved is not None:
        return moved, b""
    if response.status != 200:
        raise DownloadFailed(url, f"the server answered {response.status}")
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise DownloadFailed(url, f"more than {max_bytes:,} bytes")
    if response.length:
        raise DownloadFailed(url, "the connection broke off")
    return None, body


@contextmanager
def _ended_in_time(connection: _Connection, url: str, until: float) -> Generator[None]:
    """Hang up when the time is over, however slowly the server drips; failures of the connection as ours."""
    timer = threading.Timer(until - time.monotonic(), connection.hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except DownloadFailed:
        if connection.late:
            raise DownloadFailed(url, "it took too long") from None
        raise
    except (OSError, http.client.HTTPException) as error:
        late = connection.late or isinstance(error, TimeoutError)
        reason = "it took too long" if late else f"cannot be fetched ({str(error) or type(error).__name__})"
        raise DownloadFailed(url, reason) from None
    finally:
        timer.cancel()
    if connection.late:
        raise DownloadFailed(url, "it took too long")


def _connection(url: str, until: float, allow_private: bool) -> _Connection:
    """A connection to an address that may be connected to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidInput("url", bare_url(url), "an http or https URL")
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadFailed(url, f"the name {host} is not known ({error})") from None
    addresses = [str(one[4][0]) for one in found]
    refused = [address for address in addresses if not allow_private and not is_public(address)]
    if refused:
        raise DownloadFailed(url, f"{host} is at {refused[0]}, which is not public; allow_private=True permits it")
    return _Connection(host, addresses, port, _left(url, until), secure=parts.scheme == "https")


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's, also where IPv6 wraps an IPv4 one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if any(ip in network for network in _REFUSED):
            return False
        inner = ip.ipv4_mapped or ip.sixtofour
        if any(ip in network for network in _TRANSLATED):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _left(url: str, until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise DownloadFailed(url, "it took too long")
    return left


class _Connection(http.client.HTTPConnection):
    """Connects to an address that is already known, under the name that the server answers to."""

    def __init__(self, host: str, addresses: list[str], port: int, timeout: float, *, secure: bool) -> None:
        super().__init__(host, port, timeout=timeout)
        self._addresses, self._secure = addresses, secure
        self.default_port = 443 if secure else 80
        self.late = False
        self._held: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first of the addresses that answers."""
        *others, last = self._addresses
        for address in others:
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError:
                continue
        else:
            self.sock = socket.create_connection((last, self.port), self.timeout)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
        self._held = self.sock  # `sock` is None once an answer has begun that ends with its connection

    def hang_up(self) -> None:
        """The time is over: whoever reads gets nothing more."""
        self.late = True
        if self._held is not None:
            with suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)
