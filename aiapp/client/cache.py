"""A response cache: the same request to the same model at the same address is answered once, and read from then on.

What is kept are the events of an answer, so that an answer that was waited for can be streamed later, and the reverse.
Every request is taken as it is, whatever its temperature: a client that has a cache asks for the same answer again.
Only whole answers are kept, those that ended with `stop` or `tool_calls`; never a failure, an answer that broke off,
was cut at a limit or refused, nor one that a fallback gave. Where a value of a type is asked for, an answer that holds
none is neither kept nor given.

Where one client is asked the same again before the answer is there, the second call waits for the first, and is
answered from the cache. It waits for no stream, which is as slow as its reader; and it shares no failure: where nothing
was kept, it asks for itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from aiapp.client.call import Call, Opened, Proceed
from aiapp.core.accepted import AT_LEAST_ONE
from aiapp.core.events import Event, Finish, fold
from aiapp.core.formats import JsonSchema
from aiapp.core.request import Request
from aiapp.core.serialisation import canonical
from aiapp.providers.protocol import Provider

FORMAT = 1
"""Part of every key: what was kept in another way is not read."""
_WHOLE = ("stop", "tool_calls")


@runtime_checkable
class Cache(Protocol):
    """Where answers are kept. Both methods may be called from any thread."""

    def get(self, key: str) -> Sequence[Event] | None:
        """The answer that is kept for a key; quick, for it is called on the event loop."""
        ...

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Keep an answer; called in a thread of its own."""
        ...


class MemoryCache:
    """Keeps answers as long as the process lives; the one that was used least recently makes room."""

    def __init__(self, max_entries: int = 1000) -> None:
        AT_LEAST_ONE.check("max_entries", max_entries)
        self.max_entries = max_entries
        self._kept: OrderedDict[str, tuple[Event, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Sequence[Event] | None:
        """The answer that is kept for a key."""
        with self._lock:
            events = self._kept.get(key)
            if events is not None:
                self._kept.move_to_end(key)
            return events

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Keep an answer."""
        with self._lock:
            self._kept[key] = tuple(events)
            self._kept.move_to_end(key)
            while len(self._kept) > self.max_entries:
                self._kept.popitem(last=False)


class Cached:
    """The policy: an answer that is kept is given at once, any other is asked for and kept.

    `scope` is whatever else tells answers apart, such as the address of the server.
    """

    def __init__(self, cache: Cache, scope: Any = None) -> None:
        self._cache, self._scope = cache, scope
        self._asking: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Event] = {}
        """What is being asked for now, and waited for whole."""

    def kept(self, request: Request, provider: Provider) -> Sequence[Event] | None:
        """The answer that is kept for a request to a model."""
        return self._get(cache_key(request, provider, self._scope), request)

    async def __call__(self, call: Call, proceed: Proceed, /) -> Opened:
        """Open the answer from the cache, or from what stands further in."""
        key = cache_key(call.request, call.provider, self._scope)
        place = (asyncio.get_running_loop(), key)
        kept, first = self._get(key, call.request), self._asking.get(place)
        if kept is None and first is not None:
            with call.queueing():
                await first.wait()
            kept = self._get(key, call.request)
        if kept is not None:
            call.cached = True
            return Opened(kept)
        if call.streaming or place in self._asking:
            return await self._ask(key, call, proceed)
        done = self._asking[place] = asyncio.Event()
        try:
            return await self._ask(key, call, proceed)
        finally:
            del self._asking[place]
            done.set()

    async def _ask(self, key: str, call: Call, proceed: Proceed) -> Opened:
        asked, request = call.provider, call.request
        opened = await proceed(call)
        if call.provider is not asked:
            return opened
        if opened.rest is None:
            await self._keep(key, request, opened.first)
            return opened
        return Opened(opened.first, self._kept_at_its_end(key, request, [*opened.first], opened.rest))

    async def _kept_at_its_end(
        self, key: str, request: Request, events: list[Event], rest: AsyncIterator[Event]
    ) -> AsyncIterator[Event]:
        async for event in rest:
            events.append(event)
            yield event
        await self._keep(key, request, events)

    async def _keep(self, key: str, request: Request, events: Sequence[Event]) -> None:
        finish = next((event for event in reversed(events) if isinstance(event, Finish)), None)
        if finish is not None and finish.reason in _WHOLE and _answers(request, events):
            await asyncio.to_thread(self._cache.put, key, events)

    def _get(self, key: str, request: Request) -> Sequence[Event] | None:
        """What is kept, unless the type that is asked for has come to ask for more since."""
        kept = self._cache.get(key)
        return kept if kept is not None and _answers(request, kept) else None


def _answers(request: Request, events: Sequence[Event]) -> bool:
    """Whether an answer holds what is asked for, as far as that is checked; one that asks for tools is on the way."""
    form = request.format
    if not isinstance(form, JsonSchema) or form.fits is None:
        return True
    said = fold(events)
    return bool(said.tool_calls) or form.fits(said.text)


def cache_key(request: Request, provider: Provider, scope: Any = None) -> str:
    """What an answer is kept under: a hash of all that is sent, of the model, and of `scope`.

    The prompt that a request came from is no part of it: the same words are the same request.
    """
    about = json.dumps([FORMAT, provider.name, provider.model, scope], sort_keys=True)
    return hashlib.sha256(f"{about}\n{canonical(replace(request, prompt=None, prompt_name=None))}".encode()).hexdigest()
