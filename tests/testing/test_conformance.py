"""The providers that ship, through the suite that ships; and the suite, by providers that must not pass it."""

from __future__ import annotations

import asyncio
import unittest
from abc import ABCMeta
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import SkipTest, TestCase

import pytest

from aiapp.core import errors
from aiapp.core.events import Event, TextDelta, UsageReport
from aiapp.core.request import Request
from aiapp.core.usage import Usage
from aiapp.providers.local.provider import LocalProvider
from aiapp.providers.openai.provider import OpenAIProvider
from aiapp.providers.openai.vendors import Vendor, vendors
from aiapp.providers.protocol import Prepared, Provider
from aiapp.providers.registry import open_provider
from aiapp.testing import KEY, Cassette, ProviderConformance, Said, ScriptedModel, WireConformance, WireServer, faults
from aiapp.testing.server import Script
from tests.outside.programs import needs_litellm


class TestOpenAI(WireConformance):
    def connect(self, url: str, timeout: float) -> Provider:
        return open_provider("openai:m", api_key=KEY, base_url=url, timeout=timeout)


class TestChatCompletions(WireConformance):
    def connect(self, url: str, timeout: float) -> Provider:
        return open_provider("openai-chat:m", api_key=KEY, base_url=f"{url}/v1", timeout=timeout)


class TestAnthropic(WireConformance):
    def connect(self, url: str, timeout: float) -> Provider:
        return open_provider("anthropic:m", api_key=KEY, base_url=url, timeout=timeout)


class VendorSuite(WireConformance):
    """A vendor that speaks Chat Completions in its own way."""

    vendor: Vendor
    concurrent = 4

    def serve(self, script: Script) -> WireServer:
        vendor = self.vendor
        unasked, outside = not vendor.stream_usage, vendor.reasoning_outside
        return WireServer(script, usage_unasked=unasked, reasoning_outside=outside)

    def connect(self, url: str, timeout: float) -> Provider:
        return open_provider(f"{self.vendor.name}:m", api_key=KEY, base_url=f"{url}/v1", timeout=timeout)


OF_A_VENDOR = [name for name in dir(ProviderConformance) if name.startswith("test_")]
"""What a vendor's row bears on: connections and failures are the same for all of them."""


@pytest.mark.parametrize("vendor", [name for name in vendors() if name != "openai-chat"])
@pytest.mark.parametrize("name", OF_A_VENDOR)
def test_each_vendor_of_chat_completions_passes(vendor: str, name: str) -> None:
    row = vendors()[vendor]

    class Suite(VendorSuite):
        vendor = row
        exact = not (name == "test_a_tools_result" and row.call_id_length)  # Mistral's calls go back by other ids

    getattr(Suite(), name)()


@needs_litellm
class TestLiteLLM(WireConformance):
    """litellm 1.107 passes over the refusals of a stream: they cannot be told from an empty answer."""

    supports_refusals = False

    def test_a_page_where_json_was_wanted(self) -> None:
        """litellm calls it a failure of the server, and keeps nothing by which to tell the two apart."""
        for error in (*self.fails(faults.Page(200)), *self.fails(faults.Page(502))):
            assert isinstance(error, errors.Unavailable | errors.InvalidResponse), f"it is {error!r}"

    def connect(self, url: str, timeout: float) -> Provider:
        return open_provider("litellm:openai/m", api_key=KEY, base_url=f"{url}/v1", timeout=timeout)


class TestLocal(ProviderConformance):
    exact = False
    supports_parallel_tools = False
    supports_refusals = False
    concurrent = 8

    @contextmanager
    def open(self, said: Said) -> Generator[Provider]:
        yield LocalProvider()


class TestScripted(ProviderConformance):
    @contextmanager
    def open(self, said: Said) -> Generator[Provider]:
        yield ScriptedModel(said)


class TestCassette(ProviderConformance):
    """A recording that is made and one that is told, by turns."""

    @contextmanager
    def open(self, said: Said) -> Generator[Provider]:
        with TemporaryDirectory() as folder:
            yield Cassette(Path(folder, "a.json"), ScriptedModel(said))


@pytest.mark.parametrize("bases", [(ProviderConformance, TestCase), (TestCase, ProviderConformance)])
def test_unittest_runs_the_suite(bases: tuple[type, ...]) -> None:
    suite: Any = ABCMeta("Suite", bases, {"open": TestScripted.open})
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(suite).run(result)
    assert result.testsRun == len(OF_A_VENDOR)
    assert (result.errors, result.failures, result.skipped) == ([], [], [])


def test_no_suite_hides_what_a_test_case_has() -> None:
    named = {name for name in dir(WireConformance) if not name.startswith("_")}
    assert named & {*dir(TestCase)} == set()


@pytest.mark.parametrize(("suite", "hook"), [(ProviderConformance, "open"), (WireConformance, "connect")])
def test_a_suite_without_its_hook_says_what_is_missing(suite: type[ProviderConformance], hook: str) -> None:
    with pytest.raises(TypeError, match=rf"abstract method '?{hook}'?"):
        suite()


def test_what_is_not_supported_is_skipped_and_not_passed() -> None:
    with pytest.raises(SkipTest, match="TestLocal does not support refusals"):
        TestLocal().test_a_refusal()


# Providers that must not pass.


class Lossy(ScriptedModel):
    """A scripted model with one fault."""

    fault = ""

    def prepare(self, request: Request) -> Prepared:
        prepared = super().prepare(request)
        match self.fault:
            case "holds the key":
                return replace(prepared, payload={**prepared.payload, "headers": KEY})
            case "drops settings":
                plain = {name: value for name, value in prepared.payload["request"].items() if name != "settings"}
                return replace(prepared, payload={**prepared.payload, "request": plain})
            case "mixes turns":
                return replace(prepared, payload={"messages": prepared.payload["messages"][::-1]})
            case "forgets `off`" if request.settings.cache == "off":
                return super().prepare(replace(request, settings=replace(request.settings, cache=None)))
            case "shows secrets":
                return replace(prepared, payload={**prepared.payload, "given": dict(request.settings.extra)})
            case "is never the same":
                return replace(prepared, payload={**prepared.payload, "at": len(self.requests)})
            case _:
                return prepared

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        events = await super().acomplete(prepared)
        if self.fault == "invents counts":
            return [UsageReport(Usage(0, 0)) if isinstance(event, UsageReport) else event for event in events]
        return events

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        async for event in super().astream(prepared):
            if self.fault == "loses text" and event == TextDelta("there"):
                continue
            yield UsageReport(Usage(0, 0)) if self.fault == "invents counts" and type(event) is UsageReport else event


CAUGHT = {
    "holds the key": ProviderConformance.test_prepare_is_pure,
    "is never the same": ProviderConformance.test_prepare_is_pure,
    "drops settings": ProviderConformance.test_no_sampling_setting_is_lost_without_a_word,
    "forgets `off`": ProviderConformance.test_no_word_on_the_cache_is_lost,
    "mixes turns": ProviderConformance.test_several_turns,
    "shows secrets": ProviderConformance.test_a_setting_that_no_one_knows,
    "invents counts": ProviderConformance.test_known_usage,
}


@pytest.mark.parametrize("fault", CAUGHT)
def test_a_faulty_provider_does_not_pass(fault: str) -> None:
    class Suite(ProviderConformance):
        @contextmanager
        def open(self, said: Said) -> Generator[Provider]:
            model = Lossy(said)
            model.fault = fault
            yield model

    with pytest.raises(AssertionError):
        CAUGHT[fault](Suite())


def test_off_needs_no_word_where_nothing_is_cached_unasked() -> None:
    class Suite(ProviderConformance):
        caches_unasked = False

        @contextmanager
        def open(self, said: Said) -> Generator[Provider]:
            model = Lossy(said)
            model.fault = "forgets `off`"
            yield model

    Suite().test_no_word_on_the_cache_is_lost()
    Suite.caches_unasked = True
    with pytest.raises(AssertionError, match="off"):
        Suite().test_no_word_on_the_cache_is_lost()


def test_a_stream_that_loses_text_does_not_pass() -> None:
    class Suite(ProviderConformance):
        @contextmanager
        def open(self, said: Said) -> Generator[Provider]:
            model = Lossy(Said("Over there, you see"))
            model.fault = "loses text"
            yield model

    with pytest.raises(AssertionError, match="the stream adds up to"):
        Suite().complete(Said(), Request.of("hi"))


class Clinging(OpenAIProvider):
    """Swallows its cancellation, and answers in the end."""

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        try:
            return await super().acomplete(prepared)
        except asyncio.CancelledError:
            return []


def test_a_provider_that_cannot_be_cancelled_does_not_pass() -> None:
    class Suite(WireConformance):
        def connect(self, url: str, timeout: float) -> Provider:
            return Clinging("m", api_key=KEY, base_url=url, timeout=timeout)

    with pytest.raises(AssertionError, match="swallowed"):
        Suite().test_a_cancelled_call_lets_go()
