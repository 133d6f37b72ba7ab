"""Somebody who waits to be called, whichever thread and event loop they wait on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Waiting:
    """A wait on a loop of its own: `await waiting.called`."""

    loop: asyncio.AbstractEventLoop
    called: asyncio.Future[None]

    @classmethod
    def here(cls) -> Waiting:
        """A wait on the running loop."""
        loop = asyncio.get_running_loop()
        return cls(loop, loop.create_future())

    def call(self) -> bool:
        """End the wait, from any thread; False where its loop is closed, so that nobody waits there any more."""
        try:
            self.loop.call_soon_threadsafe(self._call)
        except RuntimeError:
            return False
        return True

    def _call(self) -> None:
        if not self.called.done():
            self.called.set_result(None)
