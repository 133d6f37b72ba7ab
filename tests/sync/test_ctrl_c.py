"""Ctrl-C, and an application's own signals, while a blocking call waits."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from aiapp.sync import run
from tests.sync.scenes import SECONDS, add, loop_of_run, thread_name


@contextmanager
def pressed(*when: Callable[[], Any]) -> Generator[None]:
    """Ctrl-C, a moment after each of these has returned: not while the caller is about to wait, which misses it."""

    def press() -> None:
        for wait in when:
            wait()
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    try:
        yield
    finally:
        presser.join()


@pytest.mark.usefixtures("runner")
class TestCtrlC:
    @pytest.mark.parametrize("at_once", [True, False], ids=["before its first step", "while it waits"])
    def test_it_cancels_the_work_which_cleans_up_first(self, at_once: bool) -> None:
        began, held, cleaned = threading.Event(), threading.Event(), threading.Event()

        async def work() -> None:
            try:
                began.set()
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                cleaned.set()

        if at_once:
            run(loop_of_run()).call_soon_threadsafe(held.wait, SECONDS)
            threading.Timer(0.1, held.set).start()
        with pytest.raises(KeyboardInterrupt), pressed(lambda: at_once or began.wait(SECONDS)):
            run(work())
        assert cleaned.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert run(thread_name())

    def test_work_that_will_not_end_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("aiapp.sync.blocking.CLEANING_SECONDS", 0.01)
        began, ended = threading.Event(), threading.Event()

        async def work() -> None:
            began.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0.3)
                ended.set()

        with pytest.raises(KeyboardInterrupt), pressed(lambda: began.wait(SECONDS)):
            run(work())
        assert not ended.is_set()
        assert ended.wait(SECONDS)  # it goes on by itself

    def test_twice_ends_a_function_that_blocks(self) -> None:
        began, over = threading.Event(), threading.Event()

        async def work() -> None:
            began.set()
            while not over.is_set():
                time.sleep(0.01)  # never comes to an await

        with pytest.raises(KeyboardInterrupt), pressed(lambda: began.wait(SECONDS), lambda: None):
            run(work())
        over.set()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert run(thread_name())

    def test_a_handler_of_the_applications_own_decides(self) -> None:
        class Enough(Exception):
            """What this application raises on Ctrl-C."""

        def handler(*_: object) -> None:
            raise Enough

        began, cleaned = threading.Event(), threading.Event()

        async def work() -> None:
            try:
                began.set()
                await asyncio.sleep(60)
            finally:
                cleaned.set()

        usual = signal.signal(signal.SIGINT, handler)
        try:
            with pytest.raises(Enough), pressed(lambda: began.wait(SECONDS)):
                run(work())
            assert cleaned.is_set()
            assert signal.getsignal(signal.SIGINT) is handler
        finally:
            signal.signal(signal.SIGINT, usual)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
    def test_handlers_of_an_application_may_make_blocking_calls(self, number: signal.Signals) -> None:
        """Such an application's main thread never runs the loop: the handler would find it running there."""
        closed: list[int] = []

        def close(*_: object) -> None:
            closed.append(run(add(1, 2)))

        usual = signal.signal(number, close)
        try:
            threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
            assert run(asyncio.sleep(0.3, "slept")) == "slept"
        finally:
            signal.signal(number, usual)
        assert closed == [3]

    def test_a_handler_of_an_application_may_exit(self) -> None:
        def leave(*_: object) -> None:
            sys.exit("enough")

        usual = signal.signal(signal.SIGHUP, leave)
        try:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGHUP)).start()
            with pytest.raises(SystemExit, match="enough"):
                run(asyncio.sleep(SECONDS))
        finally:
            signal.signal(signal.SIGHUP, usual)

    def test_a_handler_that_the_work_sets_stays(self) -> None:
        def handler(*_: object) -> None:
            """The application's."""

        async def work() -> bool:
            on_the_main_thread = threading.current_thread() is threading.main_thread()
            if on_the_main_thread:
                signal.signal(signal.SIGINT, handler)
            return on_the_main_thread

        stays = handler if run(work()) else signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is stays
