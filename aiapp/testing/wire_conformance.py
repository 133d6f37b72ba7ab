"""What a provider must pass that speaks to a server: connections are let go of, and failures are ours.

class TestMine(WireConformance):
    def connect(self, url, timeout):
        return MyProvider("m", api_key=KEY, base_url=url, timeout=timeout)
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from aiapp.core import errors
from aiapp.core.events import Completion, Event
from aiapp.providers.protocol import Provider
from aiapp.testing import faults
from aiapp.testing.conformance import KEY, SHORT, ProviderConformance, completed, folded
from aiapp.testing.replies import Answer
from aiapp.testing.server import Script, WireServer
from aiapp.testing.wires import Said

LONG = Said("Paris is the capital of France, and has been for a long time. " * 20)
STATUSES: dict[int, type[errors.ProviderError]] = {
    400: errors.BadRequest,
    401: errors.AuthenticationFailed,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    422: errors.BadRequest,
    429: errors.RateLimited,
    500: errors.Unavailable,
    502: errors.Unavailable,
    529: errors.Overloaded,
}


class WireConformance(ProviderConformance):
    """The suite over a real HTTP server on this machine. Say how a provider is connected to it."""

    statuses: ClassVar[Mapping[int, type[errors.ProviderError]]] = STATUSES

    @abstractmethod
    def connect(self, url: str, timeout: float) -> Provider:
        """A provider that speaks to the server, with `KEY`; a silence of `timeout` seconds is a failure."""

    def serve(self, script: Script) -> WireServer:
        """A server that speaks as the vendor does."""
        return WireServer(script)

    @contextmanager
    def open(self, said: Said) -> Generator[Provider]:
        """Connected to a server that says it; what it leaves open when its loops have ended is a leak."""
        with self.serve(said) as server:
            yield self.connect(server.url, self.within)

    def fails(self, answer: Answer, timeout: float | None = None) -> list[errors.ProviderError]:
        """How the provider fails on an answer, waited for and streamed."""
        found: list[errors.ProviderError] = []
        with self.serve(answer) as server:
            provider = self.connect(server.url, self.within if timeout is None else timeout)
            for ask in (completed, folded):
                try:
                    completion = self.awaited(ask(provider, SHORT))
                except errors.ProviderError as error:
                    found.append(error)
                else:
                    raise AssertionError(f"{answer} was taken for an answer by {ask.__name__}: {completion}")
            server.assert_closed()
        shown = "".join(f"{one} {one!r} {vars(one)}" for one in found)
        assert KEY not in shown, "a failure shows the key"
        return found

    # Failures.

    def test_statuses_are_typed(self) -> None:
        """Each status is the error that says it, with what the server told of it."""
        for status, kind in self.statuses.items():
            for error in self.fails(faults.Status(status, "no luck", retry_after=7)):
                assert type(error) is kind, f"{status} is {type(error).__name__}, not {kind.__name__}"
                assert error.status == status
                assert error.retry_after == 7
                assert "no luck" in error.message
                assert error.provider
                assert error.model

    def test_a_prompt_that_is_too_long(self) -> None:
        """It is told from other bad requests."""
        for error in self.fails(faults.context_overflow()):
            assert isinstance(error, errors.ContextOverflow), f"it is {error!r}"

    def test_a_page_where_json_was_wanted(self) -> None:
        """It is no answer, whatever its status."""
        for error in self.fails(faults.Page(200)):
            assert isinstance(error, errors.InvalidResponse), f"it is {error!r}"
        for error in self.fails(faults.Page(502)):
            assert isinstance(error, errors.Unavailable), f"it is {error!r}"

    def test_a_connection_that_closes_or_breaks(self) -> None:
        """It can be tried again."""
        for answer in (faults.Dropped(), faults.Cut(LONG, at=400)):
            for error in self.fails(answer):
                assert isinstance(error, errors.ConnectionFailed), f"it is {error!r}"

    def test_a_silence(self) -> None:
        """It is a timeout where the answer has not begun."""
        for error in self.fails(faults.Stall(LONG, seconds=30), timeout=0.3):
            assert isinstance(error, errors.TimedOut), f"it is {error!r}"

    def test_a_silence_in_mid_answer(self) -> None:
        """It is a timeout too."""
        for error in self.fails(faults.Stall(LONG, seconds=30, at=400), timeout=0.3):
            assert isinstance(error, errors.TimedOut), f"it is {error!r}"

    def test_an_error_in_the_stream(self) -> None:
        """It is the error that it says."""
        for error in self.fails(faults.StreamError(LONG, faults.Status(529, "full house"))):
            assert isinstance(error, errors.Overloaded), f"it is {error!r}"
            assert "full house" in error.message

    def test_a_stream_that_stops_early(self) -> None:
        """HTTP says that all went well: only a missing end tells. What was not counted is unknown, never 0."""
        for at in (0, 1, 500, 1500):
            with self.serve(faults.Truncated(LONG, at)) as server:
                try:
                    completion: Completion = self.awaited(folded(self.connect(server.url, self.within), SHORT))
                except errors.ProviderError:
                    continue
                assert completion.finish is None, f"cut at {at}, it claims to be whole"
                assert completion.usage.output_tokens is None, f"cut at {at}, it counts {completion.usage}"

    def test_what_must_make_no_difference(self) -> None:
        """Noise, other line ends, small pieces and mixed tool calls leave an answer as it is."""
        said = Said("Grüße aus Köln: 你好 🙂")
        for answer in (faults.Noisy(said), faults.Crlf(said), faults.Drip(said, size=7)):
            with self.serve(answer) as server:
                provider = self.connect(server.url, self.within)
                assert self.awaited(completed(provider, SHORT)).text == said.text, f"{answer}"
                assert self.awaited(folded(provider, SHORT)).text == said.text, f"{answer}"

    # Connections.

    def test_a_cancelled_call_lets_go(self) -> None:
        """The connection is closed at once, without closing the provider."""

        async def work(provider: Provider, server: WireServer, ask: Any) -> None:
            task = asyncio.create_task(ask(provider, SHORT))
            while not server.in_flight:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)  # so that in one of the cases the answer has begun
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                await asyncio.to_thread(server.assert_closed)
                return
            raise AssertionError("the call swallowed its cancellation")

        for answer in (faults.Stall(LONG, seconds=60), faults.Stall(LONG, seconds=60, at=400)):
            for ask in (completed, folded):
                with self.serve(answer) as server:
                    self.awaited(work(self.connect(server.url, self.within), server, ask))

    def test_a_stream_that_is_left_lets_go(self) -> None:
        """The connection is closed as soon as the stream is, without closing the provider."""

        async def work(provider: Provider, server: WireServer) -> None:
            stream: AsyncIterator[Event] = provider.astream(provider.prepare(SHORT))
            await anext(stream)
            await anext(stream)
            close: Any = getattr(stream, "aclose", None)
            assert close is not None, "the stream cannot be closed"
            await close()
            await asyncio.to_thread(server.assert_closed)

        with self.serve(faults.Stall(LONG, seconds=60, at=2000)) as server:
            self.awaited(work(self.connect(server.url, self.within), server))

    def test_the_end_of_a_loop_lets_go(self) -> None:
        """Connections do not outlive the loop that they were made on."""
        with self.serve(LONG) as server:
            provider = self.connect(server.url, self.within)
            self.awaited(completed(provider, SHORT))
            server.assert_closed()
            self.awaited(folded(provider, SHORT))
            server.assert_closed()

    def test_closing_lets_go(self) -> None:
        """Closing the provider closes its connections, on the loop that it was used on."""

        async def work(provider: Provider, server: WireServer) -> None:
            await completed(provider, SHORT)
            await provider.aclose()
            await asyncio.to_thread(server.assert_closed)

        with self.serve(LONG) as server:
            self.awaited(work(self.connect(server.url, self.within), server))
