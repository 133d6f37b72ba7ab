"""The way to one model: prepare, and send until an answer opens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

from aiapp.client.call import Call, Opened, Policy, Proceed, around
from aiapp.client.retry import Retry, attempt
from aiapp.core.errors import NotHonoured
from aiapp.core.events import Event, Served, Started
from aiapp.providers.protocol import Provider


def full_name(provider: Provider) -> str:
    """The model as `Client` takes it, such as `openai:NAME`."""
    return provider.name if provider.model == provider.name else f"{provider.name}:{provider.model}"


class Route:
    """One model, tried as `retry` says. `gates` stand before each try, retries included: limits of any kind."""

    def __init__(self, provider: Provider, retry: Retry, *, strict: bool = False, gates: Sequence[Policy] = ()) -> None:
        self.provider, self.retry, self.strict = provider, retry, strict
        send: Proceed = self._send
        for gate in reversed(gates):
            send = around(gate, send)
        self._gated = send
        self.model = full_name(provider)

    async def open(self, call: Call) -> Opened:
        """Prepare the request for this model, and send it until an answer opens."""
        call.provider, call.prepared = self.provider, self.provider.prepare(call.request)
        if self.strict and (lost := tuple(change for change in call.prepared.changes if change.lost)):
            raise NotHonoured(self.model, lost)
        return await attempt(partial(self._gated, call), self.retry, self.model, call.attempts, clock=call.working)

    async def _send(self, call: Call) -> Opened:
        assert call.prepared is not None
        if not call.streaming:
            return Opened(await self.provider.acomplete(call.prepared))
        return await _begun(self.provider.astream(call.prepared))


async def _begun(events: AsyncIterator[Event]) -> Opened:
    """The stream with its first output in hand."""
    first: list[Event] = []
    async for event in events:
        first.append(event)
        if not isinstance(event, Started | Served):
            break
    return Opened(first, events)
