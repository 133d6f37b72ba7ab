"""Blocking twins: values, errors, context, running loops; whoever runs the loop behind them."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from aiapp.sync import in_thread, run, sync

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
