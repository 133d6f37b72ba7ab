"""Check: each thing that can be wrong with examples is found, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from aiapp import Client, Example, FewShot, Message, user
from aiapp.core.errors import InvalidInput, Overloaded
from aiapp.prompts.fewshot import BM25, Balanced
from aiapp.testing import ScriptedModel

CLEAN = [
    Example("The soup was cold and the waiter laughed about it.", "bad"),
    Example("We will certainly come back, what a view!", "good"),
    Example("Nobody told us that the kitchen closes at eight.", "bad"),
    Example("Fresh bread, warm welcome, fair prices.", "good"),
]
ASKED = [Example("Never again in this place.", "bad"), Example("My favourite evening this year.", "good")]


def test_clean_examples_have_no_problems() -> None:
    found = FewShot(CLEAN, 4).check(ASKED)
    assert found.problems == ()
    assert found.labels == {"bad": 2, "good": 2}
    assert "problems       none" in str(found)
    assert "not measured" in str(found)


@pytest.mark.parametrize(
    ("examples", "problem"),
    [
        ([*CLEAN, CLEAN[0]], "examples given twice: 0 and 4"),
        ([*CLEAN, Example(CLEAN[1].input.upper(), "bad")], "the same input has different outputs: 1 and 4"),
        (
            [*CLEAN, Example("The soup was cold and the waiter laughed about it!!", "bad")],
            "examples that are nearly the same: 0 and 4",
        ),
        ([*CLEAN, ASKED[1]], "examples that are in the evaluation set, or nearly: 4 and its 1"),
        (
            [
                *CLEAN,
                *(Example(f"{word} disaster", "bad") for word in ("one", "quite another", "third", "last", "zip")),
            ],
            "'bad' has 7 examples, 'good' has 2",
        ),
        (CLEAN[::2], "the evaluation set has labels without an example: 'good'"),
    ],
)
def test_each_problem_is_named(examples: list[Example[str, str]], problem: str) -> None:
    found = FewShot(examples, len(examples)).check(ASKED)
    assert problem in found.problems
    assert problem in str(found)
    assert len(found.problems) == 1


def test_a_prompt_that_leaves_a_label_out_is_named() -> None:
    pool = [*CLEAN, Example("It rained.", "neither")]
    assert "no prompt shows an example of 'neither'" in FewShot(pool, 4).check().problems
    assert FewShot(pool, 3, Balanced()).check().problems == ()


def test_fewer_examples_than_wanted_and_examples_over_the_budget_are_named() -> None:
    assert FewShot(CLEAN, 9).check().problems == ("k is 9, and there are only 4 examples",)
    found = FewShot(CLEAN, 4, budget=120, count=len).check()
    assert any("did not fit 120 tokens" in problem for problem in found.problems)
    assert found.tokens is not None
    assert found.tokens[2] <= 120


def test_free_text_has_no_labels() -> None:
    pool = [Example("What is water?", "It is a liquid."), Example("What is fire?", "It is hot.")]
    found = FewShot(pool, 2).check([Example("What is air?", "It is a gas.")])
    assert found.labels == {}
    assert found.problems == ()
    assert "free text" in str(found)


def test_a_leak_that_is_left_out_of_its_own_prompt_is_none() -> None:
    assert FewShot(CLEAN, 2, leave_out_query=True).check(CLEAN).leaks == ()
    assert len(FewShot(CLEAN, 2).check(CLEAN).leaks) == 4
    nearly = [Example(f"{example.input}!", example.output) for example in CLEAN]
    assert len(FewShot(CLEAN, 2, leave_out_query=True).check(nearly).leaks) == 4


def test_tokens_are_those_of_the_prompts() -> None:
    few_shot = FewShot(CLEAN, 2, BM25())
    assert few_shot.check().tokens is None
    assert "give an evaluation set" in str(few_shot.check())
    taken = [few_shot.select(example.input).tokens for example in ASKED]
    assert few_shot.check(ASKED).tokens == (min(taken), sum(taken) / 2, max(taken))


def last_label(turns: tuple[Message, ...], example: Example[Any, Any]) -> bool:
    """A model that says what was said last, as recency bias would have it."""
    answer = turns[-1].text if turns else ""
    client = Client(provider=ScriptedModel(answer))
    return client.complete((*turns, user(example.input_text))).text == example.output_text


def test_sensitivity_to_order_is_measured_call_by_call() -> None:
    calls: list[tuple[Message, ...]] = []

    def counted(turns: tuple[Message, ...], example: Example[Any, Any]) -> bool:
        calls.append(turns)
        return last_label(turns, example)

    asked = [Example("Never again in this place.", "bad"), Example("Not good at all, sorry.", "bad")]
    found = FewShot(CLEAN, 4).check(asked, metric=counted, orders=6)
    assert len(calls) == 12
    assert {frozenset(turn.text for turn in turns) for turns in calls} == {frozenset(turn.text for turn in calls[0])}
    assert found.order is not None
    assert set(found.order.scores) == {0.0, 1.0}
    assert found.order.scores[0] == 0.0, "its own order ends with a good one"
    assert (found.order.changed, found.order.queries, found.order.spread) == (2, 2, 1.0)
    assert "the order alone moves the mean score from 0.000 to 1.000" in found.problems
    assert found.order == FewShot(CLEAN, 4).check(asked, metric=last_label, orders=6).order


def test_a_model_that_does_not_mind_the_order_is_no_problem() -> None:
    found = FewShot(CLEAN, 4).check(ASKED, metric=lambda turns, example: 0.5, orders=3, concurrency=2)
    assert found.order is not None
    assert (found.order.spread, found.order.changed, found.problems) == (0.0, 0, ())
    assert "0 of 2 queries changed" in str(found)


def test_calls_that_fail_are_told_and_their_queries_left_out() -> None:
    def failing(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
        if example.output == "good":
            raise Overloaded("busy", provider="p", model="m")
        return 1.0

    found = FewShot(CLEAN, 4).check(ASKED, metric=failing, orders=2)
    assert found.order is not None
    assert (found.order.queries, len(found.order.failures)) == (1, 2)
    assert found.problems == ("calls of the metric that failed: 2, such as: p:m: busy",)
    every = FewShot(CLEAN, 4).check(ASKED[1:], metric=failing, orders=2)
    assert "unknown: every call failed" in str(every)


@pytest.mark.parametrize(("eval_set", "orders"), [([], 4), (ASKED, 1)])
def test_a_metric_needs_something_to_ask(eval_set: Sequence[Example[str, str]], orders: int) -> None:
    with pytest.raises(InvalidInput, match="at least 2 orders"):
        FewShot(CLEAN).check(eval_set, metric=last_label, orders=orders)
