"""A vendor on this machine: a real HTTP server that answers from a script on every wire."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeGuard, cast

from aiapp.core.accepted import Accepted, is_function, number
from aiapp.testing.connection import Connection, Received, Tally
from aiapp.testing.faults import Status
from aiapp.testing.replies import ANSWER, Answer, Asked, Delivery, Piece, Reply, counted_alone, delivery, encode
from aiapp.testing.wires import CHAT, EMBEDDINGS, WIRES, Said, Wire

Script: TypeAlias = Answer | Sequence[Answer] | Callable[[Received], Answer]

_BACKLOG = 1024
_SCRIPT = Accepted(
    f"{ANSWER.words}; a list of them, or a function of the request",
    lambda script: isinstance(script, list | tuple) or ANSWER.holds(script) or is_function(script),
)
_DELAY = number("a number of seconds, at least 0", lambda seconds: 0 <= seconds < math.inf)


@dataclass(frozen=True, slots=True)
class _Running:
    port: int
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    thread: threading.Thread


class WireServer:
    """Answers from a script: one answer for ever, a list in order, or a function of the request.

    It is asked as the vendors are, with or without `/v1`: POST `/responses`, `/chat/completions`, `/messages` and
    `/embeddings`; `/responses/input_tokens` and `/messages/count_tokens` tell the input tokens of the answer's usage. A
    list that runs out, a function that fails and an answer that the wire cannot say are answered with 500 and the
    reason. `delay` seconds pass before every answer. `record=False` keeps no request, for long benchmarks.

    Two habits of vendors that speak Chat Completions otherwise than OpenAI: `usage_unasked` counts in every stream, and
    `reasoning_outside` keeps the tokens of reasoning out of those of the output.
    """

    def __init__(
        self,
        script: Script,
        *,
        delay: float = 0.0,
        record: bool = True,
        usage_unasked: bool = False,
        reasoning_outside: bool = False,
    ) -> None:
        _SCRIPT.check("script", script)
        _DELAY.check("delay", delay)
        self._script: Any = script
        self._steps: list[Answer] | None = [*script] if isinstance(script, list | tuple) else None
        if self._steps is not None:
            ANSWER.check_each("script", self._steps)
        self._delay, self._record = delay, record
        self._usage_unasked, self._reasoning_outside = usage_unasked, reasoning_outside
        self._tally = Tally()
        self._running: _Running | None = None
        self.requests: list[Received] = []

    @property
    def url(self) -> str:
        """Where it listens, without `/v1`; only inside the `with` block."""
        if self._running is None:
            raise RuntimeError("the server listens inside its `with` block alone")
        return f"http://127.0.0.1:{self._running.port}"

    @property
    def open_connections(self) -> int:
        """How many clients' connections are open. A close is seen a moment after it: see `assert_closed`."""
        return len(self._tally.connections)

    @property
    def in_flight(self) -> int:
        """How many requests are being answered."""
        return self._tally.in_flight

    @property
    def most_in_flight(self) -> int:
        """The most requests that were being answered at once."""
        return self._tally.most_in_flight

    def assert_done(self) -> None:
        """Fail where a list of answers was not used up."""
        assert not self._steps, f"{len(self._steps or [])} answers of the script were not asked for: {self._steps}"

    def assert_closed(self, within: float = 2.0) -> None:
        """Fail where a client's connection is still open after so many seconds."""
        deadline = time.monotonic() + within
        while self.open_connections and time.monotonic() < deadline:
            time.sleep(0.002)
        assert not self.open_connections, f"{self.open_connections} connections are still open"

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        thread = threading.Thread(
            target=lambda: loop.run_until_complete(self._serve(listener, stop)), name="aiapp-wire-server", daemon=True
        )
        self._running = _Running(listener.getsockname()[1], loop, stop, thread)
        thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.loop.call_soon_threadsafe(running.stop.set)
            running.thread.join()
            running.loop.close()

    async def _serve(self, listener: socket.socket, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: Connection(self._answer, self._tally, self._delay), sock=listener, backlog=_BACKLOG
        )
        await stop.wait()
        listening.close()
        # A connection that was accepted just now is still a task; it joins the others a turn later.
        while self._tally.connections or len(asyncio.all_tasks()) > 1:
            for connection in [*self._tally.connections]:
                connection.abort()
            await asyncio.sleep(0)

    def _answer(self, received: Received) -> Delivery:
        if self._record:
            self.requests.append(received)
        path, counting = _counting(received.path.partition("?")[0])
        wire = next((wire for wire in WIRES if path.endswith(wire.path)), None)
        if wire is None or received.method != "POST":
            text = f"no wire is served at {received.method} {received.path}"
            return encode(Reply((Piece(text.encode()),), 404, (("content-type", "text/plain"),)))
        if not _is_object(received.body):
            return encode(Status(400, "the body is no JSON object").reply(Asked(wire)))
        asked = _asked(wire, received.body)
        asked = replace(asked, usage=asked.usage or self._usage_unasked)
        try:
            answer = self._next(received)
            if self._reasoning_outside and isinstance(answer, Said):
                answer = _reasoning_outside(answer)
            if counting and isinstance(answer, str | Said):
                return encode(counted_alone(answer, asked))
            return delivery(answer, asked)
        except Exception as error:
            # A mistake in a script, or in the test around it, is best read where the answer was expected.
            return encode(Status(500, f"{type(error).__name__}: {error}").reply(asked))

    def _next(self, received: Received) -> Answer:
        if self._steps is not None:
            assert self._steps, f"the script has no answer left for {received.method} {received.path}"
            return self._steps.pop(0)
        answer: Any = self._script
        return cast(Answer, answer(received) if callable(answer) else answer)


def _counting(path: str) -> tuple[str, bool]:
    """The path of the wire, and whether the tokens of a request are only to be counted there."""
    at, _, last = path.rpartition("/")
    return (at, True) if last in ("count_tokens", "input_tokens") else (path, False)


def _is_object(body: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(body, dict)


def _reasoning_outside(said: Said) -> Said:
    """The same answer with an output that leaves out the reasoning."""
    usage = said.usage
    if usage is None or usage.output_tokens is None:
        return said
    return replace(said, usage=replace(usage, output_tokens=usage.output_tokens - (usage.reasoning_tokens or 0)))


def _asked(wire: Wire, body: Mapping[str, Any]) -> Asked:
    """How the answer is to come."""
    model = str(body.get("model", "scripted"))
    if wire is EMBEDDINGS:
        texts: Any = body.get("input")
        single = isinstance(texts, str) or not texts or isinstance(texts[0], int)
        count = 1 if single else len(texts)
        return Asked(wire, model, texts=count, in_base64=body.get("encoding_format") == "base64")
    stream = body.get("stream") is True
    options: Mapping[str, Any] = body.get("stream_options") or {}
    return Asked(wire, model, stream, usage=not stream or wire is not CHAT or options.get("include_usage") is True)
