"""Async: each verb has a twin with an `a` before it; many calls at once, and all is closed with the client."""

from __future__ import annotations

import asyncio

from aiapp import Client
from aiapp.testing import Received, Said, WireServer


def answer(received: Received) -> Said:
    """The vendor's side: a word on the question."""
    return Said(f"A question of {len(received.body['input'][0]['content'][0]['text'])} characters.")


async def main(url: str) -> None:
    """Ask in every way."""
    async with Client("openai:some-model", api_key="k", base_url=url) as client:
        print((await client.acomplete("What is the time?")).text)

        async for piece in client.stream("What is a stream?").atext():  # `stream` serves both; its readers have twins
            print(piece, end="|", flush=True)
        print()

        loop = asyncio.get_running_loop()
        began = loop.time()
        responses = await asyncio.gather(*(client.acomplete(f"Question {n}?") for n in range(50)))
        took = loop.time() - began
        print(f"{len(responses)} calls of 0.1 s each in {took:.1f} s")

        try:
            async with asyncio.timeout(0.02), asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(client.acomplete(f"Question {number}?"))
        except TimeoutError:
            print("given up: what was in flight is cancelled, and its connections are let go of")


with WireServer(answer, delay=0.1) as server:
    asyncio.run(main(server.url))
    server.assert_closed()
    print(f"{len(server.requests)} requests, {server.open_connections} connections left open")
