"""What goes wrong on the way, as values; a script takes them wherever it takes an answer.

Status                     an error of the API's, with or without Retry-After
Page                       HTML where JSON or a stream was asked for
Dropped                    the connection closes before a byte
├── Cut                    ... after some bytes of the body
└── Truncated              the body stops early, and HTTP says that it is whole
Stall, Drip                silence once; a few bytes at a time
StreamError                an `error` event in the stream
Interleaved, IndexReused   parallel tool calls whose deltas mix, or all name index 0
Noisy, Crlf                unknown events and comments in the stream; lines that end in CR LF

A fault of a stream leaves a whole answer as it is. Faults nest where both make sense: `Cut(Crlf(said), at=300)`; what
counts bytes goes outside. `deck` has all of them by name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from aiapp.core.accepted import AT_LEAST_ONE, AT_LEAST_ZERO, Accepted, instance, number
from aiapp.core.errors import InvalidInput
from aiapp.core.parts import ToolCall
from aiapp.testing.replies import Answer, Asked, Piece, Reply, as_asked, as_json, as_stream, frame, render
from aiapp.testing.wires import CHAT, EMBEDDINGS, MESSAGES, Said, Vectors, Wire
from aiapp.testing.wires.failures import CONTEXT_OVERFLOW

_HTML = "<html><head><title>Gateway</title></head><body><h1>Please sign in</h1></body></html>"
_COMMENT = b": keep-alive\n\n"
_SAID = Said("Grüße aus Köln: 你好 🙂, und noch etwas mehr Text")
_VECTORS = Vectors((tuple(place / 64 for place in range(64)),))
_CALLS = (ToolCall("call_1", "look", '{"at": "it"}'), ToolCall("call_2", "touch", '{"the": 2}'))
_STATUS = Accepted("an HTTP status from 200 to 599", lambda value: isinstance(value, int) and 200 <= value <= 599)
_RETRY_AFTER = instance("a number of seconds, or a text such as a date", int, float, str)
_WAIT = number("a number of seconds, at least 0", lambda seconds: 0 <= seconds < math.inf)


@dataclass(frozen=True, slots=True)
class Status:
    """An error of the API's in the wire's own words, `retry_after` in seconds or as a date."""

    status: int
    message: str | None = None
    code: str | None = None
    retry_after: float | str | None = None

    def __post_init__(self) -> None:
        _STATUS.check("status", self.status)
        if self.retry_after is not None:
            _RETRY_AFTER.check("retry_after", self.retry_after)

    def reply(self, asked: Asked) -> Reply:
        """The error's JSON body."""
        reply = as_json(asked.wire.failure(self.status, self.message, self.code), asked.wire, self.status)
        if self.retry_after is None:
            return reply
        shown = self.retry_after if isinstance(self.retry_after, str) else f"{self.retry_after:g}"
        return replace(reply, headers=(*reply.headers, ("retry-after", shown)))


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a gateway or a captive portal's."""

    status: int = 502
    html: str = _HTML

    def __post_init__(self) -> None:
        _STATUS.check("status", self.status)

    def reply(self, asked: Asked) -> Reply:
        """The page."""
        return Reply((Piece(self.html.encode()),), self.status, (("content-type", "text/html"),))


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection closes before any byte of an answer."""

    def reply(self, asked: Asked) -> Reply:
        """Nothing."""
        return Reply((), whole=False)


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection closes after `at` bytes of the body."""

    answer: Answer
    at: int

    def __post_init__(self) -> None:
        AT_LEAST_ZERO.check("at", self.at)

    def reply(self, asked: Asked) -> Reply:
        """The beginning of the answer, and a broken connection."""
        reply = render(self.answer, asked)
        pieces = _first(reply.pieces, self.at) or (Piece(b""),)
        return replace(reply, pieces=pieces, whole=False, length=len(reply.body))


@dataclass(frozen=True, slots=True)
class Truncated:
    """The body stops after `at` bytes, and HTTP says that it is whole: JSON breaks off, a stream has no end."""

    answer: Answer
    at: int

    def __post_init__(self) -> None:
        AT_LEAST_ZERO.check("at", self.at)

    def reply(self, asked: Asked) -> Reply:
        """The beginning of the answer."""
        reply = render(self.answer, asked)
        return replace(reply, pieces=_first(reply.pieces, self.at))


@dataclass(frozen=True, slots=True)
class Stall:
    """No bytes for `seconds`, once, before byte `at` of the body; at 0 the head is held back too."""

    answer: Answer
    seconds: float
    at: int = 0

    def __post_init__(self) -> None:
        _WAIT.check("seconds", self.seconds)
        AT_LEAST_ZERO.check("at", self.at)

    def reply(self, asked: Asked) -> Reply:
        """The answer, with a silence in it."""
        reply = render(self.answer, asked)
        early = _first(reply.pieces, self.at)
        late = _after(reply.pieces, self.at)
        if late:
            late = (replace(late[0], wait=late[0].wait + self.seconds), *late[1:])
        return replace(reply, pieces=(*early, *late))


@dataclass(frozen=True, slots=True)
class Drip:
    """`size` bytes at a time, `seconds` apart, whatever they cut through: events, lines, characters."""

    answer: Answer
    size: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        AT_LEAST_ONE.check("size", self.size)
        _WAIT.check("seconds", self.seconds)

    def reply(self, asked: Asked) -> Reply:
        """The answer in small pieces."""
        reply = render(self.answer, asked)
        starts = range(0, len(reply.body), self.size)
        return replace(reply, pieces=tuple(Piece(reply.body[at : at + self.size], self.seconds) for at in starts))


@dataclass(frozen=True, slots=True)
class StreamError:
    """After some events an `error` event, and the stream ends; a whole answer is the error itself."""

    answer: Answer
    error: Status
    after: int = 3

    def __post_init__(self) -> None:
        AT_LEAST_ZERO.check("after", self.after)

    def reply(self, asked: Asked) -> Reply:
        """The events before the error, and the error."""
        if not asked.stream:
            return self.error.reply(asked)
        reply = render(self.answer, asked)
        wire, error = asked.wire, self.error
        event = wire.failure_event(wire.failure(error.status, error.message, error.code), self.after)
        return replace(reply, pieces=(*reply.pieces[: self.after], Piece(frame(event, wire))))


@dataclass(frozen=True, slots=True)
class Interleaved:
    """The deltas of parallel tool calls come in turn."""

    said: Said

    def reply(self, asked: Asked) -> Reply:
        """The same answer, mixed."""
        if not asked.stream:
            return render(self.said, asked)
        return as_stream(asked.wire.events(as_asked(self.said, asked), interleaved=True), asked.wire)


@dataclass(frozen=True, slots=True)
class IndexReused:
    """Every tool call has index 0, as some gateways have it: only a new id tells them apart. Chat Completions alone."""

    said: Said

    def reply(self, asked: Asked) -> Reply:
        """The same answer, misnumbered."""
        if not asked.stream:
            return render(self.said, asked)
        if asked.wire is not CHAT:
            raise InvalidInput("answer", "IndexReused", "Chat Completions; no other wire has such gateways")
        events = asked.wire.events(as_asked(self.said, asked))
        for event in events:
            for choice in event["choices"]:
                for call in choice["delta"].get("tool_calls", ()):
                    call["index"] = 0
        return as_stream(events, asked.wire)


@dataclass(frozen=True, slots=True)
class Noisy:
    """Comments, pings and events of unknown types between the events of a stream."""

    answer: Answer

    def reply(self, asked: Asked) -> Reply:
        """The same answer, with more around it."""
        reply = render(self.answer, asked)
        if not reply.streamed:
            return reply
        noise = (Piece(_COMMENT), *(Piece(frame(event, asked.wire)) for event in asked.wire.noise))
        # The vendors' own first event comes first.
        pieces = [part for piece in reply.pieces[1:] for part in (*noise, piece)]
        return replace(reply, pieces=(Piece(_COMMENT), *reply.pieces[:1], *pieces))


@dataclass(frozen=True, slots=True)
class Crlf:
    """Lines of a stream end in CR LF."""

    answer: Answer

    def reply(self, asked: Asked) -> Reply:
        """The same answer in other line ends."""
        reply = render(self.answer, asked)
        if not reply.streamed:
            return reply
        return replace(
            reply, pieces=tuple(replace(piece, data=piece.data.replace(b"\n", b"\r\n")) for piece in reply.pieces)
        )


def rate_limited(retry_after: float | str | None = None) -> Status:
    """429."""
    return Status(429, retry_after=retry_after)


def overloaded(retry_after: float | str | None = None) -> Status:
    """529, which Anthropic sends; OpenAI's word for it is 503."""
    return Status(529, retry_after=retry_after)


def context_overflow() -> Status:
    """400: the prompt is too long."""
    return Status(400, code=CONTEXT_OVERFLOW)


def deck(wire: Wire, said: Said | Vectors | None = None) -> dict[str, Answer]:
    """One of every fault that a wire can have, by name, around one answer; none waits for more than 0.1 seconds."""
    if wire is EMBEDDINGS:
        vectors = _VECTORS if said is None else said
        if not isinstance(vectors, Vectors):
            raise InvalidInput("said", said, f"Vectors for {wire.name}")
        return _of_any_wire(vectors)
    told = _SAID if said is None else said
    if not isinstance(told, Said):
        raise InvalidInput("said", said, f"Said for {wire.name}")
    return _of_any_wire(told) | _of_a_model(told) | _of_one_wire(wire, told)


def _of_any_wire(told: Said | Vectors) -> dict[str, Answer]:
    """What HTTP, a gateway and the API itself can do to any answer."""
    codes = (400, 401, 402, 403, 404, 413, 422, 500, 502, 503, 504, 529)
    return {
        **{f"status {code}": Status(code) for code in codes},
        "rate limited": rate_limited(),
        "rate limited, seconds to wait": rate_limited(retry_after=1),
        "rate limited, a date to wait for": rate_limited(retry_after="Wed, 21 Oct 2099 07:28:00 GMT"),
        "context overflow": context_overflow(),
        "page with 200": Page(200),
        "page with 502": Page(502),
        "dropped": Dropped(),
        "cut": Cut(told, at=200),
        "truncated": Truncated(told, at=200),
        "stalled before the head": Stall(told, seconds=0.1),
        "stalled in the body": Stall(told, seconds=0.1, at=200),
        "dripping": Drip(told, size=500, seconds=0.01),
        "split characters": Drip(told, size=1),
    }


def _of_a_model(said: Said) -> dict[str, Answer]:
    """What can be wrong with what a model says, and with the stream in which it says it."""
    return {
        "error in the stream": StreamError(said, Status(500)),
        "overload in the stream": StreamError(said, Status(529)),
        "refused": Said(refusal="I cannot help with that."),
        "cut by the length": replace(said, finish="length"),
        "interleaved calls": Interleaved(_calling(said)),
        "noisy": Noisy(said),
        "CR LF": Crlf(said),
    }


def _of_one_wire(wire: Wire, said: Said) -> dict[str, Answer]:
    if wire is MESSAGES:
        return {"paused": replace(said, finish="pause")}
    return {"reused index": IndexReused(_calling(said))} if wire is CHAT else {}


def _calling(said: Said) -> Said:
    return said if said.tool_calls else replace(said, tool_calls=_CALLS)


def _first(pieces: tuple[Piece, ...], count: int) -> tuple[Piece, ...]:
    kept: list[Piece] = []
    for piece in pieces:
        if count <= 0:
            break
        kept.append(replace(piece, data=piece.data[:count]))
        count -= len(piece.data)
    return tuple(kept)


def _after(pieces: tuple[Piece, ...], count: int) -> tuple[Piece, ...]:
    left: list[Piece] = []
    for piece in pieces:
        if len(piece.data) > count:
            left.append(replace(piece, data=piece.data[count:], wait=0.0 if count > 0 else piece.wait))
        count = max(0, count - len(piece.data))
    return tuple(left)
