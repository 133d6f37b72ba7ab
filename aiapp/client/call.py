"""One call in flight, and what a policy is: something around the opening of its answer."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from aiapp.core.accepted import instance
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.core.response import Attempt, Response
from aiapp.providers.protocol import Prepared, Provider
from aiapp.tracking.stopwatch import Stopwatch

if TYPE_CHECKING:
    from aiapp.client.budget import Budget


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer whose output has begun: `first` is in hand, `rest` is still to come; None where all is in hand.

    Until an answer is opened nothing was shown, so a failure may be tried again; from then on it may not.
    """

    first: Sequence[Event]
    rest: AsyncIterator[Event] | None = None


@dataclass(slots=True)
class Call:
    """One call in flight: what is asked, and what its receipt will be written from.

    A policy may replace `request` before it goes on, and may ask to see the response or the end of the call.
    """

    request: Request
    provider: Provider
    """The model that was asked; a fallback that answers takes its place."""
    streaming: bool = False
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    prepared: Prepared | None = None
    source: AsyncIterator[Event] | None = None
    """The provider's stream: closed at the end of the call, also where a policy that wraps it was never read."""
    cached: bool = False
    budgets: tuple[Budget, ...] = ()
    """All of them must allow what is sent."""
    capped: Prepared | None = None
    """What was prepared last, where a budget made it ask for a shorter answer."""
    sends: int = 0
    """How often something left this machine, or was asked of a model on it."""
    queued: float = 0.0
    """Seconds spent waiting for the client's own limits."""
    began: float | None = None
    """When its first try began, by `working`: the retries of all its models have one deadline."""
    _watching: list[Callable[[Response[Any]], None]] = field(default_factory=list[Callable[[Response[Any]], None]])
    _closing: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    @property
    def sent(self) -> bool:
        """Whether anything left this machine, or was asked of a model on it."""
        return self.sends > 0

    def on_response(self, watch: Callable[[Response[Any]], None]) -> None:
        """Call `watch` with the whole response, once it is there; never where the answer breaks off."""
        self._watching.append(watch)

    def on_close(self, close: Callable[[], None]) -> None:
        """Call `close` when the call is over, however it ended."""
        self._closing.append(close)

    @contextmanager
    def queueing(self) -> Generator[None]:
        """Time spent inside is the stage `queue` of the receipt, and counts towards no deadline."""
        began = time.perf_counter()
        try:
            with self.stopwatch.stage("queue"):
                yield
        finally:
            self.queued += time.perf_counter() - began

    def working(self) -> float:
        """A clock that stands still while the call is queueing."""
        return time.perf_counter() - self.queued

    def answered(self, response: Response[Any]) -> None:
        """Show the response to those who wait for it."""
        for watch in self._watching:
            watch(response)

    async def aclose(self) -> None:
        """Close the provider's stream, if there is one; then as `close`."""
        try:
            await close_stream(self.source)
        finally:
            self.close()

    def close(self) -> None:
        """The call is over; the last to come is told first."""
        while self._closing:
            self._closing.pop()()


async def close_stream(events: AsyncIterator[Event] | None) -> None:
    """Let go of a stream that may not have been read to its end; a second time does nothing."""
    if isinstance(events, AsyncGenerator):
        await events.aclose()  # pyright: ignore[reportUnknownMemberType]


Proceed: TypeAlias = Callable[[Call], Awaitable[Opened]]
"""Open the answer with everything that stands further in."""


_OPENED = instance("an Opened, as `await proceed(call)` gives it", Opened)


class Policy(Protocol):
    """Something that a client does around each call; an `async def policy(call, proceed)` is one."""

    async def __call__(self, call: Call, proceed: Proceed, /) -> Opened:
        """Open the answer, as a rule by `await proceed(call)`."""
        ...


def around(policy: Policy, proceed: Proceed) -> Proceed:
    """`proceed`, with a policy around it."""

    async def opened(call: Call) -> Opened:
        answer = await policy(call, proceed)
        if type(answer) is not Opened:
            _OPENED.check(f"what {getattr(policy, '__name__', type(policy).__name__)} returned", answer)
        return answer

    return opened
