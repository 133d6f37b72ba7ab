"""Traces of a teacher: kept where a metric passes them, within a budget of calls."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import Client, Example, FewShot
from aiapp.core.errors import InvalidInput, Overloaded
from aiapp.prompts.fewshot import bootstrap
from aiapp.testing import ScriptedModel

SUMS = [Example(f"{number} + {number}", str(2 * number), "easy") for number in range(6)]


def ends_right(example: Example[Any, Any], output: Any) -> bool:
    return str(output).endswith(f" {example.output}")


def test_the_whole_answer_of_a_client_becomes_the_output_where_it_passes() -> None:
    teacher = Client(provider=ScriptedModel(["Twice nothing is 0", "It is 3", "Two and two are 4"]))
    found = bootstrap(SUMS[:3], teacher, ends_right, calls=10)
    assert found.examples == (
        Example("0 + 0", "Twice nothing is 0", "easy"),
        Example("2 + 2", "Two and two are 4", "easy"),
    )
    assert [(failure.example, failure.output, failure.reason) for failure in found.failures] == [
        (SUMS[1], "It is 3", "scored 0, below 1")
    ]
    assert (found.calls, found.not_asked) == (3, ())
    assert FewShot(found.examples).turns()[3].text == "Two and two are 4"
    assert str(found).splitlines() == [
        "2 examples passed in 3 calls, 1 failed, 0 were not asked about",
        "failed: 1 + 1: scored 0, below 1",
    ]


def test_how_a_client_is_asked_can_be_said() -> None:
    model = ScriptedModel("It is 0")
    bootstrap(SUMS[:1], Client(provider=model), ends_right, calls=1, ask=lambda asked: f"Think: {asked}")
    assert model.requests[0].messages[0].text == "Think: 0 + 0"


async def awaited(asked: str) -> str:
    return f"It is {2 * int(asked.split()[0])}"


def called(asked: str) -> str:
    return f"It is {2 * int(asked.split()[0])}"


@pytest.mark.parametrize("teacher", [awaited, called])
@given(calls=st.integers(1, 9), wanted=st.none() | st.integers(1, 8), concurrency=st.integers(1, 4))
def test_the_budget_holds_for_functions_of_both_kinds(
    teacher: Any, calls: int, wanted: int | None, concurrency: int
) -> None:
    found = bootstrap(SUMS, teacher, ends_right, calls=calls, wanted=wanted, concurrency=concurrency)
    assert found.calls <= min(calls, 6)
    assert len(found.examples) == min(calls, 6, 6 if wanted is None else wanted)
    assert [example.input for example in found.examples] == [example.input for example in SUMS[: len(found.examples)]]
    assert len(found.not_asked) == 6 - found.calls


def test_an_example_that_failed_is_tried_again_after_the_others() -> None:
    said: list[str] = []

    def teacher(asked: str) -> str:
        said.append(asked)
        return called(asked) if said.count(asked) == 2 else "no idea"

    found = bootstrap(SUMS[:2], teacher, ends_right, calls=3, rounds=2)
    assert said == ["0 + 0", "1 + 1", "0 + 0"]
    assert [example.input for example in found.examples] == ["0 + 0"]
    assert [failure.example.input for failure in found.failures] == ["1 + 1"]


def test_a_failure_of_the_teacher_is_listed_and_a_mistake_of_yours_is_raised() -> None:
    def busy(asked: str) -> str:
        raise Overloaded("busy", provider="p", model="m")

    assert bootstrap(SUMS[:1], busy, ends_right, calls=1).failures[0].reason == "Overloaded: p:m: busy"
    with pytest.raises(ZeroDivisionError):
        bootstrap(SUMS[:1], lambda asked: 1 // 0, ends_right, calls=1)


def test_a_score_passes_from_the_threshold_on() -> None:
    for passing, kept in ((0.0, 1), (0.5, 1), (0.6, 0)):
        found = bootstrap(SUMS[:1], called, lambda example, output: 0.5, calls=1, passing=passing)
        assert len(found.examples) == kept


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"calls": 1, "rounds": 0}, {"calls": 1, "wanted": 0}])
def test_counts_are_at_least_one(wrong: Any) -> None:
    with pytest.raises(InvalidInput, match="at least 1"):
        bootstrap(SUMS, called, ends_right, **wrong)
