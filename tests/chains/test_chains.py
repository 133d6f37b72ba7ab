"""What chains do: values go through, failures name their step, streams show what happens, nothing is left behind."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import AiappError, Client, Prompt
from aiapp.chains import (
    Chain,
    StepBegan,
    StepEnded,
    StepSaid,
    ask,
    cache,
    chain,
    each,
    extend,
    fallback,
    in_thread,
    loop,
    parallel,
    retry,
    route,
    step,
    tap,
)
from aiapp.core.errors import InvalidInput, StepFailed
from aiapp.core.events import TextDelta
from aiapp.testing import ScriptedModel


@dataclass(frozen=True)
class Score:
    points: int


def scripted(*answers: Any) -> Client:
    return Client(provider=ScriptedModel(list(answers)))


_chain: Any = chain
_parallel: Any = parallel
_route: Any = route
_ask: Any = ask


def broken(_: object) -> int:
    raise ValueError("no number")


def test_a_prompt_a_model_and_a_function() -> None:
    pipeline = chain(Prompt("Say {{word}}"), ask(scripted("hello")), str.upper)
    assert pipeline.run("hi") == "HELLO"


def test_a_prompt_of_several_variables_takes_them_by_name() -> None:
    two = chain(Prompt("{{a}} and {{b}}"), ask(scripted("yes")))
    assert two.run({"a": "salt", "b": "pepper"}) == "yes"
    with pytest.raises(StepFailed, match=r"step prompt: InvalidInput: variables of prompt prompt"):
        two.run("salt")


def test_a_model_gives_a_value() -> None:
    assert chain(ask(scripted('{"points": 7}'), output=Score)).run("How many?") == Score(7)


def test_a_failure_names_its_step_and_keeps_what_was_there() -> None:
    pipeline = chain(str.strip, chain(str.upper, broken, name="count"), name="report")
    with pytest.raises(StepFailed, match=r"^step count > broken: ValueError: no number$") as failed:
        pipeline.run(" a ")
    assert failed.value.step == "count > broken"
    assert failed.value.value == "A"
    assert failed.value.results == {"strip": "a", "count > upper": "A"}
    assert isinstance(failed.value.cause, ValueError)
    assert failed.value.__cause__ is failed.value.cause
    assert isinstance(failed.value, AiappError)


@pytest.mark.parametrize("alone", [step(broken), retry(broken), each(broken), loop(broken, bool, at_most=2)])
def test_a_failure_is_the_same_error_however_it_was_composed(alone: Chain[Any, Any]) -> None:
    with pytest.raises(StepFailed) as failed:
        alone.run([1])
    assert isinstance(failed.value.cause, ValueError)


def test_a_chain_of_one_step_is_that_step() -> None:
    with pytest.raises(StepFailed, match=r"^step broken: ValueError: no number$"):
        list(step(broken).stream(1))
    stream = step(len, name="count").stream("four")
    assert list(stream) == [StepBegan("count"), StepEnded("count", 4)]


def test_a_failure_in_a_chain_that_a_function_runs_keeps_the_whole_path() -> None:
    inner = chain(str.strip, int, name="number")

    async def read(text: str) -> int:
        return await inner.arun(text)

    for outer in (chain(str.upper, read), chain(str.upper, chain(read, name="deep")), step(read)):
        with pytest.raises(StepFailed, match=r"read > int: ValueError") as failed:
            outer.run(" x ")
        assert failed.value.step.endswith("read > int")
        found = {path.rpartition("read > ")[2]: result for path, result in failed.value.results.items()}
        assert found["strip"] == failed.value.value == failed.value.results[failed.value.step.replace("int", "strip")]
        assert isinstance(failed.value.__cause__, ValueError)


def test_two_steps_of_one_name_are_told_apart() -> None:
    with pytest.raises(StepFailed) as failed:
        chain(str.strip, str.strip, broken).run(" a ")
    assert list(failed.value.results) == ["strip", "strip 2"]


def test_a_branch_that_fails_stops_the_others() -> None:
    stopped: list[str] = []

    async def slow(_: object) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.append("slow")
            raise

    with pytest.raises(StepFailed, match="step parallel > bad: ValueError"):
        parallel(slow=slow, bad=broken).run(1)
    assert stopped == ["slow"]


def test_branches_run_at_once() -> None:
    async def program() -> Any:
        meeting = asyncio.Barrier(2)

        async def met(value: int) -> int:
            async with asyncio.timeout(5):
                await meeting.wait()
            return value

        return await parallel(met, met).arun(3)

    assert asyncio.run(program()) == (3, 3)


@given(st.lists(st.integers(), max_size=20), st.integers(1, 5))
def test_each_keeps_the_order_and_the_bound(items: list[int], concurrency: int) -> None:
    at_work, most = 0, 0

    async def work(item: int) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0)
        at_work -= 1
        return item + 1

    assert asyncio.run(each(work, concurrency).arun(items)) == [item + 1 for item in items]
    assert most == min(concurrency, len(items))


@pytest.mark.parametrize("value", ["text", b"bytes", {"a": 1}, 7, None])
def test_each_wants_items(value: Any) -> None:
    with pytest.raises(StepFailed, match=r"items: .* cannot be used; accepted: a list"):
        each(str).run(value)


def test_a_route_takes_one_way() -> None:
    def kind(text: str) -> str:
        return "question" if text.endswith("?") else "other"

    way = route(kind, {"question": str.upper, "other": str.lower})
    assert (way.run("Why?"), way.run("So.")) == ("WHY?", "so.")
    with pytest.raises(StepFailed, match="route by kind: 'other' cannot be used; accepted: 'question'"):
        route(kind, {"question": str.upper}).run("So.")
    assert route(kind, {"question": str.upper}, otherwise=len).run("So.") == 3


def test_options_that_go_by_a_word_may_be_given_by_name() -> None:
    way = route(str.strip, loud=str.upper, quiet=str.lower, otherwise=len)
    assert [way.run(kind) for kind in ("loud ", " quiet", "other")] == ["LOUD ", " quiet", 5]


def test_what_gives_something_to_await_is_awaited_to_the_end() -> None:
    async def number(text: str) -> int:
        return int(text)

    async def later(text: str) -> Awaitable[int]:
        return number(text)

    assert chain(later, lambda value: value + 1).run("4") == 5


def test_a_model_decides_the_way() -> None:
    way = route(ask(scripted("refund")), {"refund": lambda text: f"money for {text}"})
    assert way.run("a broken lamp") == "money for a broken lamp"


def test_a_loop_ends_when_it_is_good_or_has_gone_round_often_enough() -> None:
    def grown(text: str) -> str:
        return text + "a"

    def long(text: str) -> bool:
        return len(text) >= 3

    for at_most, result, reason in ((9, "aaa", "until"), (2, "aa", "at_most")):
        stream = loop(grown, long, at_most=at_most).stream("")
        ended = [happened for happened in stream if isinstance(happened, StepEnded)]
        assert stream.output == result
        assert [one.reason for one in ended if one.step == "until long"] == [reason], ended


def test_a_retry_tries_again_for_the_errors_that_it_knows() -> None:
    tries = Counter[str]()

    def moody(name: str) -> str:
        tries[name] += 1
        if tries[name] < 3:
            raise TimeoutError(name)
        return name

    assert retry(moody, 3).run("a") == "a"
    with pytest.raises(StepFailed, match="TimeoutError"):
        retry(moody, 2).run("b")
    with pytest.raises(StepFailed, match="TimeoutError"):
        retry(moody, 9, on=ValueError).run("c")
    assert tries == {"a": 3, "b": 2, "c": 1}


def test_a_fallback_takes_the_first_that_works() -> None:
    assert fallback(broken, chain(broken, str), str).run(1) == "1"
    with pytest.raises(StepFailed, match="broken"):
        fallback(broken, str, on=KeyError).run(1)


def test_extend_adds_to_what_is_there() -> None:
    grown = chain(parallel(word=str, size=len), extend(double=lambda given: given["size"] * 2))
    assert grown.run("four") == {"word": "four", "size": 4, "double": 8}
    before = {"a": 1}
    assert extend(b=len).run(before) == {"a": 1, "b": 1}
    assert before == {"a": 1}
    with pytest.raises(StepFailed, match=r"step extend: InvalidInput: value to extend: 'text' cannot be used"):
        _chain(extend(a=len)).run("text")


def test_a_prompt_takes_its_own_of_what_a_mapping_holds() -> None:
    answer = chain(Prompt("{{a}} and {{b}}"), lambda request: request.messages[0].text)
    assert answer.run({"a": 1, "b": 2, "c": 3}) == "1 and 2"
    with pytest.raises(StepFailed, match="b"):
        answer.run({"a": 1, "c": 3})
    listed = chain(Prompt("{{#each words}}{{this}},{{/each}}"), lambda request: request.messages[0].text)
    assert listed.run(["a", "b"]) == "a,b,"


def test_a_function_that_blocks_does_not_hold_up_the_others() -> None:
    met = threading.Event()

    def waits(value: int) -> bool:
        return met.wait(10)

    async def sets(value: int) -> bool:
        met.set()
        return True

    assert parallel(in_thread(waits), sets).run(1) == (True, True)
    with pytest.raises(StepFailed, match="step count: ValueError: no number"):
        in_thread(broken, name="count").run(1)


def test_asyncios_debug_mode_names_the_step_that_holds_the_loop(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def program() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0.0
        await chain(str.strip, in_thread(str.upper), name="tidy").arun(" a ")

    monkeypatch.setattr(logging.getLogger("asyncio"), "disabled", True)  # it tells of tasks, and of every one here
    asyncio.run(program(), debug=True)
    assert [(record.name, record.getMessage().partition(" for ")[0]) for record in caplog.records] == [
        ("aiapp.chains.running", "step strip held the event loop")
    ]
    caplog.clear()
    chain(str.strip).run(" a ")
    assert not caplog.records


def test_a_bar_keeps_a_chain_with_a_name_whole() -> None:
    inner = chain(str.strip, str.upper, name="tidy")
    unnamed = chain(str.strip) | str.upper
    with pytest.raises(StepFailed) as failed:
        (inner | (unnamed | broken)).run("a")
    assert list(failed.value.results) == ["tidy > strip", "tidy > upper", "tidy", "strip", "upper"]
    assert (str.strip | inner.named("clean") | partial(int, base=16)).plan.steps[0][0] == "strip"  # type: ignore[union-attr]


def test_a_tap_sees_and_changes_nothing() -> None:
    seen: list[int] = []
    assert chain(len, tap(seen.append), str).run("four") == "4"
    assert seen == [4]


def test_a_cache_asks_once_for_each_value() -> None:
    calls: list[Any] = []

    def work(value: Any) -> str:
        calls.append(value)
        return str(value)

    kept = cache(work, size=2)
    assert [kept.run(value) for value in (1, 1, {"b": 1}, {"b": 1}, 2, 1)] == [
        "1",
        "1",
        "{'b': 1}",
        "{'b': 1}",
        "2",
        "1",
    ]
    assert calls == [1, {"b": 1}, 2, 1]
    with pytest.raises(StepFailed, match="value to cache by"):
        kept.run({1, 2})


def test_a_stream_shows_steps_and_what_models_say() -> None:
    stream = chain(Prompt("Say {{word}}"), ask(scripted("hello you"), name="speak"), str.upper).stream("hi")
    happened = list(stream)
    assert stream.output == "HELLO YOU"
    assert [one.step for one in happened if isinstance(one, StepBegan)] == ["prompt", "speak", "upper"]
    said = [one.event for one in happened if isinstance(one, StepSaid)]
    assert "".join(event.text for event in said if isinstance(event, TextDelta)) == "hello you"
    assert happened[-1] == StepEnded("upper", "HELLO YOU")


def test_an_answer_that_does_not_fit_is_sent_back_whether_anybody_listens_or_not() -> None:
    def count() -> Chain[Any, Score]:
        return ask(scripted("seven", '{"points": 7}'), output=Score)

    assert count().run("go") == Score(7)
    stream = count().stream("go")
    said = "".join(one.event.text for one in stream if isinstance(one, StepSaid) and isinstance(one.event, TextDelta))
    assert (said, stream.output) == ('seven{"points": 7}', Score(7))


def test_the_text_of_a_stream_is_that_of_the_model_that_speaks_last() -> None:
    pipeline = chain(ask(scripted("draft")), ask(scripted("the end")), str.upper)
    stream = pipeline.stream("go")
    assert "".join(stream.text()) == "the end"
    assert stream.output == "THE END"
    with pytest.raises(InvalidInput, match="one model speaks last"):
        list(parallel(ask(scripted("a")), ask(scripted("b"))).stream("go").text())


@pytest.mark.parametrize(
    ("speaks", "text"),
    [
        (lambda: retry(ask(scripted("again"))), "again"),
        (lambda: fallback(ask(scripted("first")), ask(scripted("second"))), "first"),
        (lambda: fallback(chain(broken, ask(scripted("first"))), ask(scripted("second"))), "second"),
        (lambda: route(len, {2: ask(scripted("two"))}), "two"),
        (lambda: route(len, {3: ask(scripted("three"))}, otherwise=ask(scripted("other"))), "other"),
        (lambda: chain(ask(scripted("said")), tap(ask(scripted("looked"))), parallel(len, len)), "said"),
    ],
)
def test_the_text_of_a_stream_is_found_wherever_one_model_speaks(speaks: Any, text: str) -> None:
    assert "".join(speaks().stream("go").text()) == text


def test_the_text_of_a_stream_is_refused_where_none_is_the_one() -> None:
    many: list[Chain[Any, Any]] = [
        cache(ask(scripted("a"))),
        each(ask(scripted("a"))),
        loop(ask(scripted("a")), bool, at_most=2),
        parallel(ask(scripted("a")), str),
        chain(ask(scripted("a")), parallel(b=ask(scripted("b")))),
    ]
    for pipeline in many:
        with pytest.raises(InvalidInput, match="is asked once"):
            list(pipeline.stream("go").text())


def test_a_stream_that_fails_says_so_and_has_no_output() -> None:
    stream = chain(str.upper, broken).stream("a")
    with pytest.raises(StepFailed, match="broken"):
        list(stream)
    with pytest.raises(RuntimeError, match="not been read to its end"):
        _ = stream.output


def test_leaving_a_stream_stops_the_chain() -> None:
    stopped: list[str] = []

    async def endless(value: str) -> str:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(value)
        return value

    async def program() -> None:
        stream = chain(str.upper, endless).stream("a")
        async for happened in stream:
            if happened == StepBegan("endless"):
                break
        await stream.aclose()

    asyncio.run(program())
    assert stopped == ["A"]


def test_a_stream_far_ahead_of_its_reader_is_left() -> None:
    async def program() -> None:
        stream = ask(scripted("x" * 5000)).stream("go")
        async for _ in stream:
            for _ in range(20):
                await asyncio.sleep(0)
            break
        async with asyncio.timeout(10):
            await stream.aclose()
            assert [event async for event in stream] == []

    asyncio.run(program())


def test_leaving_the_text_of_a_stream_stops_the_chain() -> None:
    begun, stopped = threading.Event(), threading.Event()

    async def endless(text: str) -> str:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()
        return text

    for text in chain(ask(scripted("abc")), endless).stream("go").text():
        assert text == "abc"
        assert begun.wait(10)
        break
    assert stopped.wait(10)


def test_a_batch_keeps_failures_in_their_places() -> None:
    results = chain(int, lambda number: 10 // number).batch(["5", "x", "0"], concurrency=2)
    assert results[0] == 2
    assert [type(result) for result in results[1:]] == [StepFailed, StepFailed]


@pytest.mark.parametrize("count", [1, 3])
def test_a_chain_holds_no_state(count: int) -> None:
    pipeline = chain(str.upper, str.lower)
    assert pipeline.batch(["A"] * count) == ["a"] * count
    assert pipeline.run("B") == "b"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: _chain(), "steps: "),
        (lambda: _chain(7), "step: 7"),
        (lambda: each(str, 0), "concurrency: 0"),
        (lambda: loop(str, bool, at_most=0), "at_most: 0"),
        (lambda: retry(str, 0), "times: 0"),
        (lambda: retry(str, wait=-1), "wait: -1"),
        (lambda: cache(str, size=0), "size: 0"),
        (lambda: _route(str, {}), "options: [] cannot be used; accepted: steps by key in a dict, or by name"),
        (lambda: _route(str, {"a": str}, b=str), "options: ['a', 'b']"),
        (lambda: fallback(len), "others: ()"),
        (lambda: _parallel(), "steps: []"),
        (lambda: step(len, name="a > b"), "name: 'a > b'"),
        (lambda: tap(len).named("a > b"), "name: 'a > b'"),
        (lambda: ask(scripted("a"), name=""), "name: ''"),
        (lambda: _ask("openai:NAME"), "client: 'openai:NAME' cannot be used; accepted: a Client, such as"),
        (lambda: _parallel(**{"a > b": str}), "name: 'a > b'"),
        (lambda: extend(), "steps: []"),
    ],
)
def test_what_cannot_be_composed_is_named(make: Any, said: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        make()
    assert str(wrong.value).startswith(said)
