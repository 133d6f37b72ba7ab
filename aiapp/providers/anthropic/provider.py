"""Anthropic behind the provider protocol: the SDK keeps keys, URLs and connections; payloads stay plain JSON."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import ConnectionFailed, InvalidResponse, MissingKey
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.anthropic.decode import StreamDecoder, decode
from aiapp.providers.anthropic.encode import NAME, encode
from aiapp.providers.protocol import Prepared

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

KEY_VARIABLE = "ANTHROPIC_API_KEY"
PATH = "/v1/messages"


class AnthropicProvider:
    """One model of Anthropic's. The SDK is loaded and its client made on the first call; its own retries are off."""

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
        self._client: AsyncAnthropic | None = None

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model)

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer."""
        import anthropic
        import httpx2

        from aiapp.providers.anthropic.errors import translate

        try:
            response = await self._sdk().post(PATH, cast_to=httpx2.Response, body=dict(prepared.payload))
        except anthropic.AnthropicError as error:
            raise translate(error, self.model) from None
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            kind = response.headers.get("content-type", "no content type")
            raise InvalidResponse(f"the answer is not JSON ({kind})", provider=NAME, model=self.model) from None
        return list(decode(answer, self.model))

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes."""
        import anthropic
        import httpx2

        from aiapp.providers.anthropic.errors import translate

        decoder = StreamDecoder(self.model)
        body = {**prepared.payload, "stream": True}
        try:
            stream = await self._sdk().post(
                PATH, cast_to=object, body=body, stream=True, stream_cls=anthropic.AsyncStream[Any]
            )
            async with stream:
                async for event in stream:
                    for ours in decoder.decode(event):
                        yield ours
        except anthropic.AnthropicError as error:
            raise translate(error, self.model) from None
        except httpx2.TransportError as error:
            raise ConnectionFailed(str(error) or type(error).__name__, provider=NAME, model=self.model) from None

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
                open_telemetry={"traces": False},  # its own spans would count every token twice
                http_client=self._http_client,
            )
        return self._client
