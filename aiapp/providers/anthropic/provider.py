"""Anthropic behind the provider protocol, through the official SDK beneath its typed layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

_JSON: Any = {"headers": {"Content-Type": "application/json"}}


class AnthropicProvider(HostedProvider["AsyncAnthropic"]):
    """One model of Anthropic's, through the Messages API."""

    name = NAME
    key_variable = "ANTHROPIC_API_KEY"
    path = "/v1/messages"
    sdk_module = "anthropic"
    request_id_header = "request-id"

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model)

    def decode(self, answer: Mapping[str, Any]) -> Iterable[Event]:
        """The events of a whole message."""
        return decode(answer, self.model)

    def stream_decoder(self) -> StreamDecoder:
        """A decoder for one streamed message."""
        return StreamDecoder(self.model)

    async def post(self, sdk: AsyncAnthropic, path: str, body: bytes) -> httpx2.Response:
        """Send a JSON body, as it is."""
        import httpx2

        return await sdk.post(path, cast_to=httpx2.Response, content=body, options=_JSON)

    async def post_stream(self, sdk: AsyncAnthropic, path: str, body: bytes) -> httpx2.Response:
        """The same; the answer's body is still to be read."""
        from anthropic import AsyncStream

        stream = await sdk.post(
            path, cast_to=object, content=body, options=_JSON, stream=True, stream_cls=AsyncStream[Any]
        )
        return stream.response

    def failed(self, sdk: AsyncAnthropic, response: httpx2.Response) -> Exception:
        """The SDK's exception for an answer whose status is a failure."""
        return sdk._make_status_error_from_response(response)  # pyright: ignore[reportPrivateUsage]

    def translate(self, error: Exception) -> ProviderError | None:
        """Ours for an exception of the SDK's."""
        from anthropic import AnthropicError

        from aiapp.providers.anthropic.errors import translate

        return translate(error, self.model) if isinstance(error, AnthropicError) else None

    def open_http(self) -> httpx2.AsyncClient:
        """The SDK's aiohttp transport: it takes a third of the time of the usual one."""
        from anthropic import DefaultAioHttpClient

        return DefaultAioHttpClient()

    def open_sdk(self, http: httpx2.AsyncClient) -> AsyncAnthropic:
        """The SDK's client."""
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(
            api_key=self._key,
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=0,
            http_client=http,
            open_telemetry={"traces": False},  # its own spans would count every token twice
        )
