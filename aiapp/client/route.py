"""The way to one model: prepare, and send until an answer opens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeVar

from aiapp.client.budget import end_in_time, time_left
from aiapp.client.call import Call, Opened, Policy, Proceed, around
from aiapp.client.retry import Retry, attempt
from aiapp.client.timeouts import no_longer_silent_than, within
from aiapp.core.errors import NotHonoured, ProviderError
from aiapp.core.events import Event, Served, Started, UsageReport
from aiapp.providers.protocol import Loads, Provider

T = TypeVar("T")


def full_name(provider: Provider) -> str:
    """The model as `Client` takes it, such as `openai:NAME`."""
    return provider.name if provider.model == provider.name else f"{provider.name}:{provider.model}"


def _nothing_said(_: object) -> Sequence[Event]:
    return ()


class Route:
    """One model, tried as `retry` says. `gates` stand before each try, retries included: limits of any kind.

    A try that has not answered after `timeout` seconds, or a stream that says nothing for as long, is `TimedOut`.
    """

    def __init__(
        self, provider: Provider, retry: Retry, timeout: float, *, strict: bool = False, gates: Sequence[Policy] = ()
    ) -> None:
        self.provider, self.retry, self.timeout, self.strict = provider, retry, timeout, strict
        self._to_load = provider if isinstance(provider, Loads) else None
        send: Proceed = self._send
        for gate in reversed(gates):
            send = around(gate, send)
        self._gates, self._gated = tuple(gates), send
        self.model = full_name(provider)

    async def open(self, call: Call) -> Opened:
        """Prepare the request for this model, and send it until an answer opens."""
        if self._to_load is not None:
            await self._load(self._to_load)
        call.provider, call.prepared = self.provider, self.provider.prepare(call.request)
        if self.strict and (lost := tuple(change for change in call.prepared.changes if change.lost)):
            raise NotHonoured(self.model, lost)
        return await self._attempt(self._gated, call)

    async def attempt(
        self, call: Call, send: Callable[[], Awaitable[T]], said: Callable[[T], Sequence[Event]] = _nothing_said
    ) -> T:
        """Do something else than answer, such as embed: behind the gates, in time, and again as `retry` says.

        `said` is what the gates are told of the result, such as its usage.
        """
        done: list[T] = []

        async def proceed(call: Call) -> Opened:
            if self._to_load is not None:
                await self._load(self._to_load)
            timeout = self._timeout(call)
            call.sends += 1
            done.append(await within(timeout, send(), self.provider))
            return Opened(said(done[-1]))

        gated: Proceed = proceed
        for gate in reversed(self._gates):
            gated = around(gate, gated)
        try:
            await self._attempt(gated, call)
        finally:
            call.close()
        return done[-1]

    async def _attempt(self, gated: Proceed, call: Call) -> Opened:
        if call.began is None:
            call.began = call.working()
        return await attempt(
            partial(gated, call),
            self.retry,
            self.model,
            call.attempts,
            clock=call.working,
            at_most=partial(_at_most, call),
            since=call.began,
        )

    async def _send(self, call: Call) -> Opened:
        assert call.prepared is not None
        timeout = self._timeout(call)
        call.sends += 1
        if not call.streaming:
            return Opened(await within(timeout, self.provider.acomplete(call.prepared), self.provider))
        call.source = self.provider.astream(call.prepared)
        first = await within(timeout, _begun(call.source), self.provider)
        late = end_in_time(call.budgets, self.model) if call.budgets else None
        return Opened(first, no_longer_silent_than(self.timeout, call.source, self.provider, late))

    async def _load(self, provider: Loads) -> None:
        await provider.aload()
        self._to_load = None

    def _timeout(self, call: Call) -> float:
        """How long a try may take: as the client says, and no longer than the budgets last."""
        return min(self.timeout, time_left(call.budgets, self.model)) if call.budgets else self.timeout


def _at_most(call: Call, error: ProviderError) -> Decimal | None:
    from aiapp.client.charging import at_most  # nothing of this is needed where no try fails

    return at_most(call, error)


async def _begun(events: AsyncIterator[Event]) -> list[Event]:
    """What a stream says up to its first output."""
    first: list[Event] = []
    async for event in events:
        first.append(event)
        if not isinstance(event, Started | Served | UsageReport):
            break
    return first
