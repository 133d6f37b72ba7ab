"""What every provider behind an SDK has in common: the key, and payloads and answers that stay plain JSON.

A subclass says how a request is encoded and an answer decoded, and posts through its own SDK, which keeps keys, URLs
and connections; beneath the SDK's typed layer, which is where its time goes. No SDK is loaded before the first call,
and an SDK's own retries are off.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from aiapp.core.errors import AiappError, ConnectionFailed, InvalidResponse, MissingKey, ProviderError, TimedOut
from aiapp.core.events import Event, Finish, Served
from aiapp.core.request import Request
from aiapp.providers.access import given_address, given_key, host_of, tells, without_keys
from aiapp.providers.connection import Connection, Sdk
from aiapp.providers.protocol import Prepared
from aiapp.providers.reading import MALFORMED, as_label
from aiapp.providers.sse import Splitter
from aiapp.providers.statuses import shortened, timed_out
from aiapp.sync import PerLoop

if TYPE_CHECKING:
    from collections.abc import Generator

    import httpx2


T = TypeVar("T")
Failure = TypeVar("Failure", bound=ProviderError)
BROKEN_OFF = "the answer broke off"
ENDING_SECONDS = 0.25
"""How long a stream that has said its last is read on, to its end."""


_NO_JSON = (ValueError, RecursionError)
"""Of a text that is no JSON, and of one that is nested without end."""


class Decoder(Protocol):
    """Turns a stream's events into ours, one at a time; `done` is whether the last one of an answer has come."""

    @property
    def done(self) -> bool:
        """False to the end where a wire's last word is `[DONE]`, which is no event."""
        ...

    def decode(self, event: Mapping[str, Any]) -> Iterable[Event]:
        """Our events for one of theirs."""
        ...

    def end(self) -> Iterable[Event]:
        """What is still to be told once the stream is over; nothing after a `Finish`."""
        ...


class HostedProvider(ABC, Generic[Sdk]):
    """One model of a vendor's."""

    name: str
    key_variable: str
    base_url_variable: ClassVar[str]
    default_base_url: ClassVar[str]
    path: ClassVar[str]
    sdk_module: ClassVar[str]
    request_id_header: ClassVar[str] = "x-request-id"
    free = False
    ranks_choices = False
    _loaded = False
    region: str | None = None
    """Where the address makes the vendor serve, for vendors whose answers do not say so."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 600.0,
        http_client: httpx2.AsyncClient | None = None,
    ) -> None:
        key = given_key(api_key, self.key_variable)
        if not key:
            raise MissingKey(self.name, self.key_variable)
        self.open(model, key, base_url, timeout, http_client)

    def open(
        self, model: str, key: str, base_url: str | None, timeout: float, http_client: httpx2.AsyncClient | None
    ) -> None:
        """Keep what connections will need; none is made."""
        self.model = model
        self._base_url = given_address(base_url, self.base_url_variable) or self.default_base_url
        self._key, self._timeout, self._http_client = key, timeout, http_client
        self._connections: PerLoop[Connection[Sdk]] = PerLoop(self._connect, Connection[Sdk].aclose)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key, for those who must keep it out of what they write."""
        return (self._key,) if self._key else ()

    @property
    def address(self) -> str | None:
        """Where requests go; None for the vendor's own address."""
        return None if self._base_url == self.default_base_url else self._base_url

    @abstractmethod
    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads nothing."""

    @abstractmethod
    def decode(self, answer: Mapping[str, Any], prepared: Prepared) -> Iterable[Event]:
        """The events of a whole answer to what was prepared."""

    @abstractmethod
    def stream_decoder(self, prepared: Prepared) -> Decoder:
        """A decoder for one streamed answer to what was prepared."""

    @abstractmethod
    def open_http(self) -> httpx2.AsyncClient:
        """The HTTP client for the running loop, where the user gave none."""

    @abstractmethod
    def open_sdk(self, http: httpx2.AsyncClient) -> Sdk:
        """The SDK's client, on that HTTP client."""

    @abstractmethod
    async def post(self, sdk: Sdk, path: str, body: bytes) -> httpx2.Response:
        """Send a JSON body through the SDK, as it is."""

    @abstractmethod
    async def post_stream(self, sdk: Sdk, path: str, body: bytes) -> httpx2.Response:
        """The same; the answer's body is still to be read."""

    @abstractmethod
    def failed(self, sdk: Sdk, response: httpx2.Response) -> Exception:
        """The SDK's exception for an answer whose status is a failure."""

    @abstractmethod
    def translate(self, error: Exception) -> ProviderError | None:
        """Ours for an exception of the SDK's; None for any other."""

    def streaming(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The payload that asks for a stream."""
        return {**payload, "stream": True}

    async def aload(self) -> None:
        """Import the SDK, which takes half a second, for which the loop must not stand still.

        Whoever comes while another thread imports it waits in a thread, too.
        """
        if not self._loaded:
            await asyncio.to_thread(import_module, self.sdk_module)
            self._loaded = True

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer."""
        answer, served = await self.ask(self.path, prepared.payload)
        return self.understood(lambda: [served, *self.decode(answer, prepared)], served)

    async def ask(self, path: str, payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], Served]:
        """Post a payload; the JSON object that comes back, and how it was served."""
        with self._translated():
            response = await self._send(path, payload, streaming=False)
        served = Served(request_id=response.headers.get(self.request_id_header), region=self.region)
        try:
            return _object(response.content), served
        except _NO_JSON:
            kind = response.headers.get("content-type", "no content type")
            raise self._invalid(f"the answer is not a JSON object ({kind})", served) from None

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes."""
        decoder, splitter, finished = self.stream_decoder(prepared), Splitter(), False
        with self._translated():
            response = await self._send(self.path, self.streaming(prepared.payload), streaming=True)
            body = response.aiter_bytes()
            async with aclosing(response), aclosing(body):
                served = Served(request_id=response.headers.get(self.request_id_header), region=self.region)
                kind = response.headers.get("content-type", "no content type")
                if not kind.startswith("text/event-stream"):
                    raise self._invalid(f"the answer is not a stream of events ({kind})", served)
                yield served
                async for chunk in body:
                    for ours in self._decoded(decoder, splitter.feed(chunk), served):
                        finished = finished or isinstance(ours, Finish)
                        yield ours
                    if splitter.done or decoder.done:
                        await _rest(body)
                        break
            for ours in decoder.end():
                yield ours
            if not (finished or splitter.done):
                raise self._broken(served)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    async def _send(self, path: str, payload: Mapping[str, Any], *, streaming: bool) -> httpx2.Response:
        if not self._loaded:
            await self.aload()
        body = json.dumps(payload, separators=(",", ":")).encode()
        first = self.post_stream if streaming else self.post
        with self._foreseen():
            connection = await self._connections.get()
            response = await connection.send(
                path, body, streaming=streaming, first=lambda: first(connection.sdk, path, body)
            )
            if response.is_error:
                await response.aread()
                raise self.failed(connection.sdk, response)
        return response

    def _connect(self) -> Connection[Sdk]:
        http = self._http_client or self.open_http()
        return Connection(self.open_sdk(http), http, is_ours=self._http_client is None)

    def _event(self, data: bytes, served: Served) -> Mapping[str, Any]:
        try:
            return _object(data)
        except _NO_JSON:
            raise self._invalid("an event of the stream is not a JSON object", served) from None

    def understood(self, read: Callable[[], T], served: Served) -> T:
        """What is read out of a whole answer; one that has not the form of its API is an error."""
        try:
            return read()
        except ProviderError as error:
            raise self._without_key(_of(served, error)) from error.__cause__
        except MALFORMED as error:
            raise self._malformed("the answer", error, served) from self._shown(error)

    def _decoded(self, decoder: Decoder, events: Iterable[bytes], served: Served) -> Iterator[Event]:
        """Our events for some of a stream's; the same."""
        event: Mapping[str, Any] = {}
        try:
            for data in events:
                event = self._event(data, served)
                yield from decoder.decode(event)
        except ProviderError as error:
            raise _of(served, error) from error.__cause__
        except MALFORMED as error:
            name = as_label(event.get("type"))
            what = f"the event {name} of the stream" if name else "an event of the stream"
            raise self._malformed(what, error, served) from self._shown(error)

    def _malformed(self, what: str, error: Exception, served: Served) -> InvalidResponse:
        wrong = f"{what} has not the form of its API ({type(error).__name__}: {error})"
        return self._invalid(shortened(without_keys(wrong, (self._key,))), served)

    def _shown(self, error: Exception) -> Exception | None:
        """An exception as the cause of ours, unless it shows the key."""
        return None if tells(error, self._key) else error

    def _invalid(self, reason: str, served: Served) -> InvalidResponse:
        return InvalidResponse(reason, provider=self.name, model=self.model, request_id=served.request_id)

    def _broken(self, served: Served) -> ConnectionFailed:
        return ConnectionFailed(BROKEN_OFF, provider=self.name, model=self.model, request_id=served.request_id)

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Failures of the SDK, and of the connection under it, as ours."""
        import httpx2

        try:
            yield
        except ProviderError as error:
            raise self._without_key(error) from error.__cause__
        except httpx2.HTTPError as error:
            late = isinstance(error, httpx2.TimeoutException) and timed_out(error)
            reason = str(error) or type(error).__name__
            raise self._without_key(self._unreached(TimedOut if late else ConnectionFailed, reason)) from None
        except Exception as error:
            ours = self.translate(error)
            if ours is None:
                raise
            if isinstance(ours, ConnectionFailed | TimedOut) and ours.status is None:
                ours = self._unreached(type(ours), ours.message)
            raise self._without_key(ours) from None

    @contextmanager
    def _foreseen(self) -> Generator[None]:
        """Whatever else comes out of the SDK, or of the HTTP client under it, is a failure of the connection.

        What such an exception says is not repeated: it may quote a header, and so the key.
        """
        import httpx2

        try:
            yield
        except (AiappError, httpx2.HTTPError):
            raise
        except Exception as error:
            if self.translate(error) is not None:
                raise
            reason = f"the request could not be sent ({type(error).__name__})"
            raise self._unreached(ConnectionFailed, reason) from self._shown(error)

    def _unreached(self, kind: type[ProviderError], reason: str) -> ProviderError:
        return kind(f"{reason.rstrip('.')}, at {host_of(self._base_url)}", provider=self.name, model=self.model)

    def _without_key(self, error: Failure) -> Failure:
        """The failure; a server may repeat the key in what it says, and that goes to logs."""
        error.message = without_keys(error.message, (self._key,))
        error.args = tuple(without_keys(str(one), (self._key,)) for one in error.args)
        return error


async def _rest(chunks: AsyncIterator[bytes]) -> None:
    """Read a body to its end, if that comes at once: then its connection serves the next call, too.

    How it ends says nothing of an answer that is whole.
    """
    import httpx2

    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(ENDING_SECONDS):
            async for _ in chunks:
                pass


def _of(served: Served, error: ProviderError) -> ProviderError:
    """A failure that an answer tells, with the id of its request."""
    error.request_id = error.request_id or served.request_id
    return error


def _object(data: bytes) -> Mapping[str, Any]:
    value: Any = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value  # pyright: ignore[reportUnknownVariableType]
