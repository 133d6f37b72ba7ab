"""Who runs the background loop, and that nothing is lost when it changes hands."""

from __future__ import annotations

import asyncio
import gc
import random
import socket
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aiapp.sync import iterate, run
from aiapp.sync.background import end
from tests.sync.scenes import SECONDS, add, eventually, has_thread, loop_of_run, thread_name

CALLER = ["the caller runs the loop"]


APART = pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="it counts calls of C apart, and tells nobody")


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

    def test_an_exit_in_a_task_does_not_reach_who_runs_the_loop_for_another(self) -> None:
        left = threading.Event()

        async def leave() -> None:
            left.set()
            sys.exit("enough")

        async def work() -> None:
            await asyncio.gather(leave())

        async def wait_for_it() -> str:
            loop = asyncio.get_running_loop()
            threading.Thread(target=pool.submit, args=(run, work())).start()
            assert await loop.run_in_executor(pool, left.wait, SECONDS)
            await asyncio.sleep(0.01)
            return "answered"

        with ThreadPoolExecutor(2) as pool:
            assert run(wait_for_it()) == "answered"

    @pytest.mark.parametrize("steps", range(4))
    def test_what_a_call_leaves_behind_stops_the_loop_before_the_next_begins(self, steps: int) -> None:
        def later(steps: int) -> None:
            loop.call_soon(later, steps - 1) if steps else loop.stop()

        async def leave() -> asyncio.AbstractEventLoop:
            asyncio.get_running_loop().call_soon(lambda: later(steps))
            return asyncio.get_running_loop()

        loop = run(loop_of_run())
        assert run(leave()) is loop
        assert run(add(1, 2)) == 3

    def test_what_a_call_leaves_behind_exits_in_the_midst_of_the_next(self) -> None:
        async def leave() -> str:
            asyncio.get_running_loop().call_later(0.02, sys.exit, "enough")
            return "left"

        def work() -> list[str]:
            return [run(leave()), run(asyncio.sleep(0.05, "slept"))]

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(work).result(SECONDS) == ["left", "slept"]

    def test_a_blocking_call_of_a_finalizer_in_the_midst_of_another_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Garbage is collected at any moment: here while nothing runs and the right to run the loop is still held."""
        refused: list[str] = []

        class Owner:
            """Closes what it has when it is collected."""

            def __init__(self) -> None:
                self.me = self

            def __del__(self) -> None:
                try:
                    run(thread_name())
                except RuntimeError as error:
                    refused.append(str(error))

        def collecting(loop: asyncio.AbstractEventLoop | None = None) -> set[asyncio.Task[Any]]:
            Owner()
            gc.collect()
            return tasks(loop)

        tasks = asyncio.all_tasks
        monkeypatch.setattr(asyncio, "all_tasks", collecting)
        assert run(add(1, 2)) == 3
        monkeypatch.undo()
        assert run(add(1, 2)) == 3
        assert all("await the async method" in one for one in refused)
        assert refused or has_thread()

    def test_where_no_thread_can_be_started_callers_run_it_in_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(thread: threading.Thread) -> None:
            if thread.name == "aiapp-loop":
                raise RuntimeError("can't start new thread")
            start(thread)

        async def stop(number: int) -> int:
            if number % 3 == 0:
                asyncio.get_running_loop().stop()
            await asyncio.sleep(0.001)
            return number

        start = threading.Thread.start
        monkeypatch.setattr(threading.Thread, "start", full)
        assert run(stop(0)) == 0
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(run, stop(number)) for number in range(60)]
            assert [place.result(SECONDS) for place in waiting] == list(range(60))

    @pytest.mark.parametrize("through", ["Python", pytest.param("C", marks=APART)])
    def test_a_call_from_deep_within_calls_is_answered_or_refused(self, through: str) -> None:
        async def work() -> str:
            return "answered"

        def nest(calls: int, call: Coroutine[Any, Any, str]) -> str:
            if not calls:
                return run(call)
            return nest(calls - 1, call) if through == "Python" else next(map(nest, [calls - 1], [call]))

        ends: list[str] = []
        for calls in range(sys.getrecursionlimit()):
            call = work()
            try:
                ends.append(nest(calls, call))
            except RecursionError:
                ends.append("refused")
                call.close()
        assert ends == sorted(ends)  # answered down to some depth, refused from there on
        assert set(ends) == {"answered", "refused"}
        assert run(work()) == "answered"

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
