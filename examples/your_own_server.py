"""A server of your own that speaks a vendor's wire: how to ask it, and the suite that holds the way to it to account.

In your tests the class is all there is to write, named `Test...` for pytest to find it; here it is run by hand.
"""

from __future__ import annotations

from aiapp import Client
from aiapp.providers.protocol import Provider
from aiapp.providers.registry import open_provider
from aiapp.testing import KEY, WireConformance, WireServer


class OurServer(WireConformance):
    """The suite over real connections: statuses, silences, cut streams, cancelled calls, keys that must not show."""

    def connect(self, url: str, timeout: float) -> Provider:
        """How the server is asked; in earnest this is your own provider."""
        return open_provider("openai-chat:our-model", api_key=KEY, base_url=f"{url}/v1", timeout=timeout)


with WireServer("Good morning.") as ours:  # stands for yours
    client = Client("openai-chat:our-model", api_key="k", base_url=f"{ours.url}/v1")
    print(client.complete("Hello!").text, "at", ours.requests[0].path)
    client.close()

suite = OurServer()
for name in [name for name in vars(WireConformance) if name.startswith("test_")]:  # and those of ProviderConformance
    getattr(suite, name)()
    print("passed ", name)
