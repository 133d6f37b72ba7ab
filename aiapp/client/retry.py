"""Retries: which failures are tried again, when, and for how long."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from aiapp.core.errors import InvalidInput, ProviderError
from aiapp.core.response import Attempt

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """At most `attempts` tries; waits in seconds double from `first_wait` to `longest_wait`, with jitter.

    A wait that the provider asks for is honoured. No wait is begun that would end after `deadline` seconds from the
    first try: the failure is raised instead.
    """

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 8.0
    deadline: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidInput("attempts", self.attempts, "a whole number of at least 1")


def _retryable(error: BaseException) -> bool:
    return isinstance(error, ProviderError) and error.retryable


async def attempt(work: Callable[[], Awaitable[T]], policy: Retry, model: str, log: list[Attempt]) -> T:
    """Do `work`, trying again as the policy says; each try is added to `log`."""
    from tenacity import (
        AsyncRetrying,
        retry_if_exception,
        stop_after_attempt,
        stop_before_delay,
        wait_random_exponential,
    )

    backoff = wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.retry_after if isinstance(error, ProviderError) else None
        return backoff(state) if asked is None else asked

    async def once() -> T:
        began = time.perf_counter()
        try:
            result = await work()
        except ProviderError as error:
            log.append(Attempt(model, time.perf_counter() - began, type(error).__name__, error.status))
            raise
        log.append(Attempt(model, time.perf_counter() - began))
        return result

    def before_sleep(state: RetryCallState) -> None:
        last = log.pop()
        log.append(Attempt(last.model, last.seconds, last.error, last.status, state.upcoming_sleep))

    retrying = AsyncRetrying(
        retry=retry_if_exception(_retryable),
        stop=stop_after_attempt(policy.attempts) | stop_before_delay(policy.deadline),
        wait=wait,
        before_sleep=before_sleep,
        reraise=True,
    )
    return await retrying(once)
