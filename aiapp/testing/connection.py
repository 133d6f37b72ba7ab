"""One client's connection to a wire server: HTTP/1.1 in, the bytes of a delivery out.

A protocol rather than a task with streams: it costs a benchmark less, and sees at once that a client has gone, also
while it waits between two bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiapp.testing.replies import Delivery, Piece

_SECRET = {"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"}


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """A request: the path with its query, header names in lower case, the body as JSON, or as text where it is none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any

    def __repr__(self) -> str:
        shown = {name: "..." if name in _SECRET else value for name, value in self.headers.items()}
        return f"Received({self.method} {self.path}, headers={shown}, body={self.body!r})"


@dataclass(slots=True)
class Tally:
    """The connections of a server, and how many requests are being answered."""

    connections: set[Connection] = field(default_factory=lambda: set[Connection]())
    in_flight: int = 0
    most_in_flight: int = 0

    def began(self) -> None:
        """A request arrived."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)


@dataclass(frozen=True, slots=True)
class _Head:
    method: str
    path: str
    headers: Mapping[str, str]
    length: int

    def received(self, body: bytes) -> Received:
        try:
            parsed: Any = json.loads(body)
        except ValueError:
            parsed = body.decode(errors="replace")
        return Received(self.method, self.path, self.headers, parsed)

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


class Connection(asyncio.Protocol):
    """Answers one request after the other with what `answer` says, `delay` seconds late."""

    def __init__(self, answer: Callable[[Received], Delivery], tally: Tally, delay: float) -> None:
        self._answer, self._tally, self._delay = answer, tally, delay
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._busy = self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._tally.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone: what was still to be said is not."""
        self._tally.connections.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._busy:
            self._tally.in_flight -= 1

    def data_received(self, data: bytes) -> None:
        """More of a request; requests that are sent ahead wait for their turn."""
        self._buffer += data
        self._advance()

    def abort(self) -> None:
        """Break off."""
        if self._transport is not None:
            self._transport.abort()

    def _advance(self) -> None:
        while self._transport is not None and not (self._busy or self._closing):
            if self._head is None:
                end = self._buffer.find(b"\r\n\r\n")
                if end < 0:
                    return
                self._head = _parsed(bytes(self._buffer[:end]))
                del self._buffer[: end + 4]
                if self._head is None:
                    self._transport.write(b"HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\n\r\n")
                    self._close()
                    return
            if len(self._buffer) < self._head.length:
                return
            head, self._head = self._head, None
            body = bytes(self._buffer[: head.length])
            del self._buffer[: head.length]
            self._busy = True
            self._tally.began()
            self._send(self._answer(head.received(body)), head.closes)

    def _send(self, delivery: Delivery, closes: bool, step: int = 0, *, waited: bool = False) -> None:
        """Write the steps that are due; one that must wait comes back here."""
        while self._transport is not None:
            piece = delivery.steps[step] if delivery.steps else Piece(b"")
            wait = piece.wait + (self._delay if step == 0 else 0.0)
            if wait > 0 and not waited:
                self._timer = asyncio.get_running_loop().call_later(wait, self._resume, delivery, closes, step)
                return
            waited = False
            last = step + 1 >= len(delivery.steps)
            if last:  # counted out before the client can read the end
                self._busy = False
                self._tally.in_flight -= 1
            self._transport.write(piece.data)
            if last:
                if closes or delivery.close:
                    self._close()
                return
            step += 1

    def _resume(self, delivery: Delivery, closes: bool, step: int) -> None:
        self._send(delivery, closes, step, waited=True)
        self._advance()

    def _close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.close()


def _parsed(head: bytes) -> _Head | None:
    """None where the request does not say how long its body is, or is no HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    words = first.split(" ")
    length = headers.get("content-length", "0")
    if len(words) != 3 or not length.isdecimal() or "transfer-encoding" in headers:
        return None
    return _Head(words[0], words[1], headers, int(length))
