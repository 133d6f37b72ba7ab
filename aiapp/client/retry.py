"""Retries: which failures are tried again, when, and for how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from aiapp.core.accepted import AT_LEAST_ONE, number
from aiapp.core.errors import ProviderError
from aiapp.core.response import Attempt

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")
_WAIT = number("a number of seconds, at least 0", lambda seconds: seconds >= 0)


@dataclass(frozen=True, slots=True)
class Retry:
    """At most `attempts` tries; waits in seconds are random, up to a bound that doubles from `first_wait`.

    The bound stays at `longest_wait`. A wait that the provider asks for is honoured instead. No wait is begun that
    would end after `deadline` seconds from the first try of a call, whichever model that asked: the failure is raised
    at once. Time spent queueing for the client's own limits is not counted. A fallback model has `attempts` of its own.
    """

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 8.0
    deadline: float = 60.0

    def __post_init__(self) -> None:
        AT_LEAST_ONE.check("attempts", self.attempts)
        for name in ("first_wait", "longest_wait", "deadline"):
            _WAIT.check(name, getattr(self, name))


def _nobody_knows(_: ProviderError) -> Decimal | None:
    return None


async def attempt(
    work: Callable[[], Awaitable[T]],
    policy: Retry,
    model: str,
    log: list[Attempt],
    *,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    at_most: Callable[[ProviderError], Decimal | None] = _nobody_knows,
    since: float | None = None,
) -> T:
    """Do `work`, trying again as the policy says; each try is added to `log`.

    `at_most` says what a try may have been charged that ended with an error. `since` is when the call's first try
    began by the clock, where that was another model's.
    """
    began = clock()
    try:
        result = await work()
    except ProviderError as error:
        log.append(_failure(model, clock() - began, error, at_most))
        if not error.retryable or policy.attempts == 1:
            raise
        failed = error
    else:
        log.append(Attempt(model, clock() - began))
        return result
    first_began = began if since is None else since
    return await _again(work, policy, model, log, failed, first_began, clock, sleep, at_most)


def _failure(
    model: str, seconds: float, error: ProviderError, at_most: Callable[[ProviderError], Decimal | None]
) -> Attempt:
    return Attempt(model, seconds, type(error).__name__, error.status, at_most=at_most(error))


async def _again(
    work: Callable[[], Awaitable[T]],
    policy: Retry,
    model: str,
    log: list[Attempt],
    failed: ProviderError,
    began: float,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    at_most: Callable[[ProviderError], Decimal | None],
) -> T:
    """What follows a first failure. Nothing of this is paid for by a call that succeeds at once."""
    from tenacity import AsyncRetrying, retry_if_exception, wait_random_exponential

    backoff = wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait)
    first: ProviderError | None = failed

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.retry_after if isinstance(error, ProviderError) else None
        return backoff(state) if asked is None else max(asked, 0.0)

    def enough(state: RetryCallState) -> bool:
        late = clock() - began + state.upcoming_sleep > policy.deadline
        return late or state.attempt_number >= policy.attempts

    def before_sleep(state: RetryCallState) -> None:
        log[-1] = replace(log[-1], wait=state.upcoming_sleep)

    async def once() -> T:
        nonlocal first
        if first is not None:
            error, first = first, None
            raise error
        started = clock()
        try:
            result = await work()
        except ProviderError as error:
            log.append(_failure(model, clock() - started, error, at_most))
            raise
        log.append(Attempt(model, clock() - started))
        return result

    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, ProviderError) and error.retryable),
        stop=enough,
        wait=wait,
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    return await retrying(once)
