"""Reservations that are granted on one thread while whoever waits for them gives up on another."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from types import FrameType
from typing import Any

import pytest

from aiapp.client.reserving import Account, Amounts, Claim, Reservation

ONE = Claim(None, None)
MOMENT = 0.002


def slowly(frame: FrameType, _event: str, _argument: Any) -> Any:
    """A trace under which each line of giving up takes a moment, so that other threads come between any two."""
    if frame.f_code.co_name == "_give_up":
        time.sleep(MOMENT)
    return slowly


@pytest.mark.parametrize("moments", [number / 2 for number in range(14)])
def test_one_that_is_granted_while_it_is_given_up_is_given_back(moments: float) -> None:
    account = Account(Amounts(calls=1))
    first, second = (Reservation("m", [account], ONE) for _ in range(2))

    async def give_up() -> None:
        assert first.take()
        assert not second.take()
        waiting = asyncio.create_task(second.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        settling = threading.Timer(moments * MOMENT, first.settle, [None])
        settling.start()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        settling.join()

    usual = sys.gettrace()
    sys.settrace(slowly)
    try:
        asyncio.run(give_up())
    finally:
        sys.settrace(usual)
    assert account.reserved.calls == 0
