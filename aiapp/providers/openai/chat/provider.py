"""A vendor that speaks Chat Completions, behind the provider protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.answering import Answer, as_aside, read_stream, read_whole
from aiapp.providers.counting import Count
from aiapp.providers.hosted import Decoder
from aiapp.providers.openai.chat.decode import StreamDecoder, decode
from aiapp.providers.openai.chat.encode import encode
from aiapp.providers.openai.chat.truncation import characters_of
from aiapp.providers.openai.counting import count_request
from aiapp.providers.openai.sdk import OpenAISdkProvider
from aiapp.providers.openai.vendors import Vendor, is_loopback
from aiapp.providers.protocol import Prepared

if TYPE_CHECKING:
    import httpx2


class ChatProvider(OpenAISdkProvider):
    """One model of a vendor's, or of a server's, through Chat Completions."""

    path = "/chat/completions"

    def __init__(
        self,
        vendor: Vendor,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 600.0,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        self.vendor, self.name, self.key_variable = vendor, vendor.name, vendor.key
        self.of_openai, self.vectors_as = vendor.of_openai, vendor.vectors
        address = vendor.address(base_url)
        self.free = vendor.own_machine and is_loopback(address or "") and not model.endswith("-cloud")
        self.open(model, vendor.secret(api_key), address, timeout, http_client)

    @property
    def address(self) -> str | None:
        """Where requests go; None for the vendor's own address."""
        return None if self._base_url == self.vendor.base_url else self._base_url

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model, self.vendor)

    def decode(self, answer: Mapping[str, Any], prepared: Prepared) -> Iterable[Event]:
        """The events of a whole answer."""
        events = decode(answer, self.model, self.vendor, self._watched(prepared))
        return read_whole(events, self._answer(prepared))

    def stream_decoder(self, prepared: Prepared) -> Decoder:
        """A decoder for one streamed answer."""
        decoder = StreamDecoder(self.model, self.vendor, self._watched(prepared))
        return read_stream(decoder, self._answer(prepared))

    def streaming(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The payload that asks for a stream, and for its usage, which most servers send only when asked."""
        if not self.vendor.stream_usage:
            return {**payload, "stream": True}
        options = {"include_usage": True, **payload.get("stream_options", {})}
        return {**payload, "stream": True, "stream_options": options}

    def _answer(self, prepared: Prepared) -> Answer | None:
        tool = prepared.answer_tool
        return None if tool is None else Answer(tool, aside=as_aside(self.name))

    def _watched(self, prepared: Prepared) -> int | None:
        """The characters of the prompt, where the vendor may read fewer without a word."""
        return characters_of(prepared.payload) if self.vendor.truncates else None

    def count_tokens(self, request: Request) -> Count:
        """The tokens of a request's texts: an estimate, but for OpenAI's own models."""
        return count_request(request, self.model, f"{self.name} {self.model}", of_openai=self.of_openai)

    async def acount_tokens(self, request: Request) -> Count:
        """The same: this wire has no place to ask."""
        return self.count_tokens(request)
