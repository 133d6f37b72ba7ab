"""What both wires of OpenAI's SDK have in common: connections, raw posts, errors, vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiapp.core.embeddings import Vectors
from aiapp.core.errors import ProviderError
from aiapp.providers.hosted import HostedProvider
from aiapp.providers.openai.embeddings import batches, decode_vectors, encode_vectors

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI


_REGIONAL = "api.openai.com"


class OpenAISdkProvider(HostedProvider["AsyncOpenAI"]):
    """One model behind OpenAI's SDK, on whichever wire, at whichever vendor."""

    vectors_as: str = "base64"
    of_openai: bool = True
    """Whether the account is OpenAI's: the SDK names the user's organisation and project to whoever it talks to."""

    sdk_module = "openai"
    base_url_variable = "OPENAI_BASE_URL"
    default_base_url = f"https://{_REGIONAL}/v1"

    def open(
        self, model: str, key: str, base_url: str | None, timeout: float, http_client: httpx2.AsyncClient | None
    ) -> None:
        """Keep what connections will need; none is made."""
        super().open(model, key, base_url, timeout, http_client)
        if self.of_openai:
            self.region = region_of(self._base_url)

    async def post(self, sdk: AsyncOpenAI, path: str, body: bytes) -> httpx2.Response:
        """Send a JSON body, as it is."""
        import httpx2

        return await sdk.post(path, cast_to=httpx2.Response, content=body, options={"headers": self._headers()})

    async def post_stream(self, sdk: AsyncOpenAI, path: str, body: bytes) -> httpx2.Response:
        """The same; the answer's body is still to be read."""
        from openai import AsyncStream

        stream = await sdk.post(
            path,
            cast_to=object,
            content=body,
            options={"headers": self._headers()},
            stream=True,
            stream_cls=AsyncStream[Any],
        )
        return stream.response

    def failed(self, sdk: AsyncOpenAI, response: httpx2.Response) -> Exception:
        """The SDK's exception for an answer whose status is a failure."""
        return sdk._make_status_error_from_response(response)  # pyright: ignore[reportPrivateUsage]

    def encode_texts(self, texts: Sequence[str], dimensions: int | None) -> Mapping[str, Any]:
        """The payload for texts that one request may hold."""
        return encode_vectors(self.model, texts, dimensions, self.vectors_as)

    def batches(self, texts: Sequence[str]) -> Iterator[Sequence[str]]:
        """The texts in as few requests as the API's limits allow."""
        return batches(texts)

    async def aembed(self, texts: Sequence[str], dimensions: int | None) -> Vectors:
        """One vector for each text, in order, by one request."""
        answer, served = await self.ask("/embeddings", self.encode_texts(texts, dimensions))
        named = (self.name, self.model, served.request_id)
        return self.understood(lambda: decode_vectors(answer, len(texts), *named), served)

    def translate(self, error: Exception) -> ProviderError | None:
        """Ours for an exception of the SDK's."""
        from openai import OpenAIError

        from aiapp.providers.openai.errors import translate

        return translate(error, self.name, self.model) if isinstance(error, OpenAIError) else None

    def open_http(self) -> httpx2.AsyncClient:
        """The SDK's aiohttp transport: it takes a third of the time of the usual one."""
        from openai import DefaultAioHttpClient

        return DefaultAioHttpClient()

    def open_sdk(self, http: httpx2.AsyncClient) -> AsyncOpenAI:
        """The SDK's client."""
        from openai import AsyncOpenAI

        sdk = AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=0,
            http_client=http,
        )
        if not self.of_openai:
            sdk.organization = sdk.project = None
        return sdk

    def _headers(self) -> dict[str, Any]:
        """A server that needs no key gets none, and the SDK must be told so at each request."""
        kind: dict[str, Any] = {"Content-Type": "application/json"}
        if self._key:
            return kind
        from openai import Omit

        return {**kind, "Authorization": Omit()}


def region_of(base_url: str) -> str | None:
    """The region whose address this is, such as `eu` of https://eu.api.openai.com/v1; None for any other.

    OpenAI charges more for what is processed there, and its answers do not say that it was
    (https://developers.openai.com/api/docs/guides/data-residency).
    """
    host = urlsplit(base_url).hostname or ""
    region, dot, rest = host.partition(".")
    return region if dot and rest == _REGIONAL else None
