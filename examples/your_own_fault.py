"""A fault of your own: what a vendor once did to you, as a value that a test server does again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiapp import Client
from aiapp.core.errors import InvalidResponse
from aiapp.testing import Asked, Fault, Piece, Received, Reply, Said, WireServer, render


@dataclass(frozen=True)
class Banner:
    """A proxy that writes a line of its own before every body."""

    said: Said

    def reply(self, asked: Asked) -> Reply:
        """The answer on whatever wire was asked for, behind the line."""
        reply = render(self.said, asked)
        return replace(reply, pieces=(Piece(b"-- scanned for viruses --\n"), *reply.pieces))


def vendor(received: Received) -> Said | Fault:
    """The proxy stands before one model alone."""
    said = Said(f"Answered by {received.body['model']}.")
    return Banner(said) if received.body["model"] == "large" else said


with WireServer(vendor) as server:
    for wire in ("openai", "anthropic"):
        small, large = (Client(f"{wire}:{model}", api_key="k", base_url=server.url) for model in ("small", "large"))
        with small, large:
            print(small.complete("Hello!").text)
            print("a stream passes over the line:", "".join(large.stream("Hello!").text()))
            try:
                large.complete("Hello!")
            except InvalidResponse as error:
                print(f"a whole answer is refused: {error}")
