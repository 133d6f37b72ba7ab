"""What a chain would send, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from aiapp import Client, Prompt
from aiapp.chains import Chain, ask, chain, each, fallback, in_thread, loop, parallel, route, tap
from aiapp.core.errors import StepFailed
from aiapp.testing import ScriptedModel


@dataclass(frozen=True)
class Facts:
    names: list[str]


def silent() -> Client:
    """A model that fails the test where it is asked."""
    return Client(provider=ScriptedModel([]))


SUMMARISE, TRANSLATE = Prompt("Summarise: {{text}}", name="summarise"), Prompt("Translate: {{text}}", name="translate")


def asked(pipeline: Chain[Any, Any], value: Any) -> list[tuple[str, str]]:
    return [(one.step, one.request.messages[-1].text) for one in pipeline.explain(value).requests]


def test_later_requests_hold_a_stand_in() -> None:
    pipeline = chain(SUMMARISE, ask(silent(), name="short"), TRANSLATE) | ask(silent(), name="French")
    assert asked(pipeline, "a text") == [
        ("short", "Summarise: a text"),
        ("French", "Translate: [answer of short]"),
    ]
    assert pipeline.explain("a text").unknown == ()
    assert str(chain(Prompt("One\ntwo {{x}}"), ask(silent(), name="say")).explain("three")) == (
        "1. say asks scripted, for $0 at most\n  user: One\n  two three"
    )


def test_a_whole_response_is_stood_in_for() -> None:
    assert asked(chain(silent(), lambda response: response.text, SUMMARISE, ask(silent(), name="b")), "go")[1] == (
        "b",
        "Summarise: [answer of scripted]",
    )


def test_functions_run_and_taps_do_not() -> None:
    seen: list[str] = []
    assert asked(chain(str.upper, tap(seen.append), ask(silent(), name="a")), "go") == [("a", "GO")]
    assert asked(chain(in_thread(str.upper), ask(silent(), name="a")), "go") == [("a", "GO")]
    assert seen == []


def test_what_depends_on_an_answer_is_said() -> None:
    def number(text: str) -> int:
        return int(text)

    typed = chain(ask(silent(), output=Facts, name="facts"), lambda facts: facts.names, each(ask(silent())))
    assert typed.explain("go").unknown == ("the value that facts gives, and so what follows it",)
    read = chain(ask(silent(), name="count"), number, str, ask(silent())).explain("go")
    assert len(read.requests) == 1
    assert read.unknown[0].startswith("what number makes of an answer (ValueError: ")
    several = chain(ask(silent(), name="list"), each(ask(silent()))).explain("go")
    assert several.unknown == ("how many items each has, which an answer decides",)


def test_all_ways_are_shown_where_a_model_decides() -> None:
    options: dict[str, Chain[Any, str]] = {"a": ask(silent()), "b": chain(SUMMARISE, ask(silent()))}
    way = route(ask(silent(), name="kind"), options)
    explained = way.explain("go")
    assert [one.request.messages[-1].text for one in explained.requests] == ["go", "go", "Summarise: go"]
    assert explained.unknown == ("which of a, b by kind takes",)
    assert asked(route(len, {2: ask(silent(), name="two"), 3: ask(silent())}), "go") == [("by len > 2", "go")]


def test_branches_loops_and_fallbacks() -> None:
    assert asked(parallel(x=ask(silent()), y=chain(SUMMARISE, ask(silent(), name="s"))), "t") == [
        ("parallel > x", "t"),
        ("parallel > y > s", "Summarise: t"),
    ]
    round_trip = loop(ask(silent(), name="draft"), bool, at_most=4).explain("t")
    assert round_trip.unknown == ("how many rounds until bool takes, at most 4",)
    assert [one.step for one in round_trip.requests] == ["until bool > draft 1"]
    other = fallback(ask(silent(), name="big"), ask(silent(), name="small")).explain("t")
    assert [one.step for one in other.requests] == ["fallback > big"]
    assert other.unknown == ("whether big fails, so that it is the turn of small",)


def test_a_branch_that_is_unknown_does_not_hide_the_others() -> None:
    pipeline = parallel(a=ask(silent(), output=Facts), b=ask(silent()))
    explained = pipeline.explain("t")
    assert [one.step for one in explained.requests] == ["parallel > a", "parallel > b"]
    assert explained.unknown == ("the value that parallel > a gives, and so what follows it",)


def test_a_function_that_fails_on_what_was_given_fails() -> None:
    with pytest.raises(StepFailed, match=r"step int: ValueError"):
        chain(int, ask(silent())).explain("x")
