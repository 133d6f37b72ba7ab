"""What every provider promises to `Client`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from aiapp.core.embeddings import Vectors
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.providers.counting import Count


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as the provider will get it, and what had to change on the way. It holds no key.

    `answer_tool` names the tool whose arguments are the answer, where the answer's form is asked for by a tool.
    `most_tokens` is the most that the answer may take, by what is sent or by the model; None where neither says.
    """

    payload: Mapping[str, Any]
    changes: tuple[Change, ...] = ()
    answer_tool: str | None = None
    most_tokens: int | None = None


@runtime_checkable
class Provider(Protocol):
    """One model behind one provider. Failures are `ProviderError`s; nothing is retried here."""

    @property
    def name(self) -> str:
        """The provider's name, such as `openai`."""
        ...

    @property
    def model(self) -> str:
        """The model's name as the provider knows it."""
        ...

    @property
    def free(self) -> bool:
        """Whether a call costs no money, as it does on the user's own machine."""
        ...

    @property
    def ranks_choices(self) -> bool:
        """Whether a `Choice` comes back with the log-probability of every option."""
        ...

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request: pure, without the network. Only a provider that `Loads` may load its SDK."""
        ...

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer as events."""
        ...

    def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class HoldsSecrets(Protocol):
    """A provider that was given keys, which nothing that is kept may show."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys."""
        ...


@runtime_checkable
class Addressed(Protocol):
    """A provider whose requests may go to more than one server."""

    @property
    def address(self) -> str | None:
        """Where requests go, by an argument or by the environment; None for the vendor's own address."""
        ...


def address_of(provider: Provider) -> str | None:
    """Where a provider's requests go; None for the one place where they can go, or go unless something else is said."""
    return provider.address if isinstance(provider, Addressed) else None


@runtime_checkable
class AsksForStreams(Protocol):
    """A provider that sends another payload where the answer is to be streamed."""

    def streaming(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The payload that asks for a stream."""
        ...


@runtime_checkable
class Embeds(Protocol):
    """A provider whose model makes vectors of texts."""

    async def aembed(self, texts: Sequence[str], dimensions: int | None) -> Vectors:
        """One vector for each text, in order; `dimensions` asks for shorter ones where the model can."""
        ...


@runtime_checkable
class BatchesTexts(Protocol):
    """A provider that embeds, and knows how many texts one request may hold."""

    def batches(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        """The texts in order, a request's at a time."""
        ...


def batches_of(provider: Provider, texts: Sequence[str]) -> Iterable[Sequence[str]]:
    """Texts as a provider is asked for their vectors: where it does not say, all at once; none for none."""
    if isinstance(provider, BatchesTexts):
        return provider.batches(texts)
    return (texts,) if texts else ()


@runtime_checkable
class EncodesTexts(Protocol):
    """A provider that embeds, and can show what it sends for it."""

    def encode_texts(self, texts: Sequence[str], dimensions: int | None) -> Mapping[str, Any]:
        """The payload for the texts, as if one request could hold them all: pure, without the network."""
        ...


def encoded_texts(provider: Provider, texts: Sequence[str], dimensions: int | None) -> Mapping[str, Any]:
    """What a provider sends for texts, as far as it can show it."""
    if isinstance(provider, EncodesTexts):
        return provider.encode_texts(texts, dimensions)
    return {"input": list(texts)} if dimensions is None else {"input": list(texts), "dimensions": dimensions}


@runtime_checkable
class Counts(Protocol):
    """A provider that can tell how many tokens a request takes."""

    def count_tokens(self, request: Request) -> Count:
        """The tokens of a request as far as this machine can tell; nothing is sent."""
        ...

    async def acount_tokens(self, request: Request) -> Count:
        """The same from the provider, where it counts for its users; else as `count_tokens`."""
        ...


@runtime_checkable
class Loads(Protocol):
    """A provider that has something large to load, such as an SDK, before it prepares a request or sends it."""

    async def aload(self) -> None:
        """Load it beside the event loop, where `prepare` would hold that up; no timeout counts it. Once is enough."""
        ...
