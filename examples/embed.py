"""Vectors of texts: near in meaning is near in angle; with a receipt, from the bundled encoder or from a vendor."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from aiapp import Client
from aiapp.testing import Vectors, WireServer


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """1 for the same direction, 0 for nothing in common."""
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


question, *texts = ("How do I get my money back?", "Refunds are paid within a week.", "The hall seats 40 people.")
embedded = Client("local").embed([question, *texts])
print(f"{embedded.dimensions} numbers a text from {embedded.model}, {embedded.usage.input_tokens} tokens in all")
asked, *found = embedded.vectors
for text, vector in zip(texts, found, strict=True):
    print(f"  {cosine(asked, vector):.2f}  {text}")


async def of_a_vendor(url: str) -> None:
    """A thousand texts, in as few requests as the vendor takes."""
    async with Client("openai:text-embedding-3-small", api_key="k", base_url=url) as client:
        receipt = (await client.aembed(["a text"] * 1000, dimensions=3)).receipt
    print(f"{receipt.model}: {receipt.usage.input_tokens} tokens, ${receipt.cost}")


with WireServer(Vectors(((0.6, 0.8, 0.0),), input_tokens=2000)) as server:
    asyncio.run(of_a_vendor(server.url))
    print(f"{len(server.requests)} request, which asked for {server.requests[0].body['dimensions']} dimensions")
