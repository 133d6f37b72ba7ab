"""What both wires of OpenAI's SDK have in common: connections, raw posts, errors, vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiapp.core.embeddings import Vectors
from aiapp.core.errors import ProviderError
from aiapp.core.usage import total_usage
from aiapp.providers.hosted import HostedProvider
from aiapp.providers.openai.embeddings import batches, decode_vectors, encode_vectors

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI


class OpenAISdkProvider(HostedProvider["AsyncOpenAI"]):
    """One model behind OpenAI's SDK, on whichever wire, at whichever vendor."""

    vectors_as: str = "base64"
    of_openai: bool = True
    """Whether the account is OpenAI's: the SDK names the user's organisation and project to whoever it talks to."""

    async def post(self, path: str, payload: Mapping[str, Any]) -> httpx2.Response:
        """Send a payload, as it is."""
        import httpx2

        sdk = await self._sdk.get()
        return await sdk.post(path, cast_to=httpx2.Response, body=payload, options={"headers": self._headers()})

    async def post_stream(self, path: str, payload: Mapping[str, Any]) -> httpx2.Response:
        """Send a payload; the answer's body is still to be read."""
        from openai import AsyncStream

        sdk = await self._sdk.get()
        stream = await sdk.post(
            path,
            cast_to=object,
            body=payload,
            options={"headers": self._headers()},
            stream=True,
            stream_cls=AsyncStream[Any],
        )
        return stream.response

    async def aembed(self, texts: Sequence[str], dimensions: int | None) -> Vectors:
        """One vector for each text, in order, in as few requests as the API's limits allow."""
        vectors: list[Sequence[float]] = []
        parts: list[Vectors] = []
        for batch in batches(texts):
            payload = encode_vectors(self.model, batch, dimensions, self.vectors_as)
            answer, served = await self.ask("/embeddings", payload)
            part = decode_vectors(answer, len(batch), self.name, self.model, served.request_id)
            vectors.extend(part.vectors)
            parts.append(part)
        if len(parts) == 1:
            return parts[0]
        usage = total_usage(part.usage for part in parts)
        last = parts[-1] if parts else None
        return Vectors(vectors, last.model if last else self.model, usage, last.request_id if last else None)

    def translate(self, error: Exception) -> ProviderError | None:
        """Ours for an exception of the SDK's."""
        from openai import OpenAIError

        from aiapp.providers.openai.errors import translate

        return translate(error, self.name, self.model, self._key) if isinstance(error, OpenAIError) else None

    def open_sdk(self) -> AsyncOpenAI:
        """The SDK's client, on its aiohttp transport: it takes a third of the time of the usual one."""
        from openai import AsyncOpenAI, DefaultAioHttpClient

        sdk = AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=0,
            http_client=self._http_client or DefaultAioHttpClient(),
        )
        if not self.of_openai:
            sdk.organization = sdk.project = None
        return sdk

    async def close_sdk(self, sdk: AsyncOpenAI) -> None:
        """Close the SDK's connections."""
        await sdk.close()

    def _headers(self) -> dict[str, Any]:
        """A server that needs no key gets none, and the SDK must be told so at each request."""
        if self._key:
            return {}
        from openai import Omit

        return {"Authorization": Omit()}
