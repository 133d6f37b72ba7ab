"""Cassettes: a real model's answers in a file, told again without it.

Kept are our own requests and events, not HTTP: a cassette outlives every change of an SDK or of a wire. It is JSON that
is meant to be read, compared and, where need be, edited by hand. Secrets are taken out before anything is written, and
out of what is asked before it is compared: see `aiapp.tracking.redaction`.

def test_the_capital() -> None:
    with Cassette("tests/cassettes/capital.json", "openai:NAME") as cassette:
        assert "Paris" in Client(provider=cassette).complete("What is the capital of France?").text

The first run asks the model, with your key, and records; every later one needs no key, address, SDK or network.
To record again, delete the file.
"""

from __future__ import annotations

import difflib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiapp.core.accepted import Accepted, instance
from aiapp.core.embeddings import Vectors
from aiapp.core.errors import InvalidInput, ProviderError
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.core.serialisation import from_plain, to_plain
from aiapp.providers.counting import Count, estimate
from aiapp.providers.protocol import (
    Addressed,
    AsksForStreams,
    Counts,
    Embeds,
    HoldsSecrets,
    Loads,
    Prepared,
    Provider,
    batches_of,
    encoded_texts,
)
from aiapp.providers.registry import open_provider
from aiapp.testing.scripted import PreparedRequest, request_of
from aiapp.testing.tape import (
    Interaction,
    count_of,
    error_of,
    plain_count,
    plain_embed,
    plain_error,
    plain_vectors,
    pretty,
    read,
    vectors_of,
    write,
)
from aiapp.tracking.redaction import Redaction

_PLACEHOLDER = "no-key-is-needed-to-replay"
_PATH = instance("the path of a file", str, os.PathLike)
_MODEL = Accepted("the name of a model, or an open provider", lambda value: isinstance(value, str | Provider))


class NotRecorded(AssertionError):
    """The request is none of those that were recorded, or was asked more often than recorded.

    It is no `AiappError`: an application that catches those must not take it for a model's failure.
    """


class Cassette:
    """A provider that asks `model` and records, or replays what was recorded.

    `mode` is `replay` or `record`; `auto` replays where the file is there and records where it is not. Nothing is added
    to a file that is replayed: a request that it does not hold raises `NotRecorded`, which shows what differs from the
    nearest one. The same request is answered in the order of the recording, a failure among them as the same failure.
    An answer that was waited for can be streamed, and the reverse; a stream that was left early is told as far as it
    was read. Vectors and counts of tokens are recorded too. No price is: what a replayed answer
    costs is worked out anew, at the prices of the day on which it is replayed.

    `normalise` takes out of a request what differs from run to run, such as today's date, before it is kept or
    compared. One cassette has its file for itself.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        model: str | Provider,
        *,
        mode: Literal["auto", "record", "replay"] = "auto",
        normalise: Callable[[Request], Request] | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
    ) -> None:
        if mode not in ("auto", "record", "replay"):
            raise InvalidInput("mode", mode, "auto, record, replay")
        _PATH.check("path", path)
        _MODEL.check("model", model)
        self.path = Path(path)
        self.recording = mode == "record" or (mode == "auto" and not self.path.exists())
        key = api_key if self.recording else api_key or _PLACEHOLDER
        opened = (
            open_provider(model, api_key=key, base_url=base_url, offline=not self.recording)
            if isinstance(model, str)
            else model
        )
        self._provider, self._normalise = opened, normalise
        held = opened.secrets if isinstance(opened, HoldsSecrets) else ()
        self._secrets = tuple(one for one in held if one != _PLACEHOLDER)
        self._lock = threading.Lock()
        self._interactions = [] if self.recording else read(self.path, self._full_name)

    @property
    def name(self) -> str:
        """The recorded provider's."""
        return self._provider.name

    @property
    def model(self) -> str:
        """The recorded model's."""
        return self._provider.model

    @property
    def free(self) -> bool:
        """As with the recorded provider."""
        return self._provider.free

    @property
    def ranks_choices(self) -> bool:
        """As with the recorded provider."""
        return self._provider.ranks_choices

    @property
    def address(self) -> str:
        """This file, and where the recorded provider's requests go: a response cache mixes it with nothing else."""
        inner = self._provider
        asked = inner.address if isinstance(inner, Addressed) else None
        file = f"cassette {self.path.absolute()}"
        return file if asked is None else f"{file} of {asked}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The recorded provider's, which are in nothing that is written."""
        return self._secrets

    def prepare(self, request: Request) -> Prepared:
        """The payload as the recorded provider has it today."""
        prepared = self._provider.prepare(request)
        return _Taped(
            prepared.payload, prepared.changes, most_tokens=prepared.most_tokens, request=request, inner=prepared
        )

    def streaming(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The payload by which the recorded provider asks for a stream."""
        inner = self._provider
        return inner.streaming(payload) if isinstance(inner, AsksForStreams) else payload

    async def aload(self) -> None:
        """Load what the recorded provider loads, where it is to be asked."""
        if self.recording and isinstance(self._provider, Loads):
            await self._provider.aload()

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer."""
        return [event async for event in self._play(prepared, streaming=False)]

    def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes; a recorded one comes at once."""
        return self._play(prepared, streaming=True)

    def encode_texts(self, texts: Sequence[str], dimensions: int | None) -> Mapping[str, Any]:
        """The payload as the recorded provider has it today."""
        return encoded_texts(self._provider, texts, dimensions)

    def batches(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        """The texts as the recorded provider takes them, a request's at a time."""
        return batches_of(self._provider, texts)

    async def aembed(self, texts: Sequence[str], dimensions: int | None) -> Vectors:
        """One vector for each text, as they were recorded."""
        inner = self._provider
        if not isinstance(inner, Embeds):
            raise InvalidInput("model", self._full_name, "a model that embeds")
        asked = plain_embed(texts, dimensions)
        return vectors_of(await self._value(asked, lambda: inner.aembed(texts, dimensions), plain_vectors))

    def count_tokens(self, request: Request) -> Count:
        """The recorded provider's own estimate, made today; where it has none, one by the number of characters."""
        inner = self._provider
        return inner.count_tokens(request) if isinstance(inner, Counts) else estimate(request, self._full_name)

    async def acount_tokens(self, request: Request) -> Count:
        """The tokens of a request, as the recorded provider counted them."""
        inner = self._provider
        if not isinstance(inner, Counts):
            raise InvalidInput("model", self._full_name, "a model whose provider counts tokens")
        asked = {"kind": "count", "request": self._plain(request)}
        return count_of(await self._value(asked, lambda: inner.acount_tokens(request), plain_count))

    async def aclose(self) -> None:
        """Let go of the recorded provider's connections."""
        await self._provider.aclose()

    def assert_done(self) -> None:
        """Fail where a recording was not asked for."""
        left = [] if self.recording else [one for one in self._interactions if not one.done]
        shown = "\n".join(pretty(one.request) for one in left[:3])
        assert not left, f"{len(left)} recordings of {self.path} were not asked for:\n{shown}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What was recorded must have been asked for, unless the test has failed already."""
        if kind is None:
            self.assert_done()

    async def _play(self, prepared: Prepared, *, streaming: bool) -> AsyncGenerator[Event, None]:
        interaction = Interaction(Redaction(self._secrets).value(self._plain(request_of(prepared))))
        if self.recording:
            assert isinstance(prepared, _Taped)
            source = self._record(interaction, prepared.inner, streaming)
            try:
                async for event in source:
                    yield event
            finally:
                await source.aclose()
            return
        recorded = self._take(interaction)
        for plain in recorded.events:
            yield from_plain(Event, plain)
        if recorded.error is not None:
            raise error_of(recorded.error)

    async def _record(
        self, interaction: Interaction, prepared: Prepared, streaming: bool
    ) -> AsyncGenerator[Event, None]:
        """Ask the model; what came is kept however it ends, save where nothing came."""
        self._begin(interaction)
        events: list[Event] = []
        try:
            if not streaming:
                events.extend(await self._provider.acomplete(prepared))
                for event in events:
                    yield event
                return
            stream = self._provider.astream(prepared)
            try:
                async for event in stream:
                    events.append(event)
                    yield event
            finally:
                close = getattr(stream, "aclose", None)
                if close is not None:
                    await close()
        except ProviderError as error:
            interaction.error = plain_error(error)
            raise
        finally:
            self._keep(interaction, [to_plain(event) for event in events])

    async def _value(self, asked: Any, ask: Callable[[], Awaitable[Any]], plain: Callable[[Any], Any]) -> Any:
        """What else than an answer was asked for, as plain values: asked and recorded, or told again."""
        interaction = Interaction(Redaction(self._secrets).value(asked))
        if not self.recording:
            recorded = self._take(interaction)
            if recorded.error is not None:
                raise error_of(recorded.error)
            return recorded.events[0]
        self._begin(interaction)
        came: list[Any] = []
        try:
            came.append(plain(await ask()))
        except ProviderError as error:
            interaction.error = plain_error(error)
            raise
        finally:
            self._keep(interaction, came)
        return came[0]

    def _plain(self, request: Request) -> Any:
        """A request as it is kept and compared."""
        return to_plain(replace(self._normalise(request) if self._normalise else request, prompt=None))

    def _begin(self, interaction: Interaction) -> None:
        with self._lock:
            self._interactions.append(interaction)  # in the order of asking, whichever is answered first

    def _keep(self, interaction: Interaction, events: Sequence[Any]) -> None:
        redaction = Redaction(self._secrets)
        with self._lock:
            if not events and interaction.error is None:
                self._interactions.remove(interaction)
                return
            interaction.events = redaction.events(events)
            interaction.error = redaction.value(interaction.error)
            interaction.done = True
            write(self.path, self._full_name, [one for one in self._interactions if one.done])

    def _take(self, asked: Interaction) -> Interaction:
        key = asked.key
        with self._lock:
            same = [one for one in self._interactions if one.key == key]
            free = next((one for one in same if not one.done), None)
            if free is None:
                raise NotRecorded(self._why_not(asked, len(same)))
            free.done = True
            return free

    def _why_not(self, asked: Interaction, times: int) -> str:
        again = f"To record it, delete {self.path} and run again with a key."
        if times:
            return f"{self.path} holds this request {times} times, and it was asked once more. {again}"
        if not self._interactions:
            return f"{self.path} holds no request. {again}"
        wanted = pretty(asked.request).split("\n")
        shown = [pretty(one.request).split("\n") for one in self._interactions]
        nearest = max(shown, key=lambda lines: difflib.SequenceMatcher(None, lines, wanted).ratio())
        difference = difflib.unified_diff(nearest, wanted, "the nearest recorded", "asked", n=2, lineterm="")
        return "\n".join([f"{self.path} holds no such request. {again}", *difference])

    @property
    def _full_name(self) -> str:
        return f"{self.name}:{self.model}"


@dataclass(frozen=True, slots=True)
class _Taped(PreparedRequest):
    """What is sent is what the recorded provider itself has prepared."""

    inner: Prepared = field(kw_only=True)
