"""Blocking twins: values, errors, context, running loops; whoever runs the loop behind them."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator

import pytest

from aiapp.sync import in_thread, iterate, run, sync

pytestmark = pytest.mark.usefixtures("runner")

tag: contextvars.ContextVar[str] = contextvars.ContextVar("tag", default="none")


class Counter:
    """Something with an async method."""

    async def aadd(self, a: int, b: int = 1) -> int:
        await asyncio.sleep(0)
        return a + b

    add = sync(aadd)


def test_the_twin_has_the_same_arguments_and_result() -> None:
    assert Counter().add(2) == 3
    assert Counter().add(2, b=5) == 7
    assert Counter.add.__name__ == "add"


def test_the_async_twin_of_what_blocks_leaves_the_loop_free() -> None:
    entered, leave = threading.Event(), threading.Event()

    def read(name: str, *, size: int = 0) -> tuple[str, int]:
        """Reads."""
        entered.set()
        assert leave.wait(10)
        return name, size

    aread = in_thread(read)

    async def work() -> tuple[str, int]:
        task = asyncio.create_task(aread("a", size=2))
        while not entered.is_set():
            await asyncio.sleep(0.001)
        leave.set()  # only a loop that is free gets here
        return await task

    assert asyncio.run(work()) == ("a", 2)
    assert (aread.__name__, aread.__doc__) == ("aread", "The async twin of `read`.")


def test_context_variables_are_the_callers() -> None:
    async def read() -> str:
        return tag.get()

    tag.set("mine")
    assert run(read()) == "mine"


def test_errors_come_through_as_they_are() -> None:
    async def fail() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        run(fail())


def test_work_that_was_cancelled_says_so() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(work())


def test_it_works_inside_a_running_loop() -> None:
    async def notebook_cell() -> int:
        return Counter().add(40, 2)

    assert asyncio.run(notebook_cell()) == 42


def test_a_blocking_call_on_the_background_loop_is_refused_not_deadlocked() -> None:
    async def outer() -> int:
        return Counter().add(1)

    with pytest.raises(RuntimeError, match="await the async method"):
        run(outer())


def test_iteration_is_lazy_and_closing_it_closes_the_async_side() -> None:
    closed = threading.Event()

    async def numbers() -> AsyncIterator[int]:
        try:
            for number in range(1000):
                yield number
        finally:
            closed.set()

    values = iterate(numbers())
    assert [next(values), next(values)] == [0, 1]
    values.close()
    assert closed.wait(2)


def test_many_threads_share_the_loop() -> None:
    results: list[int] = []

    def work(number: int) -> None:
        results.append(Counter().add(number, 0))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(20))


def test_reading_ahead_keeps_order_and_ends_with_the_error() -> None:
    async def numbers() -> AsyncIterator[int]:
        for number in range(1000):
            yield number
        raise LookupError("no more")

    seen: list[int] = []
    with pytest.raises(LookupError, match="no more"):
        seen.extend(iterate(numbers()))
    assert seen == list(range(1000))


def test_a_slow_reader_is_not_run_away_from() -> None:
    made = 0

    async def endless() -> AsyncIterator[int]:
        nonlocal made
        while True:
            made += 1
            yield made

    numbers = iterate(endless())
    assert [next(numbers) for _ in range(3)] == [1, 2, 3]
    numbers.close()
    assert made < 200


def test_what_is_read_is_closed_in_the_context_it_is_read_in() -> None:
    async def numbers() -> AsyncIterator[int]:
        before = tag.set("reading")
        try:
            for number in range(200):
                yield number
        finally:
            tag.reset(before)

    reader = iterate(numbers())
    assert next(reader) == 0
    reader.close()
    assert list(reader) == []


def test_a_reader_may_be_closed_from_another_thread() -> None:
    async def one_and_no_more() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(60)

    reader = iterate(one_and_no_more())
    assert next(reader) == 1
    threading.Timer(0.05, reader.close).start()
    assert list(reader) == []
