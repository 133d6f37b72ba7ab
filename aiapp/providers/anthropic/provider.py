"""Anthropic behind the provider protocol, through the official SDK beneath its typed layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import InvalidResponse, ProviderError
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.answering import read_stream, read_whole
from aiapp.providers.anthropic import NAME
from aiapp.providers.anthropic.answer import reader
from aiapp.providers.anthropic.decode import StreamDecoder, decode
from aiapp.providers.anthropic.encode import encode
from aiapp.providers.anthropic.tokens import countable, estimated
from aiapp.providers.counting import Count
from aiapp.providers.hosted import Decoder, HostedProvider
from aiapp.providers.protocol import Prepared
from aiapp.providers.reading import as_count

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

_JSON: Any = {"headers": {"Content-Type": "application/json"}}


COUNTING_PATH = "/v1/messages/count_tokens"
LONGEST_SILENT = 21_333
"""Tokens that arrive within ten minutes by the SDK's own estimate; its typed layer refuses to wait for more."""


class AnthropicProvider(HostedProvider["AsyncAnthropic"]):
    """One model of Anthropic's, through the Messages API."""

    name = NAME
    key_variable = "ANTHROPIC_API_KEY"
    path = "/v1/messages"
    base_url_variable = "ANTHROPIC_BASE_URL"
    default_base_url = "https://api.anthropic.com"
    sdk_module = "anthropic"
    request_id_header = "request-id"

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model)

    def decode(self, answer: Mapping[str, Any], prepared: Prepared) -> Iterable[Event]:
        """The events of a whole message."""
        return read_whole(decode(answer, self.model), reader(prepared.answer_tool))

    def stream_decoder(self, prepared: Prepared) -> Decoder:
        """A decoder for one streamed message."""
        return read_stream(StreamDecoder(self.model), reader(prepared.answer_tool))

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer; one that may take long is read as a stream, for no connection stays silent so long."""
        if prepared.payload.get("max_tokens", 0) <= LONGEST_SILENT:
            return await super().acomplete(prepared)
        return [event async for event in self.astream(prepared)]

    def count_tokens(self, request: Request) -> Count:
        """An estimate: the models' tokenizer is not public."""
        return estimated(self.prepare(request).payload)

    async def acount_tokens(self, request: Request) -> Count:
        """The provider's own count, which costs nothing."""
        answer, served = await self.ask(COUNTING_PATH, countable(self.prepare(request).payload))
        tokens = as_count(answer.get("input_tokens"))
        if tokens is None:
            raise InvalidResponse(
                "the answer has no count", provider=self.name, model=self.model, request_id=served.request_id
            )
        return Count(self.model, tokens, False, f"Anthropic, POST {COUNTING_PATH}, which may be a few tokens off")

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
