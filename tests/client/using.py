"""Calls as users make them: waited for, streamed, left early, cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import random

from aiapp.client.client import Client
from aiapp.core.errors import AiappError
from aiapp.core.request import Asked

KINDS = ("whole", "stream", "leave", "cancel")


async def use(client: Client, asked: Asked, kind: str, chance: random.Random) -> None:
    """A call of one of the `KINDS`; how it ends is told by nothing."""

    async def call() -> None:
        if kind in ("whole", "cancel"):
            await client.acomplete(asked)
            return
        stream = client.stream(asked)
        try:
            async for _ in stream:
                if kind == "leave":
                    break
        finally:
            await stream.aclose()

    task = asyncio.create_task(call())
    if kind == "cancel":
        await asyncio.sleep(chance.random() * 0.003)
        task.cancel()
    with contextlib.suppress(AiappError, asyncio.CancelledError):
        await task
