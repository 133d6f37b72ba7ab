"""The generated training data: honest answers, honest refusals, reproducible."""

from __future__ import annotations

import random

import pytest

from aiapp.transformer.tasks.examples import END, REFUSAL
from aiapp.transformer.tasks.families import FAMILIES, HELD_OUT
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.tasks.vocabulary import Vocabulary
from aiapp.transformer.train.mixture import lookup, quotation

pytestmark = pytest.mark.filterwarnings("ignore")
PROSE = ["It rained all day.", "Nobody came to the fair."]


@pytest.mark.parametrize("seed", range(20))
def test_every_answer_is_a_line_or_sentence_of_its_passage(seed: int) -> None:
    passage = Passages(random.Random(seed), PROSE).passage(4)
    for question in passage.questions:
        if question.unit is not None:
            assert question.unit in passage.text
            assert question.value is not None
            assert question.value in question.unit


def test_a_fair_share_has_no_answer() -> None:
    made = Passages(random.Random(3), PROSE)
    questions = [made.passage().questions[0] for _ in range(400)]
    assert 0.2 < sum(question.unit is None for question in questions) / len(questions) < 0.4


def test_a_seed_gives_the_same_data() -> None:
    assert Passages(random.Random(5), PROSE).passage(3) == Passages(random.Random(5), PROSE).passage(3)


def test_unseen_words_are_never_trained_on() -> None:
    seen, unseen = Vocabulary(random.Random(1)), Vocabulary(random.Random(1), unseen=True)
    assert not {seen.word() for _ in range(500)} & {unseen.word() for _ in range(500)}


def test_families_are_whole() -> None:
    for family in FAMILIES:
        assert len(family.questions) > 1
        assert len(family.statements) > 1
        assert all("{e}" in statement and "{v}" in statement for statement in family.statements)
        Vocabulary(random.Random(0)).value(family.value)
        Vocabulary(random.Random(0)).thing(family.thing)
    assert 0 < len(HELD_OUT) < len(FAMILIES) / 4


def test_examples_put_weight_on_what_the_model_must_say() -> None:
    passage = Passages(random.Random(9), PROSE).passage(2)
    pieces = quotation(passage)
    said = [text for text, weight in pieces if weight > 0]
    assert said == [(question.unit or REFUSAL) + END for question in passage.questions]
    assert any(weight > 0 for _, weight in lookup(Vocabulary(random.Random(2))))
