"""Many things at once: in order, a few at a time; of requests, with failures as values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sized
from typing import TypeAlias, TypeVar

from aiapp.core.accepted import AT_LEAST_ONE, Accepted, is_several
from aiapp.core.errors import AiappError, BatchFailed

T = TypeVar("T")
V = TypeVar("V")
CONCURRENCY = 8
"""How many requests of a batch are in flight at once, unless said otherwise."""
Progress: TypeAlias = Callable[[int, int | None], None]
"""Told how many are done, and of how many; None where the requests have no length."""
_MANY = Accepted("several requests, such as a list; for one, a list of one", is_several)
_PROGRESS = Accepted("a function of how many are done and of how many", callable)


def many(requests: Iterable[V]) -> Iterable[V]:
    """The requests, still unread; a text is one request, and would be read as many."""
    _MANY.check("requests", requests)
    return requests


async def batched(
    ask: Callable[[V], Awaitable[T]], values: Iterable[V], concurrency: int, on_progress: Progress | None
) -> list[T | AiappError]:
    """What `ask` makes of each value, in their order, with an `AiappError` in the place of what failed.

    What else is raised, also by the iterable and by `on_progress`, ends it as `BatchFailed`, with what was done.
    """
    AT_LEAST_ONE.check("concurrency", concurrency)
    if on_progress is not None:
        _PROGRESS.check("on_progress", on_progress)
    total, results = len(values) if isinstance(values, Sized) else None, dict[int, T | AiappError]()

    async def one(item: tuple[int, V]) -> None:
        place, value = item
        try:
            results[place] = await ask(value)
        except AiappError as error:
            results[place] = error
        except Exception as error:
            raise BatchFailed(error, place, results) from error
        if on_progress is not None:
            on_progress(len(results), total)

    try:
        await at_once(one, enumerate(values), concurrency)
    except BatchFailed:
        raise
    except Exception as error:
        raise BatchFailed(error, None, results) from error
    return [results[place] for place in range(len(results))]


async def at_once(work: Callable[[V], Awaitable[T]], values: Iterable[V], concurrency: int) -> list[T]:
    """What `work` makes of each value, `concurrency` at a time, in their order; the first failure ends it all.

    A value is taken from the iterable when its turn comes. What is in flight when it ends, or when it is cancelled, is
    cancelled and waited for.
    """
    AT_LEAST_ONE.check("concurrency", concurrency)
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
