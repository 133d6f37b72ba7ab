"""The client: one model, its policies, and a receipt for every answer."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field, fields, replace

from aiapp.client.retry import Retry, attempt
from aiapp.client.stream import Stream
from aiapp.core.errors import InvalidInput
from aiapp.core.events import Completion, Event, Fold, Started, TextDelta, ThinkingDelta, fold
from aiapp.core.messages import Message, user
from aiapp.core.request import Request, Settings
from aiapp.core.response import Attempt, Receipt, Response
from aiapp.providers.protocol import Prepared, Provider
from aiapp.providers.registry import open_provider
from aiapp.sync import sync
from aiapp.tracking.billing import bill
from aiapp.tracking.stopwatch import Stopwatch

DEFAULT_MODEL = "local"


@dataclass(slots=True)
class _Call:
    """One call in flight: what the receipt will be written from."""

    prepared: Prepared
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    attempts: list[Attempt] = field(default_factory=list[Attempt])


class Client:
    """Asks one model. `model` is `local`, `openai:NAME` or `anthropic:NAME`; without one, `AIAPP_MODEL`, else `local`.

    The key is read from the provider's usual environment variable unless `api_key` is given. Nothing is loaded or
    connected before the first call. A ready `provider` may be given in place of a model name.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        provider: Provider | None = None,
        settings: Settings | None = None,
        retry: Retry | None = None,
        timeout: float = 600.0,
        api_key: str | None = None,
        base_url: str | None = None,
    ) -> None:
        if provider is not None and model is not None:
            raise InvalidInput("model", model, "either a model name or a provider, not both")
        name = model or os.environ.get("AIAPP_MODEL") or DEFAULT_MODEL
        self._provider = provider or open_provider(name, api_key=api_key, base_url=base_url, timeout=timeout)
        self._settings = settings or Settings()
        self._retry = retry or Retry()

    @property
    def model(self) -> str:
        """The model as `Client` takes it, such as `openai:NAME`."""
        provider = self._provider
        return provider.name if provider.model == provider.name else f"{provider.name}:{provider.model}"

    @property
    def ranks_choices(self) -> bool:
        """Whether a `Choice` comes back with the log-probability of every option."""
        return self._provider.ranks_choices

    def explain(self, request: str | Message | Sequence[Message] | Request) -> Prepared:
        """What would be sent, and what would have to change; nothing is sent."""
        return self._provider.prepare(self._request(request))

    async def acomplete(self, request: str | Message | Sequence[Message] | Request) -> Response:
        """Ask, and wait for the whole answer."""
        call = _Call(self.explain(request))
        events = await attempt(lambda: self._provider.acomplete(call.prepared), self._retry, self.model, call.attempts)
        return self._response(fold(events), call)

    complete = sync(acomplete)

    def stream(self, request: str | Message | Sequence[Message] | Request) -> Stream:
        """Ask, and read the answer as it comes. The stream serves `async for` and `for` alike."""
        return Stream(self._events(self._request(request)))

    async def _events(self, request: Request) -> AsyncGenerator[Event | Response, None]:
        call = _Call(self._provider.prepare(request))
        folding = Fold()
        first, rest = await attempt(
            lambda: _opened(self._provider.astream(call.prepared)), self._retry, self.model, call.attempts
        )
        try:
            for event in first:
                _mark(event, call.stopwatch)
                folding.add(event)
                yield event
            async for event in rest:
                _mark(event, call.stopwatch)
                folding.add(event)
                yield event
        finally:
            await _close(rest)
        yield self._response(folding.completion(), call)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._provider.aclose()

    close = sync(aclose)

    def _request(self, request: str | Message | Sequence[Message] | Request) -> Request:
        if isinstance(request, str):
            request = user(request)
        if isinstance(request, Message):
            request = (request,)
        if not isinstance(request, Request):
            request = Request(tuple(request))
        if not request.messages:
            raise InvalidInput("messages", request.messages, "at least one message")
        return replace(request, settings=request.settings.over(self._settings))

    def _response(self, completion: Completion, call: _Call) -> Response:
        provider = self._provider
        receipt = Receipt(
            model=self.model,
            usage=completion.usage,
            invoice=bill(completion.usage, model=self.model, free=provider.free),
            timing=call.stopwatch.timing(),
            attempts=tuple(call.attempts),
            changes=call.prepared.changes,
            payload=call.prepared.payload,
            request_id=completion.request_id,
        )
        return Response(**{f.name: getattr(completion, f.name) for f in fields(Completion)}, receipt=receipt)


def _mark(event: Event, stopwatch: Stopwatch) -> None:
    if isinstance(event, TextDelta | ThinkingDelta):
        stopwatch.first_token()


async def _opened(events: AsyncIterator[Event]) -> tuple[list[Event], AsyncIterator[Event]]:
    """The stream with its first output in hand: until then nothing was shown, so a failure may be tried again."""
    first: list[Event] = []
    async for event in events:
        first.append(event)
        if not isinstance(event, Started):
            break
    return first, events


async def _close(events: AsyncIterator[Event]) -> None:
    if isinstance(events, AsyncGenerator):
        await events.aclose()
