"""For tests, ours and yours: a model that follows a script, a server that speaks the vendors' wires, and no network.

`ScriptedModel` stands in for a provider; `WireServer` stands in for a vendor, so that the SDK, the connection and the
decoding are the real ones; `faults` is what can go wrong on the way. Nothing here imports an SDK, and nothing outside
tests imports what is here.

from aiapp.testing import Said, WireServer, faults

with WireServer([faults.rate_limited(retry_after=0), Said("Paris")]) as server:
    client = Client("openai:any", api_key="k", base_url=server.url)
"""

from aiapp.testing.connection import Received
from aiapp.testing.network import block_network
from aiapp.testing.replies import Asked, Fault, Piece, Reply, render
from aiapp.testing.scripted import Answer, ScriptedModel
from aiapp.testing.server import WireServer
from aiapp.testing.wires import Said, Vectors

__all__ = [
    "Answer",
    "Asked",
    "Fault",
    "Piece",
    "Received",
    "Reply",
    "Said",
    "ScriptedModel",
    "Vectors",
    "WireServer",
    "block_network",
    "render",
]
