"""A provider of your own, held to the suite that every provider here passes.

In your tests the second class is all there is to write, named `Test...` for pytest to find it; here it is run by hand.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import fields
from unittest import SkipTest

from aiapp import Client, Request, Settings
from aiapp.core.events import Event, Finish, Started, TextDelta, UsageReport
from aiapp.core.response import Change
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Prepared, Provider
from aiapp.testing import ProviderConformance, Said


class Echo:
    """Says what was said last, word by word."""

    name = model = "echo"
    free = True
    ranks_choices = False

    def prepare(self, request: Request) -> Prepared:
        """The texts and the limit; whatever else was asked for is listed as dropped, never lost without a word."""
        payload = {
            "turns": [{"role": message.role, "text": message.text} for message in request.messages],
            "limit": request.settings.max_tokens,
        }
        asked = {field.name: getattr(request.settings, field.name) for field in fields(Settings)}
        asked |= {f"extra.{name}": value for name, value in asked.pop("extra").items()}
        asked |= {"format": request.format, "tools": request.tools, "max_tokens": None}
        dropped = [
            Change(name, "an echo has no such thing") for name, value in asked.items() if value not in (None, ())
        ]
        return Prepared(payload, tuple(dropped), most_tokens=request.settings.max_tokens)

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer is what its stream adds up to."""
        return [event async for event in self.astream(prepared)]

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The last turn again; a word is a token. An answer that is cut at the limit says so."""
        words = prepared.payload["turns"][-1]["text"].split(" ")
        limit = prepared.payload["limit"] or len(words)
        yield Started(self.model)
        for place, word in enumerate(words[:limit]):
            yield TextDelta(word if place == 0 else f" {word}")
        counted = sum(len(turn["text"].split(" ")) for turn in prepared.payload["turns"])
        yield UsageReport(Usage(counted, min(limit, len(words))))
        yield Finish("length", "limit") if limit < len(words) else Finish("stop", "end")

    async def aclose(self) -> None:
        """Nothing is open."""


class EchoConformance(ProviderConformance):
    """`exact` is False: it does not say what the suite tells it to. What it has no notion of is skipped, and named."""

    exact = False
    supports_tools = supports_parallel_tools = supports_refusals = supports_json_schema = False

    @contextmanager
    def open(self, said: Said) -> Generator[Provider]:
        yield Echo()


print(Client(provider=Echo()).complete("Hello, is anybody there?").text)
suite = EchoConformance()
for name in [name for name in dir(suite) if name.startswith("test_")]:
    try:
        getattr(suite, name)()
        print("passed ", name)
    except SkipTest as reason:
        print("skipped", name, "-", reason)
