"""The end of a program, of the loop, and of a forked child."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from aiapp.sync import run
from aiapp.sync.background import background, end
from tests.sync.scenes import SECONDS, add, program


class TestTheEndOfAProgram:
    OPEN = """
from aiapp.sync import PerLoop, iterate, run
from aiapp.sync.background import background
async def close(name): print("closed", name)
names = PerLoop(lambda: "connections", close)
async def stream():
    yield await names.get()
"""

    @pytest.mark.parametrize("thread", ["", "background().loop();"], ids=["by the caller", "by its thread"])
    @pytest.mark.parametrize(
        "use", ["run(names.get())", "list(iterate(stream()))", "reader = iterate(stream()); next(reader)"]
    )
    def test_it_closes_what_is_open(self, use: str, thread: str) -> None:
        assert program(self.OPEN + thread + use, "-X", "dev", "-W", "error") == "closed connections\n"

    def test_it_is_quiet_though_a_function_still_holds_the_loop(self) -> None:
        text = """
import asyncio, threading, time
from aiapp.sync import background, run
background.LAST_SECONDS = 0.05
begun = threading.Event()
async def stuck(): begun.set(); time.sleep(1)
threading.Thread(target=lambda: run(stuck()), daemon=True).start()
begun.wait()
"""
        assert program(text) == ""

    @pytest.mark.parametrize(
        "thread", ["", "background().loop();"], ids=["the caller runs the loop", "its thread does"]
    )
    def test_it_cancels_what_still_runs(self, thread: str) -> None:
        text = f"""
import threading
begun = threading.Event()
async def wait():
    await names.get()
    begun.set()
    await asyncio.sleep(60)
import asyncio
{thread}
threading.Thread(target=lambda: run(wait()), daemon=True).start()
begun.wait()
"""
        assert program(self.OPEN + text, "-X", "dev", "-W", "error") == "closed connections\n"

    def test_calls_that_are_made_after_it_are_answered(self) -> None:
        text = """
import atexit
async def add(one, other): return one + other
atexit.register(lambda: print(run(add(1, 2))))
from aiapp.sync import iterate, run
async def numbers(): yield run
list(iterate(numbers()))
"""
        assert program(text, "-W", "error") == "3\n"


@pytest.mark.usefixtures("runner")
class TestTheEndOfTheLoop:
    def test_calls_that_are_under_way_end_with_an_error(self) -> None:
        begun = threading.Barrier(4)

        async def wait() -> None:
            await asyncio.to_thread(begun.wait)
            await asyncio.sleep(60)

        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(run, wait()) for _ in range(3)]
            begun.wait(SECONDS)
            end()
            for call in waiting:
                with pytest.raises(RuntimeError, match="event loop was ended while a blocking call was under way"):
                    call.result(SECONDS)
        assert run(add(1, 2)) == 3

    def test_work_that_does_not_end_is_not_waited_for_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("aiapp.sync.background.LAST_SECONDS", 0.05)
        begun, over = threading.Event(), threading.Event()

        async def stay() -> None:
            begun.set()
            while not over.is_set():
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.01)

        with ThreadPoolExecutor(1) as pool:
            staying = pool.submit(run, stay())
            assert begun.wait(SECONDS)
            end()
            with pytest.raises(RuntimeError, match="was ended"):
                staying.result(SECONDS)
            over.set()

    def test_one_that_ends_when_somebody_had_it_stopped(self) -> None:
        background().loop().call_soon_threadsafe(background().loop().stop)
        end()
        assert run(add(1, 2)) == 3

    def test_one_that_ends_while_its_thread_begins(self) -> None:
        for _ in range(200):
            background().loop()
            end()
        assert run(add(1, 2)) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("before", ["pass", "run(add(1))", "background().loop()"], ids=["unused", "idle", "threaded"])
def test_a_forked_child_has_a_loop_of_its_own(before: str) -> None:
    text = f"""
import os
from aiapp.sync import run
from aiapp.sync.background import background, end
async def add(one): return one + 1
{before}
child = os.fork()
if child == 0:
    os._exit(run(add(41)))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), run(add(1)))
"""
    assert program(text, "-W", "ignore::DeprecationWarning") == "42 2\n"  # of forking beside a thread


def test_a_child_that_is_forked_in_the_midst_of_a_call_has_one_too() -> None:
    text = """
import os
from aiapp.sync import run
async def add(one): return one + 1
async def fork():
    child = os.fork()
    if child == 0:
        os._exit(run(add(41)))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(run(fork()))
"""
    assert program(text) == "42\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("leave", ["gc.collect(); os._exit(0)", "sys.exit(0)"], ids=["collected", "exited"])
def test_a_forked_child_leaves_the_parents_loop_alone(leave: str) -> None:
    """Closing its copy would take the loop's own pipe out of what the parent waits for."""
    text = f"""
import faulthandler, gc, os, sys, time
from aiapp.sync import in_thread, run
def slow(): time.sleep(0.05); return "done"
print(run(in_thread(slow)()))
sys.stdout.flush()
child = os.fork()
if child == 0:
    {leave}
os.waitpid(child, 0)
faulthandler.dump_traceback_later(20, exit=True)
print(run(in_thread(slow)()))
"""
    assert program(text, "-W", "ignore::DeprecationWarning") == "done\ndone\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("let_go", ["run(pools.aclose())", "del pools; gc.collect()"], ids=["closed", "dropped"])
def test_a_forked_child_that_lets_go_of_connections_leaves_the_parents_open(let_go: str) -> None:
    text = f"""
import asyncio, gc, os, socket, time
from aiapp.sync import PerLoop, run
here, there = socket.socketpair()
async def opened(): return await asyncio.open_connection(sock=here)
async def close(held):
    for _, writer in held: writer.close()
pools = PerLoop(list, close)
async def hear():
    held = await pools.get()
    if not held: held.append(await opened())
    return await asyncio.wait_for(held[0][0].readline(), 20)
there.send(b"one\\n")
print(run(hear()))
child = os.fork()
if child == 0:
    {let_go}
    time.sleep(0.3)
    os._exit(0)
os.waitpid(child, 0)
there.send(b"two\\n")
print(run(hear()), flush=True)
os._exit(0)
"""
    assert program(text, "-W", "ignore::DeprecationWarning") == "b'one\\n'\nb'two\\n'\n"
