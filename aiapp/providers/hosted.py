"""What every provider behind an SDK has in common: the key, and payloads and answers that stay plain JSON.

A subclass says how a request is encoded and an answer decoded, and posts through its own SDK, which keeps keys, URLs
and connections. No SDK is loaded before the first call, and an SDK's own retries are off.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from aiapp.core.errors import ConnectionFailed, InvalidResponse, MissingKey, ProviderError
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.protocol import Prepared

if TYPE_CHECKING:
    from collections.abc import Generator

    import httpx2


class Decoder(Protocol):
    """Turns a stream's events into ours, one at a time."""

    def decode(self, event: Mapping[str, Any]) -> Iterable[Event]:
        """Our events for one of theirs."""
        ...


class HostedProvider(ABC):
    """One model of a vendor's."""

    name: ClassVar[str]
    key_variable: ClassVar[str]
    free = False
    ranks_choices = False

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 600.0,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        key = api_key or os.environ.get(self.key_variable)
        if not key:
            raise MissingKey(self.name, self.key_variable)
        self.model = model
        self._key, self._base_url, self._timeout, self._http_client = key, base_url, timeout, http_client

    @abstractmethod
    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""

    @abstractmethod
    def decode(self, answer: Mapping[str, Any]) -> Iterable[Event]:
        """The events of a whole answer."""

    @abstractmethod
    def stream_decoder(self) -> Decoder:
        """A decoder for one streamed answer."""

    @abstractmethod
    async def post(self, payload: Mapping[str, Any]) -> httpx2.Response:
        """Send a payload through the SDK."""

    @abstractmethod
    def events(self, payload: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        """Send a payload through the SDK, and the vendor's events as they come."""

    @abstractmethod
    def translate(self, error: Exception) -> ProviderError | None:
        """Ours for an exception of the SDK's; None for any other."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the SDK's connections."""

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer."""
        with self._translated():
            response = await self.post(prepared.payload)
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            kind = response.headers.get("content-type", "no content type")
            raise InvalidResponse(f"the answer is not JSON ({kind})", provider=self.name, model=self.model) from None
        return list(self.decode(answer))

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes."""
        decoder = self.stream_decoder()
        with self._translated():
            async for event in self.events(prepared.payload):
                for ours in decoder.decode(event):
                    yield ours

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Failures of the SDK, and of the connection under it, as ours."""
        import httpx2

        try:
            yield
        except httpx2.TransportError as error:
            reason = str(error) or type(error).__name__
            raise ConnectionFailed(reason, provider=self.name, model=self.model) from None
        except Exception as error:
            ours = self.translate(error)
            if ours is None:
                raise
            raise ours from None
