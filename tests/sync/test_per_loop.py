"""Values that belong to an event loop: one a loop, closed on it."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from aiapp.sync import PerLoop, run


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


@pytest.mark.usefixtures("runner")
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


@pytest.mark.usefixtures("runner")
def test_a_blocking_caller_on_a_loop_of_its_own_closes_the_values_of_both() -> None:
    """As in a notebook, where an awaited call was made before: its loop stands still while `close` blocks."""
    pools: PerLoop[Pool] = PerLoop(Pool, Pool.aclose)

    async def cell() -> tuple[Pool, Pool]:
        mine, background = await pools.get(), run(pools.get())
        run(pools.aclose())
        await asyncio.sleep(0.01)
        return mine, background

    mine, background = asyncio.run(cell())
    assert mine.closed_on is mine.loop
    assert background.closed_on is background.loop


def test_loops_that_come_and_go_on_many_threads() -> None:
    pools: PerLoop[Pool] = PerLoop(Pool, Pool.aclose)

    def work() -> list[Pool]:
        return [asyncio.run(pools.get()) for _ in range(30)]

    with ThreadPoolExecutor(4) as threads:
        made = [pool for done in [threads.submit(work) for _ in range(4)] for pool in done.result(30)]
    assert len(set(made)) == 120
    assert [pool for pool in made if pool.closed_on is not pool.loop] == []


def test_a_value_that_is_being_closed_is_given_to_nobody() -> None:
    async def slow(pool: Pool) -> None:
        await asyncio.sleep(0.01)
        await pool.aclose()
        raise OSError("no more room")

    async def scene() -> None:
        pools: PerLoop[Pool] = PerLoop(Pool, slow)
        first = await pools.get()
        closing = asyncio.create_task(pools.aclose())
        await asyncio.sleep(0)
        second = await pools.get()
        assert second is not first
        with pytest.raises(OSError, match="no more room"):
            await closing
        assert await pools.get() is second
        with pytest.raises(OSError, match="no more room"):
            await pools.aclose()
        assert second.closed_on is second.loop

    asyncio.run(scene())
