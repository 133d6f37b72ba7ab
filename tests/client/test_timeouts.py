"""Timeouts: of a try, of a stream's first output, and of its silence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import InvalidInput, TimedOut
from aiapp.core.events import Event, Finish, Started, TextDelta
from aiapp.providers.protocol import Prepared
from aiapp.testing import ScriptedModel

TWICE = Retry(attempts=2, first_wait=0.001)


class Paced(ScriptedModel):
    """Waits before each answer, and before each event of a stream; says when its streams are closed."""

    def __init__(self, answers: list[float], pieces: tuple[float, ...] = ()) -> None:
        super().__init__("done")
        self.answers, self.pieces = answers, pieces
        self.tries = self.closed = 0

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        self.tries += 1
        await asyncio.sleep(self.answers.pop(0))
        return await super().acomplete(prepared)

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        self.tries += 1
        try:
            await asyncio.sleep(self.answers.pop(0))
            yield Started("m")
            for pause in self.pieces:
                await asyncio.sleep(pause)
                yield TextDelta("x")
            yield Finish("stop", "stop")
        finally:
            self.closed += 1


def test_a_try_that_takes_too_long_is_tried_again() -> None:
    model = Paced([5.0, 0.0])
    receipt = Client(provider=model, timeout=0.05, retry=TWICE).complete("hi").receipt
    assert [attempt.error for attempt in receipt.attempts] == ["TimedOut", None]
    assert 0.04 < receipt.attempts[0].seconds < 2


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
def test_what_a_provider_has_to_load_counts_towards_no_timeout(streaming: bool) -> None:
    class Heavy(Paced):
        loaded = 0

        async def aload(self) -> None:
            self.loaded += 1
            await asyncio.sleep(0.2)

    model = Heavy([0.0, 0.0], (0.0,))
    client = Client(provider=model, timeout=0.05, retry=Retry(attempts=1))
    for _ in range(2):
        text = "".join(client.stream("hi").text()) if streaming else client.complete("hi").text
        assert text == ("x" if streaming else "done")
    assert (model.tries, model.loaded) == (2, 1)


def test_a_call_that_never_answers_is_timed_out() -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"scripted.*no answer within 0\.05 seconds"):
        Client(provider=Paced([5.0, 5.0]), timeout=0.05, retry=TWICE).complete("hi")
    assert time.monotonic() - began < 3


def test_a_stream_is_tried_again_before_its_first_output() -> None:
    model = Paced([5.0, 0.0], (0.0, 0.0))
    assert "".join(Client(provider=model, timeout=0.05, retry=TWICE).stream("hi").text()) == "xx"
    assert (model.tries, model.closed) == (2, 2)


def test_a_stream_that_falls_silent_is_timed_out_and_not_asked_again() -> None:
    model, shown = Paced([0.0, 0.0], (0.0, 0.0, 5.0)), list[str]()

    async def show() -> None:
        async for piece in Client(provider=model, timeout=0.05, retry=TWICE).stream("hi").atext():
            shown.append(piece)

    async def read() -> int:
        with pytest.raises(TimedOut, match="nothing more came"):
            await show()
        current = asyncio.current_task()
        assert current is not None
        return current.cancelling()

    assert asyncio.run(read()) == 0
    assert (shown, model.tries, model.closed) == (["x", "x"], 1, 1)


def test_a_stream_may_take_longer_than_the_timeout_where_it_goes_on_speaking() -> None:
    model = Paced([0.0], (0.03,) * 6)
    assert "".join(Client(provider=model, timeout=0.1).stream("hi").text()) == "x" * 6


def test_a_reader_may_take_its_time() -> None:
    async def read() -> list[str]:
        pieces: list[str] = []
        async for piece in Client(provider=Paced([0.0], (0.0,) * 3), timeout=0.03).stream("hi").atext():
            await asyncio.sleep(0.08)
            pieces.append(piece)
        return pieces

    assert asyncio.run(read()) == ["x"] * 3


def test_a_task_that_is_cancelled_is_cancelled_and_not_timed_out() -> None:
    model = Paced([0.0, 5.0], (0.0, 5.0))
    client = Client(provider=model, timeout=10)

    async def read() -> None:
        async for _ in client.stream("hi"):
            pass

    async def cancel() -> None:
        for work in (read(), client.acomplete("hi")):
            task = asyncio.create_task(work)
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel())
    assert model.closed == 1


def test_a_timeout_of_the_users_own_is_left_to_them() -> None:
    async def wait() -> None:
        async with asyncio.timeout(0.02):
            await Client(provider=Paced([5.0]), timeout=10).acomplete("hi")

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_a_stream_that_is_left_after_its_first_event_is_closed() -> None:
    model = Paced([0.0], (0.0, 0.0))

    async def wrap(call: Call, proceed: Proceed) -> Opened:
        opened = await proceed(call)
        assert opened.rest is not None
        return Opened(opened.first, (event async for event in opened.rest))

    async def leave() -> None:
        stream = Client(provider=model, middleware=[wrap]).stream("hi")
        async for _ in stream:
            break
        await stream.aclose()
        assert model.closed == 1

    asyncio.run(leave())


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_makes_no_sense_is_refused(timeout: float) -> None:
    with pytest.raises(InvalidInput, match="timeout"):
        Client(provider=ScriptedModel("x"), timeout=timeout)
