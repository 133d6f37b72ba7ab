"""A stream that is cut, at any byte: what was not counted is unknown, never 0, and nothing waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import ProviderError
from aiapp.core.events import Completion, fold
from aiapp.core.parts import ToolCall
from aiapp.core.request import Request
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Provider
from aiapp.providers.registry import open_provider
from aiapp.sync import run
from aiapp.testing import Asked, Received, Said, WireServer, faults, render
from aiapp.testing.replies import Answer
from aiapp.testing.wires import CHAT, MESSAGES, RESPONSES, Wire

ASK = Request.of("hi")
VENDORS = {"openai": RESPONSES, "openai-chat": CHAT, "anthropic": MESSAGES}
COUNTS = Usage(100, 20, 30, 10, 7, long_cache_write_tokens=0)
BEGUN = replace(COUNTS, output_tokens=None, reasoning_tokens=None)
ANSWERS = [
    Said("Grüße aus Köln: 你好 🙂", usage=COUNTS),
    Said("Let me see", thinking="Hm, hm", tool_calls=(ToolCall("c1", "look", '{"at": "it"}'),), usage=COUNTS),
    Said(refusal="I cannot help with that.", usage=COUNTS),
    Said("On and o", finish="length", usage=COUNTS),
]


class Vendor:
    """A server whose next answer is set before each request, and a provider connected to it."""

    def __init__(self, name: str, wire: Wire) -> None:
        self.name, self.wire, self.next = name, wire, self._unset()
        self.server = WireServer(self._answer, record=False)

    @staticmethod
    def _unset() -> Answer:
        return ""

    def _answer(self, received: Received) -> Answer:
        return self.next

    def connected(self) -> Provider:
        return open_provider(f"{self.name}:m", api_key="k", base_url=self.server.url, timeout=10)


@pytest.fixture(scope="module", params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Generator[tuple[Vendor, Provider]]:
    one = Vendor(request.param, VENDORS[request.param])
    with one.server:
        provider = one.connected()
        yield one, provider
        run(provider.aclose())


def streamed(provider: Provider) -> Completion | ProviderError:
    async def read() -> Completion | ProviderError:
        try:
            async with asyncio.timeout(20):
                return fold([event async for event in provider.astream(provider.prepare(ASK))])
        except ProviderError as error:
            return error

    return run(read())


@given(st.sampled_from(ANSWERS), st.floats(0, 1), st.booleans())
def test_a_cut_anywhere(vendor: tuple[Vendor, Provider], said: Said, where: float, breaks: bool) -> None:
    """`breaks` is whether the connection says so too, or HTTP claims that the body is whole."""
    server, provider = vendor
    body = render(said, Asked(server.wire, "m", stream=True)).body
    at = int(where * len(body))
    server.next = faults.Cut(said, at) if breaks else faults.Truncated(said, at)
    result = streamed(provider)
    if isinstance(result, ProviderError):
        assert breaks or at < len(body), result
        return
    assert result.usage in (Usage(), BEGUN, COUNTS), f"cut at {at} of {len(body)}, it counts {result.usage}"
    if result.finish is None:
        assert result.usage != COUNTS
    elif server.wire is not CHAT:  # which counts only after it has said why the answer ends
        assert result.usage == COUNTS
    if result.finish is not None:
        assert result.text in (said.text, said.refusal)
        assert result.finish.reason == said.reason


@given(st.sampled_from(ANSWERS[:2]), st.floats(0, 1))
def test_a_whole_answer_cut_anywhere_is_a_typed_error(
    vendor: tuple[Vendor, Provider], said: Said, where: float
) -> None:
    server, provider = vendor
    body = render(said, Asked(server.wire, "m")).body
    at = int(where * (len(body) - 1))
    for server.next in (faults.Cut(said, at), faults.Truncated(said, at)):

        async def ask() -> None:
            async with asyncio.timeout(20):
                await provider.acomplete(provider.prepare(ASK))

        with pytest.raises(ProviderError):
            run(ask())
