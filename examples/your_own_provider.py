"""A provider of your own, and the suite that says what is missing from it.

In your tests the class is all there is to write, named `Test...` for pytest to find it; here its methods are called.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from unittest import SkipTest

from aiapp import Client, Request
from aiapp.core.events import Event, Finish, Started, TextDelta
from aiapp.core.response import Change
from aiapp.providers.protocol import Prepared, Provider
from aiapp.testing import ProviderConformance, Said


class Echo:
    """Says what was said last, and counts no tokens: what nobody counted is unknown, not 0."""

    name = model = "echo"
    free = True
    ranks_choices = False

    def prepare(self, request: Request) -> Prepared:
        """The texts alone; what else was asked for is listed."""
        turns = [{"role": message.role, "text": message.text} for message in request.messages]
        return Prepared({"turns": turns}, (Change("format", "an echo has no form"),) if request.format else ())

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The last turn, again."""
        return [Started("echo"), TextDelta(prepared.payload["turns"][-1]["text"]), Finish("stop", "stop")]

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The same, event by event."""
        for event in await self.acomplete(prepared):
            yield event

    async def aclose(self) -> None:
        """Nothing is open."""


class EchoConformance(ProviderConformance):
    """`exact` is False: it does not say what the suite tells it to."""

    exact = False
    supports_tools = supports_parallel_tools = supports_refusals = supports_json_schema = False

    @contextmanager
    def open(self, said: Said) -> Generator[Provider]:
        yield Echo()


print(Client(provider=Echo()).complete("Hello").text)
suite = EchoConformance()
for name in [name for name in dir(suite) if name.startswith("test_")]:
    try:
        getattr(suite, name)()
        print("passed ", name)
    except SkipTest as reason:
        print("skipped", name, "-", reason)
    except AssertionError as reason:
        print("FAILED ", name, "-", str(reason).splitlines()[0] if str(reason) else "")
