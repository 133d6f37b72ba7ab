"""OpenAI behind the provider protocol: the SDK keeps keys, URLs and connections; payloads stay plain JSON."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import ConnectionFailed, InvalidResponse, MissingKey
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.openai.decode import StreamDecoder, decode
from aiapp.providers.openai.encode import NAME, encode
from aiapp.providers.protocol import Prepared

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

KEY_VARIABLE = "OPENAI_API_KEY"
PATH = "/responses"


class OpenAIProvider:
    """One model of OpenAI's. The SDK is loaded and its client made on the first call; its own retries are off."""

    name = NAME
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
        key = api_key or os.environ.get(KEY_VARIABLE)
        if not key:
            raise MissingKey(NAME, KEY_VARIABLE)
        self.model = model
        self._key, self._base_url, self._timeout, self._http_client = key, base_url, timeout, http_client
        self._client: AsyncOpenAI | None = None

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model)

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer."""
        import httpx2
        import openai

        from aiapp.providers.openai.errors import translate

        try:
            response = await self._sdk().post(PATH, cast_to=httpx2.Response, body=dict(prepared.payload))
        except openai.OpenAIError as error:
            raise translate(error, self.model) from None
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            kind = response.headers.get("content-type", "no content type")
            raise InvalidResponse(f"the answer is not JSON ({kind})", provider=NAME, model=self.model) from None
        return list(decode(answer, self.model))

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes."""
        import httpx2
        import openai

        from aiapp.providers.openai.errors import translate

        decoder = StreamDecoder(self.model)
        body = {**prepared.payload, "stream": True}
        try:
            stream = await self._sdk().post(
                PATH, cast_to=object, body=body, stream=True, stream_cls=openai.AsyncStream[Any]
            )
            async with stream:
                async for event in stream:
                    for ours in decoder.decode(event):
                        yield ours
        except openai.OpenAIError as error:
            raise translate(error, self.model) from None
        except httpx2.TransportError as error:
            raise ConnectionFailed(str(error) or type(error).__name__, provider=NAME, model=self.model) from None

    async def aclose(self) -> None:
        """Close the SDK's connections."""
        if self._client is not None:
            await self._client.close()

    def _sdk(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI

        if self._client is None:
            self._client = AsyncOpenAI(
                api_key=self._key,
                base_url=self._base_url,
                timeout=self._timeout,
                max_retries=0,
                http_client=self._http_client,
            )
        return self._client
