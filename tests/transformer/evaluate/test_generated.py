"""What the bundled model must still be able to do: floors under the figures of its model card."""

from __future__ import annotations

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.evaluate.generated import generated_scores
from aiapp.transformer.model import Transformer

FLOORS = {
    "key-value lookup": 0.94,
    "answers from two to six sentences, unseen names and phrasings": 0.75,
    "answers from documents, unseen names and phrasings": 0.61,
    "unanswerable and refused, unseen names and phrasings": 0.79,
    "answers from two to six sentences, kinds of facts never trained on": 0.56,
    "answers from documents, kinds of facts never trained on": 0.59,
    "unanswerable and refused, kinds of facts never trained on": 0.95,
    "JSON extraction, all fields": 0.60,
    "tool call, whole call": 0.58,
    "tool call, the tool": 0.87,
    "no tool fits, none called": 0.24,
    "few-shot 3-way classification": 0.30,
}
CEILINGS = {
    "answerable but refused, unseen names and phrasings": 0.18,
    "answerable but refused, kinds of facts never trained on": 0.26,
}
"""Five hundredths from what was measured when the weights were made."""


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
