"""Measuring: intervals that cover, and calls that are counted."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import Example, Message
from aiapp.core.errors import AiappError, InvalidInput, Overloaded
from aiapp.prompts.fewshot.measuring import Interval, Trial, measured

TRIALS = [Trial((), Example(number, "")) for number in range(10)]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.integers(0, 3))
def test_an_interval_holds_its_mean_and_comes_again_with_its_seed(values: list[float], seed: int) -> None:
    found = Interval.of(values, seed=seed, resamples=200)
    assert found is not None
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == Interval.of(values, seed=seed, resamples=200)
    assert found.count == len(values)


def test_of_one_value_nothing_is_said() -> None:
    assert Interval.of([1.0]) is None
    assert Interval.of([]) is None


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = random.Random(1)
    covered = 0
    for number in range(200):
        found = Interval.of([float(draw.random() < 0.3) for _ in range(60)], seed=number, resamples=300)
        assert found is not None
        covered += found.low <= 0.3 <= found.high
    assert 180 <= covered <= 199


def blocking(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
    assert threading.current_thread() is not threading.main_thread()
    return float(example.input) / 10


async def waiting(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
    await asyncio.sleep(0)
    return float(example.input) / 10


@pytest.mark.parametrize("metric", [blocking, waiting])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_scores_come_in_order_from_functions_of_both_kinds(metric: Any, concurrency: int) -> None:
    assert asyncio.run(measured(TRIALS, metric, concurrency)) == [number / 10 for number in range(10)]


def test_no_more_are_asked_at_once_than_said() -> None:
    now, most = 0, 0

    async def metric(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return 0.0

    asyncio.run(measured(TRIALS, metric, 3))
    assert most == 3


def test_a_failure_of_a_model_stands_in_its_place_and_any_other_ends_it() -> None:
    def failing(turns: tuple[Message, ...], example: Example[Any, Any]) -> float:
        if example.input == 3:
            raise Overloaded("busy", provider="p", model="m")
        if example.input == 11:
            raise ZeroDivisionError
        return 1.0

    scores = asyncio.run(measured(TRIALS, failing, 2))
    assert [place for place, score in enumerate(scores) if isinstance(score, AiappError)] == [3]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(measured([*TRIALS, Trial((), Example(11, ""))], failing, 2))


@pytest.mark.parametrize("score", ["good", None, float("nan")])
def test_a_score_is_a_number(score: Any) -> None:
    with pytest.raises(InvalidInput, match=r"metric: .*finite number"):
        asyncio.run(measured(TRIALS, lambda turns, example: score, 1))


def test_a_concurrency_of_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="concurrency: 0"):
        asyncio.run(measured(TRIALS, waiting, 0))
