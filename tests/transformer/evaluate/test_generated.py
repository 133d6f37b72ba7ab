"""What the bundled model must still be able to do: floors under the figures of its model card."""

from __future__ import annotations

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.evaluate.generated import generated_scores
from aiapp.transformer.model import Transformer

FLOORS = {
    "key-value lookup": 0.93,
}
CEILINGS: dict[str, float] = {}


@pytest.fixture(scope="module")
def scores() -> dict[str, float]:
    """By name, over 300 examples each."""
    return {score.name: score.value for score in generated_scores(Transformer.load(), 300)}


def test_structured_output_is_valid_without_exception(scores: dict[str, float]) -> None:
    assert scores["valid structured output"] == 1


@pytest.mark.parametrize("name", FLOORS)
def test_a_figure_has_not_fallen(scores: dict[str, float], name: str) -> None:
    assert scores[name] >= FLOORS[name]


@pytest.mark.parametrize("name", CEILINGS)
def test_a_figure_that_should_be_low_has_not_risen(scores: dict[str, float], name: str) -> None:
    assert scores[name] <= CEILINGS[name]


def test_every_figure_is_held(scores: dict[str, float]) -> None:
    assert scores.keys() == {*FLOORS, *CEILINGS, "valid structured output"}


def test_scores_are_the_same_each_time(model: Transformer) -> None:
    assert list(generated_scores(model, 3)) == list(generated_scores(model, 3))


def test_no_example_is_no_score(model: Transformer) -> None:
    with pytest.raises(InvalidInput, match="count"):
        next(generated_scores(model, 0))
