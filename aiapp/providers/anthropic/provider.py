"""Anthropic behind the provider protocol, through the official SDK beneath its typed layer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import ProviderError
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.anthropic.decode import StreamDecoder, decode
from aiapp.providers.anthropic.encode import NAME, encode
from aiapp.providers.hosted import HostedProvider
from aiapp.providers.protocol import Prepared

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

PATH = "/v1/messages"


class AnthropicProvider(HostedProvider):
    """One model of Anthropic's, through the Messages API."""

    name = NAME
    key_variable = "ANTHROPIC_API_KEY"
    _client: AsyncAnthropic | None = None

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model)

    def decode(self, answer: Mapping[str, Any]) -> Iterable[Event]:
        """The events of a whole message."""
        return decode(answer, self.model)

    def stream_decoder(self) -> StreamDecoder:
        """A decoder for one streamed message."""
        return StreamDecoder(self.model)

    async def post(self, payload: Mapping[str, Any]) -> httpx2.Response:
        """Send a payload, as it is."""
        import httpx2

        return await self._sdk().post(PATH, cast_to=httpx2.Response, body=dict(payload))

    async def events(self, payload: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        """Send a payload, and the API's events as they come."""
        from anthropic import AsyncStream

        body = {**payload, "stream": True}
        stream = await self._sdk().post(PATH, cast_to=object, body=body, stream=True, stream_cls=AsyncStream[Any])
        async with stream:
            async for event in stream:
                yield event

    def translate(self, error: Exception) -> ProviderError | None:
        """Ours for an exception of the SDK's."""
        from anthropic import AnthropicError

        from aiapp.providers.anthropic.errors import translate

        return translate(error, self.model) if isinstance(error, AnthropicError) else None

    async def aclose(self) -> None:
        """Close the SDK's connections."""
        if self._client is not None:
            await self._client.close()

    def _sdk(self) -> AsyncAnthropic:
        from anthropic import AsyncAnthropic

        if self._client is None:
            self._client = AsyncAnthropic(
                api_key=self._key,
                base_url=self._base_url,
                timeout=self._timeout,
                max_retries=0,
                http_client=self._http_client,
                open_telemetry={"traces": False},  # its own spans would count every token twice
            )
        return self._client
