"""Trials: what a metric says of one prompt, and how sure the mean of many is."""

from __future__ import annotations

import asyncio
import inspect
import math
import random
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.messages import Message
from aiapp.prompts.fewshot.example import Example

Metric: TypeAlias = Callable[[tuple[Message, ...], Example[Any, Any]], float | Awaitable[float]]
"""Asks a model about the input of an example after these turns, once, and says how good the answer is.

A blocking function is called in a thread, one that is async on the event loop.
"""
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Trial:
    """One prompt to be measured."""

    turns: tuple[Message, ...]
    example: Example[Any, Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of `count` values with a 95 % interval: the middle of the means of samples drawn from them anew."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @staticmethod
    def of(values: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES) -> Interval | None:
        """The percentile bootstrap (Efron 1979); None for fewer than two values, of which nothing can be said.

        Equal values give an interval without width: that says nothing of what was not seen.
        """
        if len(values) < 2:
            return None
        draw = random.Random(seed)
        means = sorted(statistics.fmean(draw.choices(values, k=len(values))) for _ in range(resamples))
        tail = round(resamples * 0.025)
        return Interval(statistics.fmean(values), means[tail], means[-1 - tail], len(values))


async def measured(trials: Sequence[Trial], metric: Metric, concurrency: int) -> list[float | AiappError]:
    """What the metric says of each trial, in their order, so many at a time.

    An `AiappError` stands in its place: what was paid for is not lost. Anything else that it raises ends it all.
    """
    if type(concurrency) is not int or concurrency < 1:
        raise InvalidInput("concurrency", concurrency, "a whole number of at least 1")
    gate = asyncio.Semaphore(concurrency)

    async def one(trial: Trial) -> float | AiappError:
        async with gate:
            try:
                return number(await called(metric, trial.turns, trial.example), "metric")
            except InvalidInput:
                raise
            except AiappError as error:
                return error

    tasks = [asyncio.create_task(one(trial)) for trial in trials]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, in a thread, so that it may block; or the coroutine that it returns, here."""
    value = await asyncio.to_thread(function, *arguments)
    return await value if inspect.isawaitable(value) else value


def number(value: object, of: str) -> float:
    """The score that a function of the caller gave."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidInput(of, value, "a finite number, or true or false")
    return float(value)
