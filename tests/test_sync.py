"""Blocking twins: values, errors, context, running loops, cancellation."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import pytest

from aiapp.sync import PerLoop, in_thread, iterate, run, sync

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


@pytest.mark.parametrize("at_once", [True, False], ids=["before its first step", "while it waits"])
def test_an_interrupt_cancels_the_work_which_cleans_up_first(at_once: bool) -> None:
    began, held, cleaned = threading.Event(), threading.Event(), threading.Event()

    async def work() -> None:
        try:
            began.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    async def loop_of_run() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def interrupt() -> None:
        assert at_once or began.wait(10)
        os.kill(os.getpid(), signal.SIGINT)
        held.set()

    if at_once:
        run(loop_of_run()).call_soon_threadsafe(held.wait, 10)
    threading.Timer(0.05, interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert cleaned.is_set()


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
    values.close()  # type: ignore[attr-defined]
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
    numbers.close()  # type: ignore[attr-defined]
    assert made < 200


class Pool:
    """A pool of connections that knows whether it was closed, and on which loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.closed_on: asyncio.AbstractEventLoop | None = None

    async def aclose(self) -> None:
        self.closed_on = asyncio.get_running_loop()


def test_each_loop_has_its_own_value_closed_on_it_when_it_ends() -> None:
    pools: PerLoop[Pool] = PerLoop(Pool, Pool.aclose)

    async def twice() -> tuple[Pool, Pool]:
        return await pools.get(), await pools.get()

    first, again = asyncio.run(twice())
    other, _ = asyncio.run(twice())
    assert first is again
    assert other is not first
    assert [first.closed_on, other.closed_on] == [first.loop, other.loop]


def test_values_are_closed_on_the_loops_that_still_run() -> None:
    pools: PerLoop[Pool] = PerLoop(Pool, Pool.aclose)
    background = run(pools.get())

    async def here() -> Pool:
        pool = await pools.get()
        await pools.aclose()
        assert await pools.get() is not pool
        return pool

    mine = asyncio.run(here())
    assert mine.closed_on is mine.loop
    assert background.closed_on is background.loop


def test_a_value_nobody_holds_is_closed() -> None:
    async def scene() -> Pool:
        pools: PerLoop[Pool] = PerLoop(Pool, Pool.aclose)
        pool = await pools.get()
        del pools
        gc.collect()
        await asyncio.sleep(0.01)
        return pool

    pool = asyncio.run(scene())
    assert pool.closed_on is pool.loop


def test_a_program_that_ends_closes_what_is_open_on_the_background_loop() -> None:
    program = """
from aiapp.sync import PerLoop, run
async def close(name): print("closed", name)
names = PerLoop(lambda: "connections", close)
run(names.get())
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (shown.stdout, shown.stderr) == ("closed connections\n", "")


def test_a_program_ends_quietly_though_a_function_still_holds_the_loop() -> None:
    program = """
import asyncio, threading, time
from aiapp import sync
sync.LAST_SECONDS = 0.05
begun = threading.Event()
async def stuck(): begun.set(); time.sleep(1)
threading.Thread(target=lambda: sync.run(stuck()), daemon=True).start()
begun.wait()
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stderr == ""
