"""Who runs the background loop, and that nothing is lost when it changes hands."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from aiapp.sync import iterate, run
from aiapp.sync.background import end

SECONDS = 10
"""How long a test waits for what must happen."""
CALLER = ["the caller runs the loop"]


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


class TestWhoRunsIt:
    pytestmark = pytest.mark.usefixtures("idle")

    def test_a_lone_caller_does_and_no_thread_is_started(self) -> None:
        for _ in range(3):
            assert run(thread_name()) == threading.current_thread().name
        assert not has_thread()

    def test_callers_who_take_turns_do(self) -> None:
        with ThreadPoolExecutor(1, "first") as first, ThreadPoolExecutor(1, "second") as second:
            names = [pool.submit(run, thread_name()).result(SECONDS) for pool in (first, second, first)]
        assert names == ["first_0", "second_0", "first_0"]
        assert not has_thread()

    def test_a_caller_with_a_loop_of_its_own_leaves_it_to_the_thread(self) -> None:
        async def cell() -> str:
            return run(thread_name())

        assert asyncio.run(cell()) == "aiapp-loop"

    def test_a_stream_is_read_ahead_by_the_thread_which_leaves_when_it_is_quiet(self) -> None:
        async def names() -> AsyncIterator[str]:
            for _ in range(200):
                yield await thread_name()

        for _ in range(2):
            names_of_the_thread = iterate(names())
            assert next(names_of_the_thread) == "aiapp-loop"
            assert run(thread_name()) == "aiapp-loop"
            assert set(names_of_the_thread) == {"aiapp-loop"}
            assert eventually(lambda: not has_thread())
            assert run(thread_name()) == threading.current_thread().name
            assert not has_thread()

    def test_what_came_between_two_calls_is_heard_before_the_second_begins(self) -> None:
        here, there = socket.socketpair()
        heard: list[bytes] = []

        async def listen() -> None:
            loop = asyncio.get_running_loop()
            loop.add_reader(here, lambda: loop.call_soon(heard.append, here.recv(1)))  # in two steps, as TLS closes

        async def first_step() -> list[bytes]:
            asyncio.get_running_loop().remove_reader(here)
            return list(heard)

        with here, there:
            run(listen())
            there.send(b"x")
            assert run(first_step()) == [b"x"]
        assert not has_thread()

    def test_loops_of_another_kind_are_run_by_the_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Other(asyncio.SelectorEventLoop):
            """As uvloop's."""

        monkeypatch.setattr(asyncio, "new_event_loop", Other)
        assert run(thread_name()) == "aiapp-loop"
        assert type(run(loop_of_run())) is Other


class TestNothingIsLost:
    pytestmark = pytest.mark.usefixtures("runner")

    def test_a_task_that_a_call_leaves_behind_goes_on(self) -> None:
        went_on = threading.Event()
        tasks: set[asyncio.Task[None]] = set()

        async def later() -> None:
            await asyncio.sleep(0.01)
            went_on.set()

        async def leave() -> None:
            tasks.add(asyncio.create_task(later()))

        run(leave())
        assert went_on.wait(SECONDS)

    def test_what_is_posted_to_an_idle_loop_runs(self) -> None:
        loop, done = run(loop_of_run()), threading.Event()
        loop.call_soon_threadsafe(done.set)
        assert done.wait(SECONDS)
        assert asyncio.run_coroutine_threadsafe(thread_name(), loop).result(SECONDS) == "aiapp-loop"

    def test_a_generator_that_nobody_holds_is_closed(self) -> None:
        closed = threading.Event()

        async def numbers() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                await asyncio.sleep(0)
                closed.set()

        async def first() -> int:
            return await anext(aiter(numbers()))

        assert run(first()) == 1
        gc.collect()
        assert closed.wait(SECONDS)

    def test_the_end_of_a_call_posted_by_another_thread(self) -> None:
        """The other thread's work is on a loop that the first caller runs, and goes on when that one is done."""
        began, first_is_done, answers = threading.Event(), threading.Event(), list[str]()

        async def long() -> str:
            began.set()
            while not first_is_done.is_set():
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.001)
            return "long"

        async def short() -> str:
            while not began.is_set():
                await asyncio.sleep(0.001)
            return "short"

        other = threading.Thread(target=lambda: answers.append(run(long())))

        async def start_other() -> None:
            other.start()
            await asyncio.sleep(0)

        async def both() -> str:
            await start_other()
            return await short()

        assert run(both()) == "short"
        first_is_done.set()
        other.join(SECONDS)
        assert answers == ["long"]

    def test_callers_wait_for_one_another_on_the_loop(self) -> None:
        """Neither could end if the other's work did not run."""
        meeting = asyncio.Barrier(2)

        async def meet() -> int:
            return await meeting.wait()

        with ThreadPoolExecutor(2) as pool:
            places = [pool.submit(run, meet()) for _ in range(2)]
            assert sorted(place.result(SECONDS) for place in places) == [0, 1]

    def test_whoever_stops_the_loop(self) -> None:
        async def stop() -> str:
            asyncio.get_running_loop().stop()
            await asyncio.sleep(0.01)
            return "done"

        assert run(stop()) == "done"
        assert run(stop()) == "done"

    def test_an_exit_in_a_task_reaches_who_waits_for_it(self) -> None:
        async def leave() -> None:
            sys.exit("enough")

        async def work() -> None:
            await asyncio.gather(leave(), asyncio.sleep(0.01))

        with pytest.raises(SystemExit, match="enough"):
            run(work())
        assert run(thread_name())  # and the loop is whole

    def test_readers_that_are_collected_as_garbage_at_any_moment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("aiapp.sync.background.QUIET_SECONDS", 0.0005)
        opened, closed = 0, 0

        async def numbers() -> AsyncIterator[int]:
            nonlocal opened, closed
            opened += 1
            try:
                for number in range(100):
                    yield number
            finally:
                closed += 1

        def leave_half_way() -> None:
            reader = iterate(numbers())
            next(reader)
            cycle: list[object] = [reader]
            cycle.append(cycle)

        usual = gc.get_threshold()
        gc.set_threshold(20, 1, 1)
        try:
            for turn in range(300):
                leave_half_way()
                for _ in range(turn % 5):
                    assert run(add(1, turn)) == 1 + turn
        finally:
            gc.set_threshold(*usual)
        gc.collect()
        assert eventually(lambda: opened == closed == 300)

    def test_a_loop_whose_thread_fails_is_run_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop: Any = run(loop_of_run())
        poll, failed = loop._selector.select, threading.Event()

        def fail_once(timeout: float | None) -> Any:
            if threading.current_thread().name == "aiapp-loop" and not failed.is_set():
                failed.set()
                raise OSError("no selector")
            return poll(timeout)

        monkeypatch.setattr(loop._selector, "select", fail_once)
        monkeypatch.setattr(threading, "excepthook", print)
        loop.call_soon_threadsafe(lambda: None)
        assert failed.wait(SECONDS)
        assert run(add(1, 2)) == 3

    @pytest.mark.parametrize("quiet", [0.0001, 0.1], ids=["the thread leaves soon", "the thread stays"])
    def test_ten_thousand_hands(self, quiet: float, monkeypatch: pytest.MonkeyPatch) -> None:
        """Calls, streams, tasks left behind and posts of four threads, as finely cut as the interpreter can."""
        monkeypatch.setattr("aiapp.sync.background.QUIET_SECONDS", quiet)
        left, seen, lock = 0, 0, threading.Lock()
        kept: set[asyncio.Task[None]] = set()

        def count(*_: object) -> None:
            nonlocal seen
            with lock:
                seen += 1

        async def leave_behind(number: int) -> int:
            task = asyncio.create_task(asyncio.sleep(0))
            kept.add(task)
            task.add_done_callback(kept.discard)
            task.add_done_callback(count)
            return number

        async def numbers(most: int) -> AsyncIterator[int]:
            for number in range(most):
                yield number

        def work(seed: int) -> int:
            chance, tasks = random.Random(seed), 0
            for turn in range(600):
                kind = chance.random()
                if kind < 0.7:
                    assert run(add(turn, seed)) == turn + seed
                elif kind < 0.8:
                    assert run(leave_behind(turn)) == turn
                    tasks += 1
                elif kind < 0.9:
                    run(loop_of_run()).call_soon_threadsafe(count)
                    tasks += 1
                elif kind < 0.95 or seed % 2:
                    assert list(iterate(numbers(5))) == [0, 1, 2, 3, 4]
                else:
                    gc.collect(0)
            return tasks

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for _ in range(4):
                end()  # begins anew: it changes hands again
                with ThreadPoolExecutor(4) as pool:
                    left += sum(pool.map(work, range(4)))
                assert eventually(lambda: seen == left)  # noqa: B023 - asked at once
        finally:
            sys.setswitchinterval(interval)


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
        monkeypatch.setattr("aiapp.sync.background.CLEANING_SECONDS", 0.01)
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

    def test_handlers_of_an_application_may_make_blocking_calls(self) -> None:
        """Such an application's main thread never runs the loop: the handler would find it running there."""
        closed: list[int] = []

        def close(*_: object) -> None:
            closed.append(run(add(1, 2)))

        usual = signal.signal(signal.SIGTERM, close)
        try:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
            assert run(asyncio.sleep(0.3, "slept")) == "slept"
        finally:
            signal.signal(signal.SIGTERM, usual)
        assert closed == [3]

    def test_a_handler_that_the_work_sets_stays(self) -> None:
        def handler(*_: object) -> None:
            """The application's."""

        async def work() -> None:
            signal.signal(signal.SIGINT, handler)

        async def on_the_main_thread() -> None:
            if threading.current_thread() is threading.main_thread():
                await work()

        run(on_the_main_thread())
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            assert signal.signal(signal.SIGINT, signal.default_int_handler) is handler


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
