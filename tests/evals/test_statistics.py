"""Intervals: against published values, and what holds of all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.evals.statistics import bootstrap, fewest_differences, interval, paired, wilson

scores = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("passed", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_what_newcombe_published(passed: int, total: int, low: float, high: float) -> None:
    found = wilson(passed, total)
    assert (found.mean, round(found.low, 4), round(found.high, 4)) == (passed / total, low, high)
    mirrored = wilson(total - passed, total)
    assert [mirrored.low, mirrored.high] == pytest.approx([1 - found.high, 1 - found.low])


def test_the_bootstrap_agrees_with_the_normal_interval_of_many_scores() -> None:
    values = [number / 399 for number in range(400)]  # their deviation is about 1 / sqrt(12)
    found = bootstrap(values)
    half = 1.96 * 12**-0.5 / 400**0.5
    assert found.mean == pytest.approx(0.5)
    assert [found.low, found.high] == pytest.approx([0.5 - half, 0.5 + half], abs=0.003)


@settings(max_examples=30)
@given(scores, st.integers(0, 3))
def test_an_interval_holds_its_mean_and_is_the_same_again(values: list[float], seed: int) -> None:
    found = bootstrap(values, seed=seed, resamples=200)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == bootstrap(values, seed=seed, resamples=200)
    wider = bootstrap(values, seed=seed, level=0.999, resamples=200)
    assert wider.low <= found.low
    assert wider.high >= found.high


@settings(max_examples=30)
@given(scores)
def test_what_is_the_same_does_not_differ(values: list[float]) -> None:
    found = paired(values, values, resamples=50)
    assert (found.mean, found.low, found.high) == (0, 0, 0)


def test_pairs_see_what_two_intervals_hide() -> None:
    hard = [number / 40 for number in range(40)]
    easier = [score + 0.02 for score in hard]
    one, other = bootstrap(hard), bootstrap(easier)
    assert one.high > other.low
    assert paired(hard, easier).high < 0


def test_shares_take_wilson_and_others_the_bootstrap() -> None:
    assert interval([1, 1, 1]) == wilson(3, 3)
    assert interval([1, 1, 0.5]) == bootstrap([1, 1, 0.5])


def test_six_differences_are_the_fewest_at_95_percent() -> None:
    assert [fewest_differences(level) for level in (0.5, 0.95, 0.99)] == [2, 6, 8]


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        bootstrap([])
    with pytest.raises(InvalidInput, match="as many scores"):
        paired([1], [1, 0])
    with pytest.raises(InvalidInput, match="passed"):
        wilson(3, 2)
