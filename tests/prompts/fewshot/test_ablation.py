"""Ablation: what was said beforehand is what is asked, and each example is worth what it does."""

from __future__ import annotations

from typing import Any

import pytest

from aiapp import Example, FewShot, Message
from aiapp.core.errors import InvalidInput, Overloaded
from aiapp.prompts.fewshot import BM25, Random

POOL = [Example("the key is gold", "gold"), Example("noise one", "x"), Example("poison two", "y")]
ASKED = [Example(f"question {number}", "gold") for number in range(40)]


def metric(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
    """Right with the golden example, except that poison spoils every other answer."""
    said = " ".join(turn.text for turn in turns)
    spoiled = "poison" in said and int(example.input.split()[1]) % 2 == 0
    return float("gold" in said and not spoiled)


def test_what_helps_earns_what_harms_harms_and_noise_is_not_shown() -> None:
    found = FewShot(POOL, 3).ablate(metric, ASKED)
    assert [(one.shot.example.input, one.verdict) for one in found.worth] == [
        ("the key is gold", "earns"),
        ("noise one", "not shown"),
        ("poison two", "harms"),
    ]
    gains = [one.gain.mean for one in found.worth if one.gain is not None]
    assert gains == [0.5, 0.0, -0.5]
    assert found.score is not None
    assert found.score.mean == 0.5
    assert found.examples("earns") == (POOL[0],)
    assert str(found).splitlines()[1].endswith("earns      the key is gold -> gold")
    assert found == FewShot(POOL, 3).ablate(metric, ASKED, concurrency=4), "seeded"


def test_the_plan_says_what_it_takes_before_anything_is_asked() -> None:
    calls: list[tuple[Message, ...]] = []

    def counted(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
        calls.append(turns)
        return 1.0

    few_shot = FewShot([*POOL, Example("question mark", "z")], 2, BM25())
    plan = few_shot.ablation(ASKED)
    assert calls == []
    assert plan.calls == 40 + 40 * 2
    whole = sum(few_shot.select(example.input).tokens for example in ASKED)
    assert plan.tokens == 2 * whole
    assert str(plan).startswith("120 calls: 40 queries with their examples, and 80 times without one; ")
    assert plan.run(counted).calls == len(calls) == 120
    assert sorted({len(turns) for turns in calls}) == [2, 4]


def test_nothing_is_asked_where_it_takes_more_calls_than_allowed() -> None:
    def never(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
        raise AssertionError

    with pytest.raises(InvalidInput, match=r"at_most: 100.*160 calls"):
        FewShot(POOL, 3).ablate(never, ASKED, at_most=100)


def test_without_an_evaluation_set_examples_are_asked_about_without_themselves() -> None:
    seen: list[tuple[str, str]] = []

    def watched(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
        seen.append((example.input, " ".join(turn.text for turn in turns)))
        return 1.0

    pool = [Example(f"text {number}", "a") for number in range(6)]
    FewShot(pool, 2, Random()).ablate(watched)
    assert {asked for asked, _ in seen} == {example.input for example in pool}
    assert all(asked not in said for asked, said in seen)


def test_a_failed_call_costs_its_pair_alone() -> None:
    def failing(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
        if example.input == "question 7" and len(turns) == 4:
            raise Overloaded("busy", provider="p", model="m")
        return metric(turns, example)

    found = FewShot(POOL, 3).ablate(failing, ASKED)
    assert {one.pairs for one in found.worth} == {39}
    assert len(found.failures) == 3
    assert "3 failed, such as: p:m: busy" in str(found)


def test_too_few_pairs_are_unknown_not_zero() -> None:
    found = FewShot(POOL, 3).ablate(metric, ASKED[:1])
    assert all(one.gain is None and one.verdict == "not shown" for one in found.worth)
    assert "too few pairs" in str(found)
    assert "score with all: unknown" in str(found)


def test_there_must_be_something_to_ask() -> None:
    with pytest.raises(InvalidInput, match="eval_set"):
        FewShot(POOL).ablation([])
