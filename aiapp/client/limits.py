"""Limits: how many calls are in flight at once, and how many requests and tokens start within a time.

Whoever comes first goes first. One limit may serve any number of clients, threads and event loops. The time spent
waiting is the stage `queue` of a receipt's timing.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.waiting import Waiting
from aiapp.core.accepted import AT_LEAST_ONE, SECONDS
from aiapp.core.errors import InvalidInput
from aiapp.core.events import fold
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Request
from aiapp.core.tokens import CHARACTERS_PER_TOKEN
from aiapp.core.usage import Usage

ATTACHMENT_TOKENS = 1000
"""What an image or a file is taken for."""
ANSWER_TOKENS = 500
"""What an answer is taken for where `max_tokens` is not set."""
_RECHECK = 0.25
"""Seconds after which whoever waits for tokens looks again, since an answer may have taken fewer than was thought."""


class Concurrency:
    """At most `limit` calls in flight at once; a stream is in flight until it is read or closed."""

    def __init__(self, limit: int) -> None:
        AT_LEAST_ONE.check("concurrency", limit)
        self.limit = limit
        self._places = _Places(limit)

    async def __call__(self, call: Call, proceed: Proceed, /) -> Opened:
        """Open the answer once there is a place; it is given back exactly once, however the call ends."""
        if not self._places.take():
            with call.queueing():
                await self._places.wait()
        try:
            opened = await proceed(call)
        except BaseException:
            self._places.give_back()
            raise
        if opened.rest is None:
            self._places.give_back()
        else:
            call.on_close(self._places.give_back)
        return opened


class RateLimit:
    """At most `requests` requests and `tokens` tokens started within any `per` seconds.

    Tokens are estimated before a request is sent, from its characters and `max_tokens`, and corrected by the usage of
    the answer. A request that is estimated at more than `tokens` goes alone.
    """

    def __init__(
        self,
        requests: int | None = None,
        tokens: int | None = None,
        per: float = 60.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if requests is None and tokens is None:
            raise InvalidInput("requests", None, "a number of requests, or of tokens, or both")
        for name, limit in (("requests", requests), ("tokens", tokens)):
            if limit is not None:
                AT_LEAST_ONE.check(name, limit)
        SECONDS.check("per", per)
        self._requests = None if requests is None else Window(requests, per)
        self._tokens = None if tokens is None else Window(tokens, per)
        self._clock, self._sleep = clock, sleep
        self._turn, self._lock = _Places(1), threading.Lock()

    async def __call__(self, call: Call, proceed: Proceed, /) -> Opened:
        """Open the answer once it may be asked for."""
        tokens = 0 if self._tokens is None else estimate(call.request)
        if not self._turn.take():
            with call.queueing():
                await self._turn.wait()
        try:
            entry, wait = self._enter(tokens)
            if entry is None:
                with call.queueing():
                    while entry is None:
                        await self._sleep(min(wait, _RECHECK))
                        entry, wait = self._enter(tokens)
        finally:
            self._turn.give_back()
        opened = await proceed(call)
        if self._tokens is not None:
            if opened.rest is None:
                self._correct(entry, fold(opened.first).usage)
            else:
                call.on_response(lambda response: self._correct(entry, response.usage))
        return opened

    def _enter(self, tokens: int) -> tuple[Entry | None, float]:
        """The request's entry in the windows, or how long it has to wait for one."""
        with self._lock:
            now = self._clock()
            waits = (
                0.0 if self._requests is None else self._requests.wait(now, 1),
                0.0 if self._tokens is None else self._tokens.wait(now, tokens),
            )
            if max(waits) > 0:
                return None, max(waits)
            entry = Entry(now, 1)
            if self._requests is not None:
                self._requests.add(entry)
            if self._tokens is not None:
                entry = Entry(now, tokens)
                self._tokens.add(entry)
            return entry, 0.0

    def _correct(self, entry: Entry, usage: Usage) -> None:
        if self._tokens is not None and usage.input_tokens is not None and usage.output_tokens is not None:
            with self._lock:
                self._tokens.correct(entry, usage.input_tokens + usage.output_tokens)


@dataclass(slots=True, eq=False)
class Entry:
    """Something that started at a time, and how much it counts."""

    time: float
    amount: int


class Window:
    """What started within the last `per` seconds, and how much of it there may be. It reads no clock."""

    def __init__(self, limit: int, per: float) -> None:
        self.limit, self.per = limit, per
        self._entries: deque[Entry] = deque()
        self._total = 0

    def wait(self, now: float, amount: int) -> float:
        """Seconds until `amount` more fits; 0 where it fits now. What never fits waits until nothing else is there."""
        while self._entries and self._entries[0].time + self.per <= now:
            self._total -= self._entries.popleft().amount
        too_much = self._total + amount - self.limit
        wait = 0.0
        for entry in self._entries:
            if too_much <= 0:
                break
            too_much -= entry.amount
            wait = entry.time + self.per - now
        return wait

    def add(self, entry: Entry) -> None:
        """Count an entry; they come in the order of their times."""
        self._entries.append(entry)
        self._total += entry.amount

    def correct(self, entry: Entry, amount: int) -> None:
        """Count an entry at what it turned out to be."""
        if self._entries and entry.time >= self._entries[0].time:
            self._total += amount - entry.amount
            entry.amount = amount


def estimate(request: Request) -> int:
    """About how many tokens a request and its answer take, from its characters and `max_tokens`."""
    characters = sum(_characters(part) for message in request.messages for part in message.parts)
    characters += sum(len(tool.name) + len(tool.description) + len(str(tool.parameters)) for tool in request.tools)
    limit = request.settings.max_tokens
    return math.ceil(characters / CHARACTERS_PER_TOKEN) + (ANSWER_TOKENS if limit is None else limit)


def _characters(part: Part) -> int:
    attachment = ATTACHMENT_TOKENS * CHARACTERS_PER_TOKEN
    match part:
        case Text(text) | Thinking(text):
            return len(text)
        case ToolCall():
            return len(part.name) + len(part.arguments)
        case ToolResult():
            return len(part.content) + attachment * len(part.attachments)
        case Image() | File():
            return attachment
        case Citation():
            return len(part.quote)


class _Places:
    """A number of places, given out first come, first served, across threads and event loops."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: deque[Waiting] = deque()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a place where one is free and nobody waits for it."""
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
            return True

    async def wait(self) -> None:
        """Take a place, waiting for one."""
        waiting = Waiting.here()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            self._waiting.append(waiting)
        try:
            await waiting.called
        except BaseException:
            with self._lock:
                has_place = waiting not in self._waiting
                if not has_place:
                    self._waiting.remove(waiting)
            if has_place:
                self.give_back()
            raise

    def give_back(self) -> None:
        """Give a place back: to whoever has waited longest, or to whoever comes next."""
        with self._lock:
            while self._waiting:
                if self._waiting.popleft().call():
                    return
            self._free += 1
