"""A thousand calls at once through everything that can go wrong: each ends, within its bounds, and nothing is left."""

from __future__ import annotations

import asyncio
import gc
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import ProviderError
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.core.usage import Usage
from aiapp.testing import Received, Said, WireServer, faults
from aiapp.testing.replies import Answer
from aiapp.testing.wires import CHAT, MESSAGES, RESPONSES, Wire

CALLS = 1000
SILENCE = 3.0
"""Seconds after which a call is given up, on a machine that has nothing else to do: see `silence`."""
RETRY = Retry(attempts=3, first_wait=0.005, longest_wait=0.02, deadline=270.0)
SAID = Said("Paris is the capital.")
STALLS = (faults.Stall(SAID, seconds=60), faults.Stall(SAID, seconds=60, at=200))
QUESTION = re.compile(r"question (\d+)")
VENDORS = {"openai": RESPONSES, "openai-chat": CHAT, "anthropic": MESSAGES}
EACH_VENDOR = pytest.mark.parametrize("vendor", VENDORS)


@dataclass
class Storm:
    """A fault or an answer for each try of each question, whichever comes first; the same in every run."""

    wire: Wire
    seed: int = 0
    more: tuple[Answer, ...] = STALLS
    tries: Counter[int] = field(default_factory=Counter[int])

    def __post_init__(self) -> None:
        self.deck = [*faults.deck(self.wire, SAID).values(), *self.more, *[SAID] * 10]

    def __call__(self, received: Received) -> Answer:
        found = QUESTION.search(str(received.body))
        assert found is not None
        question = int(found[1])
        self.tries[question] += 1
        return random.Random(f"{self.seed} {question} {self.tries[question]}").choice(self.deck)


@dataclass
class Watched:
    """Every call, by the question that it asks."""

    calls: dict[int, Call] = field(default_factory=dict[int, Call])

    async def __call__(self, call: Call, proceed: Proceed, /) -> Opened:
        self.calls[int(call.request.messages[0].text.removeprefix("question "))] = call
        return await proceed(call)


def client_of(vendor: str, server: WireServer, watched: Watched, timeout: float) -> Client:
    return Client(f"{vendor}:m", api_key="k", base_url=server.url, timeout=timeout, retry=RETRY, middleware=[watched])


@pytest.fixture(scope="module")
def silence() -> float:
    """More than this machine, as busy as it is, takes to serve all calls at once where nothing goes wrong."""
    began = time.monotonic()
    with WireServer(SAID, record=False) as server:
        asyncio.run(storm(client_of("openai", server, Watched(), 120), CALLS))
    return max(SILENCE, 3 * (time.monotonic() - began))


async def ask(client: Client, number: int) -> Response | ProviderError:
    """Every other question is streamed. Whatever is neither an answer nor a typed error fails the test."""
    request = Request.of(f"question {number}")
    try:
        if number % 2:
            return await client.acomplete(request)
        stream = client.stream(request)
        async for _ in stream:
            pass
        return stream.response
    except ProviderError as error:
        return error


async def storm(client: Client, count: int) -> list[Response | ProviderError]:
    """All at once; when they have ended and the client is closed, no task is left."""
    async with asyncio.timeout(300):
        results = await asyncio.gather(*(ask(client, number) for number in range(count)))
        await client.aclose()
    for _ in range(100):
        if len(asyncio.all_tasks()) == 1:
            break
        await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return results


@EACH_VENDOR
def test_a_thousand_calls_in_a_storm_of_faults(vendor: str, silence: float) -> None:
    """What a small storm leaves behind, which is what is loaded and cached once, is all that a large one leaves."""
    weather(vendor, silence, CALLS // 10, stalls=())
    held = blocks()
    kinds = weather(vendor, silence, CALLS)
    assert blocks() - held < 5 * CALLS, "one call that is kept has more than thirty"
    assert kinds["Response"] > CALLS / 2
    assert len(kinds) > 8, kinds


def blocks() -> int:
    """The blocks of memory that are in use."""
    gc.collect()
    return sys.getallocatedblocks()


def weather(vendor: str, silence: float, count: int, stalls: tuple[Answer, ...] = STALLS) -> Counter[str]:
    """A storm in which every call must end in an answer or a typed error, within its limits; how they ended."""
    script, watched = Storm(VENDORS[vendor], more=stalls), Watched()
    with WireServer(script, record=False) as server:
        results = asyncio.run(storm(client_of(vendor, server, watched, silence), count))
        server.assert_closed()
        assert server.in_flight == 0
    assert len(watched.calls) == count
    for number, result in enumerate(results):
        attempts = watched.calls[number].attempts
        assert 1 <= len(attempts) <= RETRY.attempts
        late = sum(attempt.error == "TimedOut" for attempt in attempts)  # which may never have reached the server
        assert len(attempts) - late <= script.tries[number] <= len(attempts)
        assert sum(attempt.wait for attempt in attempts) <= RETRY.deadline
        assert (attempts[-1].error is None) == (not failed_at_once(result, attempts[-1].error))
        if isinstance(result, Response):
            assert result.usage.known or result.finish is None or result.usage == Usage()
            assert 0 not in (result.usage.input_tokens, result.usage.output_tokens)
        else:
            assert result.receipt is not None
            assert len(result.receipt.attempts) == len(attempts)
    assert max(script.tries.values()) == RETRY.attempts
    return Counter(type(result).__name__ for result in results)


def failed_at_once(result: Response | ProviderError, error: str | None) -> bool:
    """Whether a call failed before it showed anything; a stream that broke later had opened well."""
    return isinstance(result, ProviderError) and error == type(result).__name__


def test_no_storm_waits_longer_than_the_deadline() -> None:
    """Each asks for a wait that would end too late: each fails at once, after one try."""
    with WireServer(faults.rate_limited(retry_after=3600), record=False) as server:
        client = Client("openai:m", api_key="k", base_url=server.url, retry=Retry(attempts=5, deadline=10.0))
        results = asyncio.run(storm(client, 200))
    assert {type(result).__name__ for result in results} == {"RateLimited"}
