"""OpenAI behind the provider protocol, through the official SDK beneath its typed layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import ProviderError
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.hosted import HostedProvider
from aiapp.providers.openai.decode import StreamDecoder, decode
from aiapp.providers.openai.encode import NAME, encode
from aiapp.providers.protocol import Prepared

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI


class OpenAIProvider(HostedProvider["AsyncOpenAI"]):
    """One model of OpenAI's, through the Responses API."""

    name = NAME
    key_variable = "OPENAI_API_KEY"
    path = "/responses"

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model)

    def decode(self, answer: Mapping[str, Any], prepared: Prepared) -> Iterable[Event]:
        """The events of a whole response."""
        return decode(answer, self.model)

    def stream_decoder(self, prepared: Prepared) -> StreamDecoder:
        """A decoder for one streamed response."""
        return StreamDecoder(self.model)

    async def post(self, path: str, payload: Mapping[str, Any]) -> httpx2.Response:
        """Send a payload, as it is."""
        import httpx2

        sdk = await self._sdk.get()
        return await sdk.post(path, cast_to=httpx2.Response, body=payload)

    async def post_stream(self, path: str, payload: Mapping[str, Any]) -> httpx2.Response:
        """Send a payload; the answer's body is still to be read."""
        from openai import AsyncStream

        sdk = await self._sdk.get()
        stream = await sdk.post(path, cast_to=object, body=payload, stream=True, stream_cls=AsyncStream[Any])
        return stream.response

    def translate(self, error: Exception) -> ProviderError | None:
        """Ours for an exception of the SDK's."""
        from openai import OpenAIError

        from aiapp.providers.openai.errors import translate

        return translate(error, self.model) if isinstance(error, OpenAIError) else None

    def open_sdk(self) -> AsyncOpenAI:
        """The SDK's client, on its aiohttp transport: it takes a third of the time of the usual one."""
        from openai import AsyncOpenAI, DefaultAioHttpClient

        return AsyncOpenAI(
            api_key=self._key,
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=0,
            http_client=self._http_client or DefaultAioHttpClient(),
        )

    async def close_sdk(self, sdk: AsyncOpenAI) -> None:
        """Close the SDK's connections."""
        await sdk.close()
