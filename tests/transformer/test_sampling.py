from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.sampling import (
    Sampling,
    add_bias,
    draw,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    log_softmax,
    penalise_repetition,
)
from aiapp.transformer.weights import Floats

LOGITS = np.log(np.array([0.5, 0.25, 0.15, 0.1], np.float32))
vectors = st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=40).map(lambda x: np.array(x, np.float32))


def kept(logits: Floats) -> list[int]:
    return np.flatnonzero(np.isfinite(logits)).tolist()


@given(logits=vectors)
def test_probabilities_sum_to_one(logits: Floats) -> None:
    assert np.exp(log_softmax(logits)).sum() == pytest.approx(1, abs=1e-4)


@given(logits=vectors, k=st.integers(1, 50), p=st.floats(0.01, 1))
def test_filters_keep_the_best_token_and_change_no_logit(logits: Floats, k: int, p: float) -> None:
    for filtered in (keep_top_k(logits, k), keep_top_p(logits, p), keep_min_p(logits, p)):
        assert filtered[logits.argmax()] == logits.max()
        survivors = kept(filtered)
        np.testing.assert_array_equal(filtered[survivors], logits[survivors])


def test_filters_keep_what_they_say() -> None:
    assert kept(keep_top_k(LOGITS, 2)) == [0, 1]
    assert kept(keep_top_p(LOGITS, 0.5)) == [0]
    assert kept(keep_top_p(LOGITS, 0.7)) == [0, 1]
    assert kept(keep_top_p(LOGITS, 1.0)) == [0, 1, 2, 3]
    assert kept(keep_min_p(LOGITS, 0.4)) == [0, 1]
    assert kept(keep_min_p(LOGITS, 0.0)) == [0, 1, 2, 3]


def test_penalty_and_bias_touch_only_their_tokens() -> None:
    logits = np.array([2.0, -2.0, 1.0], np.float32)
    assert penalise_repetition(logits, [0, 1, 1], 2.0).tolist() == [1.0, -4.0, 1.0]
    assert add_bias(logits, {2: 5.0}).tolist() == [2.0, -2.0, 6.0]
    assert logits.tolist() == [2.0, -2.0, 1.0]
    with pytest.raises(InvalidInput, match="logit_bias: 3"):
        add_bias(logits, {3: 1.0})


def test_temperature_zero_is_greedy_and_a_seed_repeats() -> None:
    assert draw(LOGITS, Sampling(), np.random.default_rng()) == 0
    warm = Sampling(temperature=1.0)
    first, second = ([draw(LOGITS, warm, g) for _ in range(20)] for g in map(np.random.default_rng, (7, 7)))
    assert first == second


def test_a_draw_is_the_best_token_once_gumbel_noise_is_added() -> None:
    warm, logits = Sampling(temperature=1.0), np.random.default_rng(0).normal(size=500).astype(np.float32)
    mine, other = np.random.default_rng(7), np.random.default_rng(7)
    for _ in range(100):
        assert draw(logits, warm, mine) == int((logits + other.gumbel(size=500)).argmax())


def test_draws_follow_the_distribution() -> None:
    generator = np.random.default_rng(0)
    counts = np.bincount([draw(LOGITS, Sampling(temperature=1.0), generator) for _ in range(4000)], minlength=4)
    np.testing.assert_allclose(counts / 4000, np.exp(LOGITS), atol=0.04)
    filtered = Sampling(temperature=2.0, top_k=3, top_p=0.9, min_p=0.1)
    assert {draw(LOGITS, filtered, generator) for _ in range(300)} <= {0, 1, 2}


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"min_p": 2.0},
        {"repetition_penalty": 0.0},
        {"logit_bias": {1: float("inf")}},
    ],
)
def test_a_setting_out_of_range_is_named(settings: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(settings))):
        Sampling(**settings)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
