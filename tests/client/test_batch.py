"""Batches: order, progress, failures as values, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_type

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import AiappError, AnswerInvalid, BadRequest, BatchFailed, InvalidInput
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.providers.protocol import Prepared
from aiapp.testing import Answer, ScriptedModel, request_of


class Echo(ScriptedModel):
    """Answers with what was said, out of order; fails where it is asked to."""

    def __init__(self) -> None:
        super().__init__(self.reply)
        self.now = self.most = self.cancelled = 0
        self.hold = asyncio.Event()

    @staticmethod
    def reply(request: Request) -> Answer:
        text = request.messages[0].text
        return BadRequest(text, provider="p", model="m") if text.startswith("fail") else text

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        text = request_of(prepared).messages[0].text
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if text == "bug":
                raise KeyError(text)
            await (self.hold.wait() if text == "hang" else asyncio.sleep(0.0005 * (hash(text) % 3)))
            return await super().acomplete(prepared)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.now -= 1


@given(st.lists(st.booleans(), max_size=20), st.integers(1, 5))
def test_results_keep_their_order_and_failures_their_places(fine: list[bool], concurrency: int) -> None:
    model, steps = Echo(), list[tuple[int, int | None]]()
    asked = [f"{'say' if one else 'fail'} {number}" for number, one in enumerate(fine)]
    client = Client(provider=model, retry=Retry(attempts=1))
    results = client.batch(asked, concurrency=concurrency, on_progress=lambda done, total: steps.append((done, total)))
    assert_type(results, list[Response | AiappError])
    said = [result.text if isinstance(result, Response) else str(result).partition(": ")[2] for result in results]
    assert said == asked
    assert [isinstance(result, BadRequest) for result in results] == [not one for one in fine]
    assert steps == [(done, len(asked)) for done in range(1, len(asked) + 1)]
    assert model.most <= concurrency


def test_requests_are_taken_when_their_turn_comes() -> None:
    model, taken, ahead = Echo(), 0, list[int]()

    def asked() -> Iterator[str]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield str(number)

    def progress(done: int, total: int | None) -> None:
        assert total is None
        ahead.append(taken - done)

    assert len(Client(provider=model).batch(asked(), concurrency=4, on_progress=progress)) == 100
    assert max(ahead) <= 4


def test_a_request_that_is_wrong_is_a_failure_too() -> None:
    results = Client(provider=Echo()).batch(["fine", [], "fine"])
    assert [type(result) for result in results] == [Response, InvalidInput, Response]


def test_cancelling_a_batch_cancels_what_is_in_flight() -> None:
    model = Echo()

    async def cancel() -> int:
        batch = asyncio.create_task(Client(provider=model).abatch(["hang"] * 10, concurrency=3))
        await asyncio.sleep(0.01)
        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch
        return len(asyncio.all_tasks())

    assert asyncio.run(cancel()) == 1
    assert (model.now, model.cancelled, len(model.requests)) == (0, 3, 0)


def test_a_bug_ends_the_batch_and_leaves_nothing_running() -> None:
    model = Echo()

    async def fail() -> int:
        with pytest.raises(BatchFailed, match="request 2: KeyError: 'bug'"):
            await Client(provider=model).abatch(["hang", "hang", "bug", "never"], concurrency=3)
        return len(asyncio.all_tasks())

    assert asyncio.run(fail()) == 1
    assert (model.now, model.cancelled) == (0, 2)


def test_what_was_done_before_a_bug_is_not_lost() -> None:
    with pytest.raises(BatchFailed) as caught:
        Client(provider=Echo()).batch(["one", "fail", "bug", "never"], concurrency=1)
    failed = caught.value
    assert (type(failed.cause), failed.place, type(failed.__cause__)) == (KeyError, 2, KeyError)
    assert {place: type(result) for place, result in failed.results.items()} == {0: Response, 1: BadRequest}


@pytest.mark.parametrize("error", [ValueError("row 2"), InvalidInput("row", 2, "a row")])
def test_what_gives_the_requests_may_fail_and_so_may_who_is_told(error: Exception) -> None:
    def rows() -> Iterator[str]:
        yield from ("one", "two")
        raise error

    def told(done: int, total: int | None) -> None:
        if done == 2:
            raise error

    for requests, told_of in ((rows(), None), (["one", "two", "three"], told)):
        with pytest.raises(BatchFailed, match="row") as caught:
            Client(provider=Echo()).batch(requests, concurrency=1, on_progress=told_of)
        assert (caught.value.cause, caught.value.place) == (error, None)
        assert [result.text for _, result in sorted(caught.value.results.items())] == ["one", "two"]


@dataclass
class City:
    name: str


def test_typed_answers() -> None:
    results = Client(provider=ScriptedModel(['{"name": "Oslo"}', "no", "no"])).batch(
        ["a", "b"], output=City, concurrency=1
    )
    assert_type(results, list[Response[City] | AiappError])
    first, second = results
    assert isinstance(first, Response)
    assert first.output == City("Oslo")
    assert isinstance(second, AnswerInvalid)


@pytest.mark.parametrize("reasks", [0, 2])
def test_each_is_asked_again_as_often_as_is_said(reasks: int) -> None:
    model = ScriptedModel("no")
    (failed,) = Client(provider=model).batch(["a"], output=City, reasks=reasks)
    assert isinstance(failed, AnswerInvalid)
    assert len(model.requests) == 1 + reasks


def test_nothing_makes_nothing_and_nonsense_is_refused() -> None:
    client = Client(provider=Echo())
    assert client.batch([]) == []
    with pytest.raises(InvalidInput, match="concurrency"):
        client.batch(["a"], concurrency=0)
    how: dict[str, Any] = {"reasks": 1}
    with pytest.raises(InvalidInput, match="reasks"):
        client.batch(["a"], **how)
    with pytest.raises(InvalidInput, match="reasks"):
        client.batch(["a"], output=City, reasks=-1)
