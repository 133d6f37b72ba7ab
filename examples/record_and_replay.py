"""Record a model's answers once, and test with them from then on: no key, no network, the same answer every time.

The model here is a server on this machine. With yours it is two lines, and the first run records:

def test_tag() -> None:
    with Cassette("tests/cassettes/tag.json", "openai:NAME") as cassette:
        assert tag(Client(provider=cassette), "It arrived broken.") == "complaint"
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from aiapp import Client
from aiapp.testing import Cassette, NotRecorded, WireServer, block_network


def tag(client: Client, letter: str) -> str:
    """Your code: one word for a customer's letter."""
    return client.complete(f"One word for this letter: {letter}").text.strip().lower()


os.environ["SHOP_API_KEY"] = "a-secret-that-a-letter-holds"
letter = f"It arrived broken. My key is {os.environ['SHOP_API_KEY']}."

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "cassettes", "tag.json")

    with WireServer("Complaint") as vendor:
        recording = Cassette(path, "openai:some-model", api_key="not-a-real-key", base_url=vendor.url)
        with Client(provider=recording) as client:
            print("recorded:", tag(client, letter))

    print(path.read_text(encoding="utf-8"))
    assert os.environ["SHOP_API_KEY"] not in path.read_text(encoding="utf-8")

    with block_network(allow_loopback=False), Cassette(path, "openai:some-model") as cassette:
        print("replayed, the server gone:", tag(Client(provider=cassette), letter))

    try:
        tag(Client(provider=Cassette(path, "openai:some-model")), "Thank you!")
    except NotRecorded as difference:
        print(str(difference).replace(folder, "..."))
