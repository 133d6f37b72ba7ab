"""Retries: what is tried again, how often, how long, and that no call is lost among a thousand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.client import Client
from aiapp.client.retry import Retry, attempt
from aiapp.core.errors import (
    AuthenticationFailed,
    BadRequest,
    InvalidInput,
    Overloaded,
    ProviderError,
    RateLimited,
    Unavailable,
)
from aiapp.core.events import Event, Started, TextDelta
from aiapp.core.request import Request
from aiapp.core.response import Attempt, Response
from aiapp.providers.protocol import Prepared
from aiapp.testing import Answer, ScriptedModel, request_of


class Time:
    """A clock that moves only when someone sleeps, or when work takes its time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def failure(retry_after: float | None = None) -> RateLimited:
    return RateLimited("busy", provider="p", model="m", status=429, retry_after=retry_after)


def play(outcomes: list[ProviderError | str], policy: Retry, took: float = 0.0) -> tuple[object, list[Attempt], Time]:
    """What an attempt at a series of outcomes ends in, its log, and the time it took."""
    time, log, left = Time(), list[Attempt](), iter(outcomes)

    async def work() -> str:
        time.now += took
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def drive() -> object:
        try:
            return await attempt(work, policy, "m", log, clock=time.clock, sleep=time.sleep)
        except ProviderError as error:
            return error

    return asyncio.run(drive()), log, time


policies = st.builds(
    Retry,
    attempts=st.integers(1, 8),
    first_wait=st.floats(0, 5),
    longest_wait=st.floats(0, 20),
    deadline=st.floats(0, 100),
)
waits = st.none() | st.just(3600.0) | st.floats(0, 200)


@given(policies, st.lists(waits, max_size=10), st.floats(0, 5))
def test_tries_and_waits_stay_within_their_bounds(policy: Retry, asked: list[float | None], took: float) -> None:
    result, log, time = play([*map(failure, asked), "fine"], policy, took)
    assert len(log) <= policy.attempts
    assert sum(time.slept) <= policy.deadline
    assert [one.wait for one in log if one.wait] == [wait for wait in time.slept if wait]
    assert (result == "fine") == (log[-1].error is None)
    for wait, wanted, place in zip(time.slept, asked, range(10), strict=False):
        if wanted is not None:
            assert wait == wanted
        else:
            assert 0 <= wait <= min(policy.longest_wait, policy.first_wait * 2**place)


def test_a_wait_that_is_asked_for_is_honoured_up_to_the_deadline() -> None:
    result, log, time = play([failure(7.5), "fine"], Retry(deadline=8))
    assert (result, time.slept) == ("fine", [7.5])
    assert [one.wait for one in log] == [7.5, 0.0]
    result, log, time = play([failure(3600.0), "fine"], Retry())
    assert isinstance(result, RateLimited)
    assert (time.slept, len(log)) == ([], 1)


def test_the_time_of_the_tries_counts_towards_the_deadline() -> None:
    result, _, time = play([failure(5.0), "fine"], Retry(deadline=60), took=58.0)
    assert isinstance(result, RateLimited)
    assert time.slept == []


@pytest.mark.parametrize("kind", [AuthenticationFailed, BadRequest])
def test_what_cannot_succeed_is_raised_at_once(kind: type[ProviderError]) -> None:
    result, log, _ = play([kind("no", provider="p", model="m", status=400), "fine"], Retry())
    assert isinstance(result, kind)
    assert [one.error for one in log] == [kind.__name__]


def test_what_is_not_a_providers_failure_is_not_tried_again() -> None:
    model = ScriptedModel([KeyError("a bug"), "fine"])
    with pytest.raises(KeyError):
        Client(provider=model).complete("hi")
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Retry(0), "attempts"),
        (lambda: Retry(-1), "attempts"),
        (lambda: Retry(2.5), "attempts"),  # type: ignore[arg-type]
        (lambda: Retry(True), "attempts"),
        (lambda: Retry(first_wait=-1), "first_wait"),
        (lambda: Retry(longest_wait=float("nan")), "longest_wait"),
        (lambda: Retry(deadline=-0.1), "deadline"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(make: Callable[[], Retry], field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        make()


class Cut(ScriptedModel):
    """Shows something, then fails."""

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        self.requests.append(request_of(prepared))
        yield Started("m")
        yield TextDelta("Hel")
        raise failure(0.0)


def test_nothing_is_asked_again_once_output_was_shown() -> None:
    model, shown = Cut("x"), list[str]()

    async def read() -> None:
        async for piece in Client(provider=model).stream("hi").atext():
            shown.append(piece)

    with pytest.raises(RateLimited):
        asyncio.run(read())
    assert (shown, len(model.requests)) == (["Hel"], 1)


@pytest.mark.parametrize("streamed", [False, True])
def test_of_a_thousand_calls_each_ends_in_an_answer_or_a_typed_error(streamed: bool) -> None:
    chance = random.Random(4)
    tries: dict[str, int] = {}
    policy = Retry(attempts=3, first_wait=0.001, longest_wait=0.002, deadline=0.5)

    def answer(request: Request) -> Answer:
        name = request.messages[0].text
        tries[name] = tries.get(name, 0) + 1
        kind = chance.choice([RateLimited, Overloaded, Unavailable, None, None])
        if kind is None:
            return f"answer to {name}"
        return kind("busy", provider="p", model="m", retry_after=chance.choice([None, 0.001, 3600.0]))

    client = Client(provider=ScriptedModel(answer), retry=policy)

    async def ask(number: int) -> Response | ProviderError:
        try:
            if not streamed:
                return await client.acomplete(str(number))
            stream = client.stream(str(number))
            async for _ in stream:
                pass
            return stream.response
        except ProviderError as error:
            return error

    async def storm() -> tuple[list[Response | ProviderError], int]:
        results = await asyncio.gather(*map(ask, range(1000)))
        await asyncio.sleep(0)
        return results, len(asyncio.all_tasks())

    results, tasks = asyncio.run(storm())
    assert tasks == 1
    assert max(tries.values()) <= policy.attempts
    answers = [result for result in results if isinstance(result, Response)]
    assert 400 < len(answers) < 1000
    for number, result in enumerate(results):
        if isinstance(result, Response):
            log = result.receipt.attempts
            assert result.text == f"answer to {number}"
            assert len(log) == tries[str(number)]
            assert sum(one.wait for one in log) <= policy.deadline
        else:
            assert isinstance(result, RateLimited | Overloaded | Unavailable)


def test_the_models_of_one_call_have_one_deadline() -> None:
    busy = RateLimited("busy", provider="s", model="m", status=429, retry_after=0.04)
    seen: list[Call] = []

    async def watch(call: Call, proceed: Proceed, /) -> Opened:
        seen.append(call)
        return await proceed(call)

    models = [ScriptedModel(busy) for _ in range(3)]
    client = Client(provider=models[0], fallback=models[1:], retry=Retry(attempts=3, deadline=0.1), middleware=[watch])
    with pytest.raises(RateLimited):
        client.complete("hi")
    assert sum(attempt.wait for attempt in seen[0].attempts) <= 0.1
    assert len(models[2].requests) == 1  # asked all the same, at once
