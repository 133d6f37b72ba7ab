"""Limits: never more than allowed, in turn, and every place is given back once."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.client.limits import ANSWER_TOKENS, ATTACHMENT_TOKENS, Concurrency, Entry, RateLimit, Window, estimate
from aiapp.client.retry import Retry
from aiapp.core.errors import BadRequest, InvalidInput, RateLimited
from aiapp.core.events import Event, Finish, Started, TextDelta, UsageReport
from aiapp.core.messages import Message, user
from aiapp.core.parts import Image, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Request, Settings, Tool
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Prepared
from aiapp.testing import ScriptedModel, request_of
from tests.client.using import KINDS, use

ONCE = Retry(attempts=1)


class Busy(ScriptedModel):
    """Takes a while, sometimes fails, and knows how many it serves at once."""

    def __init__(self, seed: int = 1, failing: float = 0.2) -> None:
        super().__init__("one two three four five")
        self.chance, self.failing = random.Random(seed), failing
        self.now = self.most = 0
        self.starts: list[str] = []
        self.lock = threading.Lock()

    def enter(self, prepared: Prepared) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.starts.append(request_of(prepared).messages[0].text)

    def leave(self) -> None:
        with self.lock:
            self.now -= 1

    def maybe_fail(self) -> None:
        if self.chance.random() < self.failing:
            raise BadRequest("no", provider="p", model="m")

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        self.enter(prepared)
        try:
            await asyncio.sleep(self.chance.random() * 0.002)
            self.maybe_fail()
            return await super().acomplete(prepared)
        finally:
            self.leave()

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        self.enter(prepared)
        try:
            async for event in super().astream(prepared):
                await asyncio.sleep(self.chance.random() * 0.0005)
                yield event
                self.maybe_fail()
        finally:
            self.leave()


@given(st.integers(0, 1000), st.integers(1, 4))
def test_never_more_in_flight_and_every_place_comes_back(seed: int, limit: int) -> None:
    chance, model = random.Random(seed), Busy(seed)
    client = Client(provider=model, concurrency=limit, retry=ONCE)

    async def storm() -> None:
        await asyncio.gather(*(use(client, str(number), chance.choice(KINDS), chance) for number in range(15)))
        assert (model.now, model.most <= limit) == (0, True)
        model.failing = 0
        await asyncio.wait_for(asyncio.gather(*(client.acomplete("again") for _ in range(2 * limit))), 5)

    asyncio.run(storm())
    assert model.most <= limit


def test_threads_and_loops_share_one_limit() -> None:
    model, limit = Busy(failing=0), Concurrency(3)
    clients = [Client(provider=model, concurrency=limit) for _ in range(2)]

    def blocking() -> None:
        for number in range(10):
            clients[number % 2].complete(str(number))

    def looping() -> None:
        async def many() -> None:
            await asyncio.gather(*(clients[number % 2].acomplete(str(number)) for number in range(10)))

        asyncio.run(many())

    threads = [threading.Thread(target=work) for work in (blocking, looping) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert len(model.starts) == 80
    assert model.most == 3


def test_first_come_first_served() -> None:
    model = Busy(failing=0)
    client = Client(provider=model, concurrency=2)

    async def many() -> None:
        await asyncio.gather(*(client.acomplete(str(number)) for number in range(50)))

    asyncio.run(many())
    assert model.starts == [str(number) for number in range(50)]


def test_time_in_the_queue_is_on_the_receipt() -> None:
    client = Client(provider=Busy(failing=0), concurrency=1)

    async def two() -> list[dict[str, float]]:
        responses = await asyncio.gather(client.acomplete("a"), client.acomplete("b"))
        assert responses[1].receipt.attempts[0].seconds < responses[1].receipt.timing.total
        return [dict(response.receipt.timing.stages) for response in responses]

    first, second = asyncio.run(two())
    assert "queue" not in first
    assert second["queue"] > 0


def test_time_in_the_queue_does_not_count_towards_the_deadline() -> None:
    busy = RateLimited("busy", provider="p", model="m", retry_after=0.0)
    model = ScriptedModel([busy, "fine"])
    gate = Concurrency(1)
    client = Client(provider=model, gates=[gate], retry=Retry(deadline=0.05))

    async def wait_then_fail_once() -> str:
        holding = Client(provider=Slow(0.1), gates=[gate])
        task = asyncio.create_task(holding.acomplete("first"))
        await asyncio.sleep(0)
        response = await client.acomplete("second")
        await task
        return response.text

    assert asyncio.run(wait_then_fail_once()) == "fine"


class Slow(ScriptedModel):
    def __init__(self, seconds: float) -> None:
        super().__init__("x")
        self.seconds = seconds

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        await asyncio.sleep(self.seconds)
        return await super().acomplete(prepared)


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Timed(ScriptedModel):
    """Notes when each request starts."""

    def __init__(self, time: Time, answer: tuple[Event, ...]) -> None:
        super().__init__(answer)
        self.time, self.starts = time, list[float]()

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        self.starts.append(self.time.now)
        return await super().acomplete(prepared)


def answer(tokens: int) -> tuple[Event, ...]:
    return (Started("m"), TextDelta("x"), UsageReport(Usage(tokens, 0)), Finish("stop", "stop"))


@given(st.integers(1, 5), st.floats(0.01, 100), st.lists(st.floats(0, 30), max_size=20))
def test_never_more_requests_within_any_time_and_none_waits_for_nothing(
    limit: int, per: float, gaps: list[float]
) -> None:
    time, arrivals = Time(), list[float]()
    model = Timed(time, answer(1))
    client = Client(provider=model, rate_limit=RateLimit(limit, per=per, clock=time.clock, sleep=time.sleep))

    async def many() -> None:
        for gap in gaps:
            time.now += gap
            arrivals.append(time.now)
            await client.acomplete("hi")

    asyncio.run(many())
    for place, start in enumerate(model.starts):
        earliest = model.starts[place - limit] + per if place >= limit else 0.0
        assert start >= earliest
        assert start <= max(earliest, arrivals[place]) + 1e-6


@given(st.integers(1, 50), st.lists(st.tuples(st.floats(0, 20), st.integers(0, 60)), max_size=30))
def test_never_more_tokens_within_any_time(limit: int, wanted: list[tuple[float, int]]) -> None:
    window, now, started = Window(limit, 60.0), 0.0, list[tuple[float, int]]()
    for gap, amount in wanted:
        now += gap
        while (wait := window.wait(now, amount)) > 0:
            now += wait
        window.add(Entry(now, amount))
        started.append((now, amount))
    for start, amount in started:
        within = [other for time, other in started if time <= start < time + 60.0]
        assert sum(within) <= limit or (amount > limit and sum(within) == amount)


def test_tokens_are_estimated_before_and_corrected_after() -> None:
    time = Time()
    model = Timed(time, answer(10))
    limit = RateLimit(tokens=1000, clock=time.clock, sleep=time.sleep)
    client = Client(provider=model, settings=Settings(max_tokens=900), rate_limit=limit)

    async def many() -> None:
        for _ in range(10):
            await client.acomplete("hi")

    asyncio.run(many())
    assert model.starts == [1000.0] * 10  # 901 each as estimated, 10 each as it turned out


def test_an_answer_whose_usage_is_unknown_stays_estimated() -> None:
    time = Time()
    model = Timed(time, (TextDelta("x"), Finish("stop", "stop")))
    limit = RateLimit(tokens=1000, clock=time.clock, sleep=time.sleep)
    client = Client(provider=model, settings=Settings(max_tokens=900), rate_limit=limit)

    async def many() -> None:
        for _ in range(3):
            await client.acomplete("hi")

    asyncio.run(many())
    assert [after - before for before, after in pairwise(model.starts)] == [60.0, 60.0]


def test_every_try_counts() -> None:
    time = Time()
    busy = RateLimited("busy", provider="p", model="m", retry_after=0.0)
    model = ScriptedModel([busy, busy, "fine"])
    limit = RateLimit(1, per=30.0, clock=time.clock, sleep=time.sleep)
    response = Client(provider=model, rate_limit=limit).complete("hi")
    assert response.text == "fine"
    assert time.now == 1060.0
    assert "queue" in dict(response.receipt.timing.stages)


def test_whoever_waits_can_be_cancelled_and_the_next_goes_on() -> None:
    async def wait() -> float:
        client = Client(provider=ScriptedModel("x"), rate_limit=RateLimit(1, per=0.2))
        began = time.monotonic()
        await client.acomplete("first")
        waiting = [asyncio.create_task(client.acomplete(str(number))) for number in range(3)]
        await asyncio.sleep(0.02)
        waiting[0].cancel()
        waiting[1].cancel()
        await waiting[2]
        assert [task.cancelled() for task in waiting] == [True, True, False]
        return time.monotonic() - began

    assert 0.19 < asyncio.run(wait()) < 2


def test_an_estimate_counts_all_that_is_sent() -> None:
    parts = (Text("a" * 40), Thinking("b" * 40), ToolCall("1", "cc", "d" * 38))
    request = Request((Message("assistant", parts),), settings=Settings(max_tokens=7))
    assert estimate(request) == 30 + 7
    shown = Request((user([Image("image/png", b"x" * 10**6)]),), settings=Settings(max_tokens=7))
    assert estimate(shown) == ATTACHMENT_TOKENS + 7
    result = ToolResult("1", "e" * 4, attachments=(Image("image/png", b""),))
    assert estimate(Request((Message("tool", (result,)),))) == 1 + ATTACHMENT_TOKENS + ANSWER_TOKENS
    assert estimate(Request((user("hi"),), tools=(Tool("name", "d" * 100, {}),))) > estimate(Request((user("hi"),)))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Concurrency(0), "concurrency"),
        (lambda: Client(provider=ScriptedModel("x"), concurrency=-1), "concurrency"),
        (lambda: RateLimit(), "requests"),
        (lambda: RateLimit(0), "requests"),
        (lambda: RateLimit(tokens=0), "tokens"),
        (lambda: RateLimit(1, per=0), "per"),
        (lambda: RateLimit(1, per=float("inf")), "per"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(make: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        make()
