"""An answer as it comes: events, or just the text, and the whole response at the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic

from aiapp.core.errors import InvalidInput
from aiapp.core.events import Event, TextDelta
from aiapp.core.response import Response
from aiapp.core.schema import Schema
from aiapp.sync import Readers

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=None)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Stream(Generic[T]):
    """Iterate it once, with `async for` or `for`; then `response` is the whole answer with its receipt."""

    def __init__(self, events: AsyncGenerator[Event | Response[Any], None], schema: Schema[T] | None = None) -> None:
        self._events = events
        self._schema = schema
        self._response: Response[T] | None = None
        self._readers = Readers()
        self._watching: list[Callable[[Response[T]], None]] = []

    def on_response(self, watch: Callable[[Response[T]], None]) -> None:
        """Call `watch` with the whole answer, once the stream has been read to its end."""
        self._watching.append(watch)

    @property
    def response(self) -> Response[T]:
        """The whole answer; only after the stream has been read to its end."""
        if self._response is None:
            raise RuntimeError("the stream has not been read to its end")
        return self._response

    async def __aiter__(self) -> AsyncIterator[Event]:
        if self._response is not None:
            raise RuntimeError("the stream has been read to its end already; `response` is the whole answer")
        async for item in self._events:
            if isinstance(item, Response):
                self._response = item
                for watch in self._watching:
                    watch(item)
            else:
                yield item

    def __iter__(self) -> Iterator[Event]:
        return self._readers.iterate(aiter(self))

    async def atext(self) -> AsyncIterator[str]:
        """The answer's text, piece by piece."""
        async for event in self:
            if isinstance(event, TextDelta):
                yield event.text

    def text(self) -> Iterator[str]:
        """The blocking twin of `atext`."""
        return self._readers.iterate(self.atext())

    async def apartials(self) -> AsyncIterator[Any]:
        """The value as far as it is known, as plain JSON values, each time that it grows.

        It is not checked until it is whole: then `response.output` is the value of the type that was asked for.
        """
        if self._schema is None:
            raise InvalidInput("output", None, "a type given to `stream`, to have partial values of")
        text, shown = "", None
        async for piece in self.atext():
            text += piece
            value = self._schema.partial(text)
            if value is not None and value != shown:
                shown = value
                yield value

    def partials(self) -> Iterator[Any]:
        """The blocking twin of `apartials`."""
        return self._readers.iterate(self.apartials())

    async def aclose(self) -> None:
        """Stop reading and let go of the connection."""
        await self._events.aclose()

    def close(self) -> None:
        """The blocking twin of `aclose`; a loop over the stream that was left half-way is closed with it."""
        self._readers.close(self.aclose)
