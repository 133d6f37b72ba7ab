"""OpenAI behind the provider protocol, on its Responses API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiapp.core.errors import InvalidResponse
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.providers.answering import read_stream, read_whole
from aiapp.providers.counting import Count
from aiapp.providers.hosted import Decoder
from aiapp.providers.openai.counting import count_request
from aiapp.providers.openai.decode import StreamDecoder, decode
from aiapp.providers.openai.encode import encode
from aiapp.providers.openai.items import NAME, reader
from aiapp.providers.openai.sdk import OpenAISdkProvider
from aiapp.providers.protocol import Prepared
from aiapp.providers.reading import as_count

_COUNTED = ("model", "input", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "truncation")


class OpenAIProvider(OpenAISdkProvider):
    """One model of OpenAI's, through the Responses API."""

    name = NAME
    key_variable = "OPENAI_API_KEY"
    path = "/responses"

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""
        return encode(request, self.model)

    def decode(self, answer: Mapping[str, Any], prepared: Prepared) -> Iterable[Event]:
        """The events of a whole response."""
        return read_whole(decode(answer, self.model), reader(prepared.answer_tool))

    def stream_decoder(self, prepared: Prepared) -> Decoder:
        """A decoder for one streamed response."""
        return read_stream(StreamDecoder(self.model), reader(prepared.answer_tool))

    def count_tokens(self, request: Request) -> Count:
        """The tokens of a request's texts, by tiktoken where its file is on this machine, else an estimate."""
        return count_request(request, self.model, f"OpenAI {self.model}")

    async def acount_tokens(self, request: Request) -> Count:
        """The tokens of the whole request, images and files too, as OpenAI counts them."""
        payload = self.prepare(request).payload
        path = "/responses/input_tokens"
        answer, served = await self.ask(path, {name: payload[name] for name in _COUNTED if name in payload})
        tokens = as_count(answer.get("input_tokens"))
        if tokens is None:
            raise InvalidResponse(
                "the answer has no count", provider=self.name, model=self.model, request_id=served.request_id
            )
        return Count(f"OpenAI {self.model}", tokens, True, f"POST {path}")
