"""For tests, ours and yours: a model that follows a script, a server that speaks the vendors' wires, and no network.

`ScriptedModel` stands in for a provider; `WireServer` stands in for a vendor, so that the SDK, the connection and the
decoding are the real ones; `faults` is what can go wrong on the way. `Cassette` tells a real model's answers again.
`ProviderConformance` and `WireConformance` are what every provider must pass, yours included. Nothing here imports an
SDK, and nothing outside tests imports what is here.

from aiapp.testing import Said, WireServer, faults

with WireServer([faults.rate_limited(retry_after=0), Said("Paris")]) as server:
    client = Client("openai:any", api_key="k", base_url=server.url)
"""

from aiapp.testing.cassette import Cassette, NotRecorded
from aiapp.testing.conformance import KEY, ProviderConformance
from aiapp.testing.connection import Received
from aiapp.testing.network import block_network
from aiapp.testing.replies import Asked, Fault, Piece, Reply, render
from aiapp.testing.scripted import Answer, ScriptedModel, request_of
from aiapp.testing.server import WireServer
from aiapp.testing.wire_conformance import WireConformance
from aiapp.testing.wires import Said, Vectors

__all__ = [
    "KEY",
    "Answer",
    "Asked",
    "Cassette",
    "Fault",
    "NotRecorded",
    "Piece",
    "ProviderConformance",
    "Received",
    "Reply",
    "Said",
    "ScriptedModel",
    "Vectors",
    "WireConformance",
    "WireServer",
    "block_network",
    "render",
    "request_of",
]
