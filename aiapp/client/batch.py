"""Many requests at once: in order, a few at a time, with failures as values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sized
from typing import TypeAlias, TypeVar

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.request import Asked

T = TypeVar("T")
CONCURRENCY = 8
"""How many requests of a batch are in flight at once, unless said otherwise."""
Progress: TypeAlias = Callable[[int, int | None], None]
"""Told how many are done, and of how many; None where the requests have no length."""


async def batched(
    ask: Callable[[Asked], Awaitable[T]], requests: Iterable[Asked], concurrency: int, on_progress: Progress | None
) -> list[T | AiappError]:
    """What `ask` makes of each request, in their order.

    A request is taken from the iterable when its turn comes. Whatever is no `AiappError` ends the whole batch, as does
    cancelling it: what is in flight is cancelled and waited for.
    """
    if type(concurrency) is not int or concurrency < 1:
        raise InvalidInput("concurrency", concurrency, "a whole number of at least 1")
    total = len(requests) if isinstance(requests, Sized) else None
    results, source, done = dict[int, T | AiappError](), enumerate(requests), 0

    async def work() -> None:
        nonlocal done
        for place, asked in source:
            try:
                results[place] = await ask(asked)
            except AiappError as error:
                results[place] = error
            done += 1
            if on_progress is not None:
                on_progress(done, total)

    workers = [asyncio.create_task(work()) for _ in range(concurrency if total is None else min(concurrency, total))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [results[place] for place in range(len(results))]
