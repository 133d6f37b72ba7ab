"""Many things at once: in order, a few at a time; of requests, with failures as values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sized
from typing import TypeAlias, TypeVar

from aiapp.core.errors import AiappError, InvalidInput

T = TypeVar("T")
V = TypeVar("V")
CONCURRENCY = 8
"""How many requests of a batch are in flight at once, unless said otherwise."""
Progress: TypeAlias = Callable[[int, int | None], None]
"""Told how many are done, and of how many; None where the requests have no length."""


async def batched(
    ask: Callable[[V], Awaitable[T]], values: Iterable[V], concurrency: int, on_progress: Progress | None
) -> list[T | AiappError]:
    """What `ask` makes of each value, in their order, with an `AiappError` in the place of what failed.

    Whatever is no `AiappError` ends the whole batch.
    """
    total, done = len(values) if isinstance(values, Sized) else None, 0

    async def one(value: V) -> T | AiappError:
        nonlocal done
        result: T | AiappError
        try:
            result = await ask(value)
        except AiappError as error:
            result = error
        done += 1
        if on_progress is not None:
            on_progress(done, total)
        return result

    return await at_once(one, values, concurrency)


async def at_once(work: Callable[[V], Awaitable[T]], values: Iterable[V], concurrency: int) -> list[T]:
    """What `work` makes of each value, `concurrency` at a time, in their order; the first failure ends it all.

    A value is taken from the iterable when its turn comes. What is in flight when it ends, or when it is cancelled, is
    cancelled and waited for.
    """
    if type(concurrency) is not int or concurrency < 1:
        raise InvalidInput("concurrency", concurrency, "a whole number of at least 1")
    total = len(values) if isinstance(values, Sized) else None
    results, source = dict[int, T](), enumerate(values)

    async def worker() -> None:
        for place, value in source:
            results[place] = await work(value)

    workers = [asyncio.create_task(worker()) for _ in range(concurrency if total is None else min(concurrency, total))]
    try:
        await asyncio.gather(*workers)
    finally:
        for one in workers:
            one.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [results[place] for place in range(len(results))]
