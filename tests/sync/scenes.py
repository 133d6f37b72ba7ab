"""What the tests of the background loop are made of."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable

SECONDS = 10
"""How long a test waits for what must happen."""


async def thread_name() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


async def add(one: int, other: int) -> int:
    for _ in range(one % 3):
        await asyncio.sleep(0)
    return one + other


async def loop_of_run() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def has_thread() -> bool:
    return any(thread.name == "aiapp-loop" for thread in threading.enumerate())


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold."""
    until = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < until:
        time.sleep(0.001)
    return holds()


def program(text: str, *flags: str) -> str:
    """What a program of its own prints, on either stream."""
    shown = subprocess.run([sys.executable, *flags, "-c", text], capture_output=True, text=True, timeout=60, check=True)
    return shown.stdout + shown.stderr
