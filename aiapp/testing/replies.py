"""What goes down the connection for an answer: first as pieces of a body, which faults bend, then as bytes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from aiapp.core.accepted import Accepted
from aiapp.core.errors import InvalidInput
from aiapp.testing.wires import EMBEDDINGS, Said, Vectors, Wire, embeddings

REASON_PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """Of a request, what its answer depends on: the wire, the model, and how the answer is to come.

    `usage` is whether a stream is to end with the counts; `texts` is how many are to be embedded.
    """

    wire: Wire
    model: str = "scripted"
    stream: bool = False
    usage: bool = True
    texts: int = 1
    in_base64: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a body that are sent together, `wait` seconds after those before."""

    data: bytes
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. A streamed one has a piece an event and goes out in chunks.

    Where it is not `whole` the connection closes after the last piece, short of what the head announced. The head goes
    out with the first piece: a reply that has none and is not whole closes the connection without a byte.
    """

    pieces: tuple[Piece, ...]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    streamed: bool = False
    whole: bool = True
    length: int | None = None

    @property
    def body(self) -> bytes:
        """All bytes of the body."""
        return b"".join(piece.data for piece in self.pieces)


class Fault(Protocol):
    """An answer that goes wrong in its own way. It must be hashable: what it replies is kept and sent again."""

    def reply(self, asked: Asked) -> Reply:
        """What is sent instead."""
        ...

    def __hash__(self) -> int:
        """Equal for faults that reply alike."""
        ...


Answer: TypeAlias = str | Said | Vectors | Fault
"""A text is short for `Said(text)`."""
ANSWER = Accepted(
    "a text, Said, Vectors or a fault, such as faults.rate_limited()",
    lambda value: isinstance(value, str | Said | Vectors) or (hasattr(value, "reply") and not isinstance(value, type)),
)


def render(answer: Answer, asked: Asked) -> Reply:
    """What is sent for an answer."""
    match answer:
        case str():
            return render(Said(answer), asked)
        case Said():
            return _spoken(answer, asked)
        case Vectors():
            if asked.wire is not EMBEDDINGS:
                raise InvalidInput("answer", answer, f"Said, or a text, for {asked.wire.name}")
            named = answer if answer.model is not None else replace(answer, model=asked.model)
            return as_json(embeddings.listed(named, asked.texts, in_base64=asked.in_base64), asked.wire)
        case _:
            ANSWER.check("answer", answer)
            return answer.reply(asked)


def _spoken(said: Said, asked: Asked) -> Reply:
    wire, told = asked.wire, as_asked(said, asked)
    return as_stream(wire.events(told), wire) if asked.stream else as_json(wire.whole(told), wire)


def counted_alone(answer: str | Said, asked: Asked) -> Reply:
    """What a vendor says that only counts the tokens of a request."""
    usage = (Said(answer) if isinstance(answer, str) else answer).usage
    tokens = None if usage is None else usage.input_tokens
    return as_json({} if tokens is None else {"input_tokens": tokens}, asked.wire)


def as_asked(said: Said, asked: Asked) -> Said:
    """The answer with what the request decides: the model's name, and whether the counts are wanted."""
    named = said if said.model is not None else replace(said, model=asked.model)
    return named if asked.usage else replace(named, usage=None)


def as_json(body: Mapping[str, Any], wire: Wire, status: int = 200) -> Reply:
    """A JSON body."""
    headers = (("content-type", _JSON), (wire.request_id_header, "req_1"))
    return Reply((Piece(_dump(body)),), status, headers)


def as_stream(events: list[dict[str, Any]], wire: Wire) -> Reply:
    """Events, each in a piece of its own, and what closes a stream on this wire."""
    frames = [frame(event, wire) for event in events]
    if wire.terminator:
        frames.append(wire.terminator)
    headers = (("content-type", "text/event-stream; charset=utf-8"), (wire.request_id_header, "req_1"))
    return Reply(tuple(map(Piece, frames)), 200, headers, streamed=True)


def frame(event: Mapping[str, Any], wire: Wire) -> bytes:
    """One server-sent event."""
    data = b"data: " + _dump(event) + b"\n\n"
    return f"event: {event['type']}\n".encode() + data if wire.named else data


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes of a reply in the steps in which they are written; `close` ends the connection after the last."""

    steps: tuple[Piece, ...]
    close: bool = False


@lru_cache(maxsize=512)
def delivery(answer: Answer, asked: Asked) -> Delivery:
    """The bytes for an answer; made once for each answer and way of asking."""
    return encode(render(answer, asked))


def encode(reply: Reply) -> Delivery:
    """A reply as HTTP/1.1. What is sent without a wait between goes out in one write."""
    if not reply.pieces and not reply.whole:
        return Delivery((), close=True)
    steps: list[Piece] = [Piece(_head(reply))]
    for number, piece in enumerate(reply.pieces):
        data = b"%x\r\n%b\r\n" % (len(piece.data), piece.data) if reply.streamed and piece.data else piece.data
        if piece.wait and number:
            steps.append(Piece(data, piece.wait))
        else:
            steps[-1] = Piece(steps[-1].data + data, steps[-1].wait + piece.wait)
    if reply.streamed and reply.whole:
        steps[-1] = replace(steps[-1], data=steps[-1].data + b"0\r\n\r\n")
    return Delivery(tuple(steps), close=not reply.whole)


def _head(reply: Reply) -> bytes:
    length = len(reply.body) if reply.length is None else reply.length
    framing = ("transfer-encoding", "chunked") if reply.streamed else ("content-length", str(length))
    lines = [f"HTTP/1.1 {reply.status} {REASON_PHRASES.get(reply.status, 'Status')}"]
    lines.extend(f"{name}: {value}" for name, value in (*reply.headers, framing))
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
