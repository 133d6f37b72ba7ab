"""An answer as it comes: events, or just the text, and the whole response at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from aiapp.core.events import Event, TextDelta
from aiapp.core.response import Response
from aiapp.sync import iterate


class Stream:
    """Iterate it once, with `async for` or `for`; then `response` is the whole answer with its receipt."""

    def __init__(self, events: AsyncGenerator[Event | Response, None]) -> None:
        self._events = events
        self._response: Response | None = None

    @property
    def response(self) -> Response:
        """The whole answer; only after the stream has been read to its end."""
        if self._response is None:
            raise RuntimeError("the stream has not been read to its end")
        return self._response

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for item in self._events:
            if isinstance(item, Response):
                self._response = item
            else:
                yield item

    def __iter__(self) -> Iterator[Event]:
        return iterate(aiter(self))

    async def atext(self) -> AsyncIterator[str]:
        """The answer's text, piece by piece."""
        async for event in self:
            if isinstance(event, TextDelta):
                yield event.text

    def text(self) -> Iterator[str]:
        """The blocking twin of `atext`."""
        return iterate(self.atext())

    async def aclose(self) -> None:
        """Stop reading and let go of the connection."""
        await self._events.aclose()
