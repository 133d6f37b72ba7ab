"""Whatever litellm can reach, behind the provider protocol."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

from aiapp.core.embeddings import Vectors
from aiapp.core.errors import AiappError, ConnectionFailed, InvalidResponse
from aiapp.core.events import Event, Served
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.core.secrets import names_a_secret
from aiapp.providers.access import SHORTEST_KEY, given_address, given_key, tells, without_keys
from aiapp.providers.answering import Answer, as_aside, read_some, read_whole
from aiapp.providers.counting import Count, estimate
from aiapp.providers.hosted import BROKEN_OFF
from aiapp.providers.litellm import NAME
from aiapp.providers.litellm.decode import StreamDecoder, decode
from aiapp.providers.litellm.encode import checked, encode, without
from aiapp.providers.litellm.errors import by_class, request_id, translate
from aiapp.providers.litellm.forms import shaped
from aiapp.providers.litellm.sdk import Connections, is_installed, is_loaded, load, refuses, require, taken
from aiapp.providers.litellm.usage import decode_usage
from aiapp.providers.litellm.vendor import vendor_of
from aiapp.providers.protocol import Prepared
from aiapp.providers.reading import MALFORMED, as_label, fields
from aiapp.providers.statuses import shortened
from aiapp.providers.vectors import as_vectors
from aiapp.sync import PerLoop

_BY_VALUE = ("temperature", "top_p", "reasoning_effort", "tool_choice")
_REWRITTEN = Change("payload", "these are litellm's arguments; it rewrites them for the provider", lost=False)
_UNCHECKED = Change(
    "payload", "litellm is not installed here to tell which of these arguments the model takes", lost=False
)


class LiteLLMProvider:
    """One model as litellm names it: `PROVIDER/MODEL`. Without `api_key` litellm reads the provider's own variables.

    An `offline` one is never asked, and prepares requests also where litellm is not installed, as far as that can be.
    """

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
        offline: bool = False,
    ) -> None:
        if not offline:
            require()
        self.model = model
        self._key = given_key(api_key)
        given = {"api_key": self._key, "api_base": given_address(base_url)}
        self._access: dict[str, Any] = {name: value for name, value in given.items() if value}
        self._access |= {"timeout": timeout, "num_retries": 0, "max_retries": 0}
        # litellm's gateway for MCP tools is imported for every request with tools, and needs a package of its own.
        self._chat = {**self._access, "_skip_mcp_handler": True}
        self._connections = PerLoop(Connections, Connections.aclose)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key, for those who must keep it out of what they write."""
        return (self._key,) if self._key else ()

    @property
    def address(self) -> str | None:
        """Where requests go, by an argument or by a variable such as `OPENAI_API_BASE`; None leaves it to litellm."""
        given: str | None = self._access.get("api_base")
        vendor = (vendor_of(self.model) or "openai").upper()
        return given or os.environ.get(f"{vendor}_BASE_URL") or os.environ.get(f"{vendor}_API_BASE")

    async def aload(self) -> None:
        """Load litellm, which takes seconds, in a thread: the loop must not stand still for it."""
        if not is_loaded():
            await asyncio.to_thread(load)

    def prepare(self, request: Request) -> Prepared:
        """The arguments for a request; litellm is loaded to ask it about settings that not every model takes."""
        prepared = encode(request, self.model)
        asked = checked(prepared.payload, request.settings.extra)
        if asked and not is_installed():
            return replace(prepared, changes=(*prepared.changes, _UNCHECKED, _REWRITTEN))
        known = taken(self.model) if asked else None
        if known is not None:
            prepared = shaped(prepared, request, self.model, known)
            asked = checked(prepared.payload, request.settings.extra)
            lost = [name for name in asked if name not in known or self._refuses(name, prepared.payload)]
            prepared = without(prepared, lost, self.model)
        return replace(prepared, changes=(*prepared.changes, _REWRITTEN))

    def _refuses(self, name: str, payload: Mapping[str, Any]) -> bool:
        """Whether litellm refuses the value: newer models take some arguments at one value alone.

        Of Ollama's models it would ask the server, and nothing is sent here.
        """
        if name not in _BY_VALUE or vendor_of(self.model).startswith("ollama"):
            return False
        needed = ("tools", name) if name == "tool_choice" else (name,)
        return refuses(self.model, deepcopy({one: payload[one] for one in needed if one in payload}))

    def streaming(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments that ask for a stream, with its usage."""
        return {"stream_options": {"include_usage": True}, **payload, "stream": True}

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer."""
        await self.aload()
        await self._connections.get()
        litellm, asked = load(), {**prepared.payload, **self._chat}
        with self._translated():
            answer = await litellm.acompletion(**asked)
        with self._understood():
            events = decode(_plain(answer), self.model)
            return [*read_whole(events, _answer(prepared)), *_served(answer)]

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes."""
        await self.aload()
        await self._connections.get()
        decoder, litellm = StreamDecoder(self.model), load()
        answer = _answer(prepared)
        asked = {**self.streaming(prepared.payload), **self._chat}
        with self._translated():
            stream = await litellm.acompletion(**asked)
        async with aclosing(self._chunks(stream)) as chunks:
            async for chunk in chunks:
                for event in self._read(read_some(decoder.decode(chunk), answer)):
                    yield event
        ending = decoder.end(whole=_ended(stream), counted=_counted(stream), told=False)
        for event in (*_served(stream), *self._read(read_whole(ending, answer))):
            yield event
        if not _ended(stream):
            raise ConnectionFailed(BROKEN_OFF, provider=self.name, model=self.model)

    async def aembed(self, texts: Sequence[str], dimensions: int | None) -> Vectors:
        """One vector for each text, in order."""
        await self.aload()
        await self._connections.get()
        wanted = {} if dimensions is None else {"dimensions": dimensions}
        litellm, asked = load(), {"model": self.model, "input": list(texts), **wanted, **self._access}
        with self._translated():
            answered = await litellm.aembedding(**asked)
        with self._understood():
            answer = _plain(answered)
            rows: list[Mapping[str, Any]] = sorted(answer.get("data") or (), key=_index)
            if len(rows) != len(texts):
                raise self._invalid(f"{len(rows)} vectors came for {len(texts)} texts")
            usage = decode_usage(fields(answer.get("usage")))
            model = as_label(answer.get("model")) or self.model
            return Vectors(as_vectors(row["embedding"] for row in rows), model, usage)

    def count_tokens(self, request: Request) -> Count:
        """An estimate: litellm's own counters load, or download, a tokenizer for each provider."""
        return estimate(request, self.model)

    async def acount_tokens(self, request: Request) -> Count:
        """The same: not every provider counts."""
        return self.count_tokens(request)

    async def aclose(self) -> None:
        """Let go of the connections; they are shared by all that ask litellm on one loop, and close with the last."""
        await self._connections.aclose()

    async def _chunks(self, stream: Any) -> AsyncGenerator[Mapping[str, Any]]:
        with self._translated():
            try:
                async for chunk in stream:
                    yield _plain(chunk)
            finally:
                await stream.aclose()

    def _read(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events of a piece of an answer."""
        with self._understood():
            yield from events

    @contextmanager
    def _understood(self) -> Generator[None]:
        """Around decoding alone: an answer that has not the form of Chat Completions is an error."""
        try:
            yield
        except MALFORMED as error:
            wrong = without_keys(f"{type(error).__name__}: {error}", self._keys())
            cause = None if any(tells(error, key) for key in self._keys()) else error
            raise self._invalid(f"the answer has not the form of its API ({shortened(wrong)})") from cause

    def _invalid(self, reason: str) -> InvalidResponse:
        return InvalidResponse(reason, provider=self.name, model=self.model)

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Around litellm's own code alone: whatever comes out of it is ours, and a mistake of ours is left as it is.

        An exception that nobody foresaw is the cause of ours, unless it shows a key.
        """
        try:
            yield
        except AiappError:
            raise
        except Exception as error:
            keys = self._keys()
            untold = by_class(error) is not None or any(tells(error, key) for key in keys)
            raise translate(error, self.model, keys) from (None if untold else error)

    def _keys(self) -> list[str]:
        """The key, and all in the environment that may be one: litellm reads it there."""
        found = [value for name, value in os.environ.items() if names_a_secret(name) and len(value) >= SHORTEST_KEY]
        return [*self.secrets, *found]


def _answer(prepared: Prepared) -> Answer | None:
    """What reads an answer that a tool takes."""
    return None if prepared.answer_tool is None else Answer(prepared.answer_tool, aside=as_aside(NAME))


def _plain(answer: Any) -> Mapping[str, Any]:
    """litellm's own objects as the JSON that they stand for."""
    plain: Mapping[str, Any] = answer.model_dump()
    return plain


def _served(answer: Any) -> Iterator[Event]:
    """The provider's id of the request, which litellm keeps beside an answer or a stream."""
    found = request_id(answer._hidden_params.get("additional_headers") or {})
    if found is not None:
        yield Served(request_id=found)


def _ended(stream: Any) -> bool:
    """Whether the provider said why its answer ended: where it did not, litellm says `stop`."""
    return stream.received_finish_reason is not None or stream.intermittent_finish_reason is not None


def _counted(stream: Any) -> bool:
    """Whether the provider counted: where it did not, litellm does, with a tokenizer that need not be the model's."""
    return any(getattr(chunk, "usage", None) is not None for chunk in stream.chunks)


def _index(row: Mapping[str, Any]) -> int:
    return int(row.get("index") or 0)
