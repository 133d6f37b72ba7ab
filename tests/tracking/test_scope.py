"""What is collected where: nesting, tasks, threads, and who is told."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import Client, span, track
from aiapp.core.errors import InvalidInput
from aiapp.core.messages import user
from aiapp.testing import ScriptedModel
from aiapp.tracking.exporter import Exporter, Opening
from aiapp.tracking.span import Span
from aiapp.tracking.tracker import Tracker


class Kept(Exporter):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.opened: list[Opening] = []
        self.flushed = 0

    def began(self, opening: Opening) -> Any:
        self.opened.append(opening)
        return opening.id

    def ended(self, span: Span, began: Any) -> None:
        assert began == span.id
        self.spans.append(span)

    def flush(self) -> None:
        self.flushed += 1


def client() -> Client:
    return Client(provider=ScriptedModel("Hello you"))


def test_calls_stand_in_the_steps_around_them() -> None:
    with track("a run", tags=["demo"]) as t:
        with span("plan", kind="agent", tags=["x", "demo"]):
            client().complete("one")
            with span("look up"):
                client().complete("two")
        client().complete("three")
    run, plan, one, look_up, two, three = t.spans
    assert [one.kind for one in t.spans] == ["run", "agent", "call", "step", "call", "call"]
    assert len({one.trace for one in t.spans}) == 1
    assert len({one.id for one in t.spans}) == 6
    assert (run.parent, plan.parent, one.parent, look_up.parent, two.parent, three.parent) == (
        None,
        run.id,
        plan.id,
        plan.id,
        look_up.id,
        run.id,
    )
    assert [one.step for one in t.spans] == [(), ("plan",), ("plan",), ("plan", "look up"), ("plan", "look up"), ()]
    assert [one.tags for one in (run, plan, three)] == [("demo",), ("demo", "x"), ("demo",)]
    assert all(one.seconds >= 0 and one.started >= run.started for one in t.spans)
    assert run.seconds >= plan.seconds >= two.seconds


def test_an_outer_run_collects_what_an_inner_one_does() -> None:
    with track("outer") as outer:
        client().complete("one")
        with track("inner") as inner:
            client().complete("two")
    client().complete("nobody sees this")
    assert (len(outer.calls), len(inner.calls)) == (2, 1)
    assert [one.name for one in outer.spans] == ["outer", "scripted", "inner", "scripted"]
    assert len({one.trace for one in outer.spans}) == 1


def test_async_with() -> None:
    async def work() -> Tracker:
        async with track() as t, span("step"):
            await client().acomplete("one")
        return t

    assert [one.kind for one in asyncio.run(work()).spans] == ["run", "step", "call"]


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 3), min_size=1, max_size=4)), max_size=6))
def test_tasks_never_mix(plans: list[tuple[int, list[int]]]) -> None:
    """Each task has its own steps and its own run inside of one; whatever the order, everything is where it was."""

    async def task(number: int, waits: int, calls: list[int]) -> Tracker:
        async with track(f"task {number}") as t:
            for place, turns in enumerate(calls):
                async with span(f"step {number}.{place}"):
                    for _ in range(waits + turns):
                        await asyncio.sleep(0)
                    await client().acomplete(f"{number}")
        return t

    async def all_of_them() -> tuple[Tracker, list[Tracker]]:
        async with track() as t:
            tasks = [asyncio.create_task(task(number, *plan)) for number, plan in enumerate(plans)]
            return t, [await one for one in tasks]

    whole, parts = asyncio.run(all_of_them())
    assert len(whole.calls) == sum(len(calls) for _, calls in plans)
    assert sorted(one.id for one in whole.calls) == sorted(one.id for part in parts for one in part.calls)
    by_id = {one.id: one for one in whole.spans}
    for number, part in enumerate(parts):
        for one in part.calls:
            step = by_id[str(one.parent)]
            assert step.name == one.step[-1]
            assert by_id[str(step.parent)].name == f"task {number}"


def test_threads_that_carry_the_context_are_in_scope_and_others_are_not() -> None:
    def ask() -> None:
        client().complete("hi")

    with track() as t:
        with ThreadPoolExecutor(2) as pool:
            for _ in range(4):
                pool.submit(contextvars.copy_context().run, ask).result()
        assert len(t.calls) == 4
        asyncio.run(asyncio.to_thread(ask))
        assert len(t.calls) == 5
        with ThreadPoolExecutor(1) as pool:
            pool.submit(ask).result()
        assert len(t.calls) == 5


def test_many_threads_at_once_lose_nothing() -> None:
    shared = client()
    with track() as t, ThreadPoolExecutor(8) as pool:
        context = contextvars.copy_context()
        for done in [pool.submit(context.copy().run, shared.complete, "hi") for _ in range(100)]:
            done.result()
    assert len(t.calls) == 100
    assert t.usage.output_tokens == 200


def test_content_only_for_those_who_ask() -> None:
    without, with_it = Kept(), Kept()
    with track(exporters=[without]) as outer, track(content=True, exporters=[with_it]) as inner:
        with span("look up", kind="tool") as step:
            step.record(input={"key": "shelf"}, output=[user("found")])
        client().complete("a private word")
    assert all(one.input is None and one.output is None for one in (*outer.spans, *without.spans))
    tool, call = inner.spans[1:]
    assert tool.input == {"key": "shelf"}
    assert tool.output[0]["parts"][0]["text"] == "found"
    assert call.input["messages"][0]["parts"][0]["text"] == "a private word"
    assert call.output == [{"kind": "text", "text": "Hello you"}]
    assert {one.id for one in with_it.spans} == {one.id for one in inner.spans}
    assert (without.flushed, with_it.flushed) == (1, 1)


def test_an_exporter_is_told_of_each_span_once() -> None:
    kept = Kept()
    with track(exporters=[kept]), track(exporters=[kept], content=True):
        client().complete("hi")
    assert [one.kind for one in kept.spans] == ["call", "run", "run"]
    assert len({one.id for one in kept.spans}) == 3
    assert [one.kind for one in kept.opened] == ["run", "run", "call"]


def test_an_exporter_that_fails_loses_no_answer() -> None:
    class Broken(Exporter):
        def ended(self, span: Span, began: Any) -> None:
            raise OSError("the disk is full")

    with (
        pytest.warns(RuntimeWarning, match="Broken could not take a span: OSError.*disk is full"),
        track(exporters=[Broken()]) as t,
    ):
        assert client().complete("hi").text == "Hello you"
    assert [one.kind for one in t.spans] == ["run", "call"]


def test_an_error_is_kept_and_passed_on() -> None:
    with track() as t:
        with pytest.raises(KeyError, match="shelf"), span("look up", kind="tool"):
            raise KeyError("shelf")
        with pytest.raises(asyncio.CancelledError), span("cut"):
            raise asyncio.CancelledError
    assert [(one.error, one.message) for one in t.spans[1:]] == [("KeyError", "'shelf'"), ("CancelledError", "")]


def test_a_generator_closed_elsewhere_undoes_nothing_there() -> None:
    async def steps() -> AsyncGenerator[int, None]:
        with span("inside"):
            yield 1
            yield 2

    async def begin(generator: AsyncGenerator[int, None]) -> None:
        await anext(generator)

    async def work() -> Tracker:
        with track() as t:
            generator = steps()
            await asyncio.create_task(begin(generator))
            await generator.aclose()
            await client().acomplete("hi")
        return t

    t = asyncio.run(work())
    assert [one.name for one in t.spans] == ["run", "inside", "scripted"]
    assert t.spans[2].parent == t.spans[0].id


def test_nothing_happens_where_nobody_tracks() -> None:
    with span("alone") as step:
        step.record(input="x")
        assert client().complete("hi").text == "Hello you"


def test_wrong_input_is_named() -> None:
    wrong: dict[str, Callable[[], object]] = {
        "name": lambda: span(""),
        "kind": lambda: span("x", kind="call"),
        "tags": lambda: track(tags="one text"),
        "exporters": lambda: track(exporters=["usage.db"]),  # type: ignore[list-item]  # pyright: ignore
        "record": lambda: span("x").record(question=1),
    }
    for name, make in wrong.items():
        with pytest.raises(InvalidInput, match=f"^{name}: "):
            make()
    with track() as t, pytest.raises(RuntimeError, match="already"):
        t.__enter__()
