"""The generated training data: honest answers, honest refusals, reproducible."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from aiapp.transformer.tasks.calls import Calls
from aiapp.transformer.tasks.chat import few_shot, lookup, quotation, short_answer, topics
from aiapp.transformer.tasks.examples import END, REFUSAL, conversation
from aiapp.transformer.tasks.families import families, held_out
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.tasks.records import Records
from aiapp.transformer.tasks.vocabulary import Vocabulary
from aiapp.transformer.template import CALL

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
    for family in families():
        assert len(family.questions) > 1
        assert len(family.statements) > 1
        assert all("{e}" in statement and "{v}" in statement for statement in family.statements)
        Vocabulary(random.Random(0)).value(family.value)
        Vocabulary(random.Random(0)).thing(family.thing)
    count = len(families())
    assert 0 < sum(map(held_out, range(count))) < count / 4


def test_importing_the_tasks_reads_no_file() -> None:
    script = """
import sys
opened = []
sys.addaudithook(lambda event, of: opened.append(str(of[0])) if event == "open" else None)
from aiapp.transformer.tasks import calls, chat, families, passages, records, vocabulary
print(*[path for path in opened if path.endswith((".txt", ".toml"))])
families.families()
print(*[path for path in opened if path.endswith((".txt", ".toml"))])
"""
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    at_import, once_asked = printed.splitlines()
    assert at_import == ""
    assert once_asked.endswith("families.txt")  # the hook does see what is opened


def test_examples_put_weight_on_what_the_model_must_say() -> None:
    passage = Passages(random.Random(9), PROSE).passage(2)
    pieces = quotation(passage)
    said = [text for text, weight in pieces if weight > 0]
    assert said == [(question.unit or REFUSAL) + END for question in passage.questions]
    assert any(weight > 0 for _, weight in lookup(Vocabulary(random.Random(2))))


def test_a_conversation_is_the_turns_before_the_last_answer() -> None:
    example = Calls(random.Random(1)).example(3)
    turns, answer = conversation(example)
    assert [role for role, _ in turns][:2] == ["system", "user"]
    assert example[-1][0].removeprefix(CALL) == answer + END


def test_a_conversation_says_which_turns_are_calls() -> None:
    made = Calls(random.Random(2))
    example = next(example for example in (made.example(2) for _ in range(100)) if len(example) == 4)
    turns, _ = conversation(example)
    assert [role for role, _ in turns] == ["system", "user", "call", "tool"]


@pytest.mark.parametrize("unseen", [False, True])
def test_a_record_states_its_values_and_fits_its_schema(unseen: bool) -> None:
    records = Records(random.Random(4), PROSE, unseen=unseen)
    for record in (records.record() for _ in range(300)):
        assert set(record.schema["required"]) <= record.values.keys() <= record.schema["properties"].keys()
        for value in record.values.values():
            if not isinstance(value, bool | list):
                assert str(value) in record.text
        assert json.loads(conversation(record.example())[1]) == record.values


def test_a_request_states_the_arguments_of_its_call() -> None:
    calls = Calls(random.Random(5))
    cases = [calls.case() for _ in range(300)]
    for case in cases:
        assert len({tool.name for tool in case.offered}) == len(case.offered)
        assert case.wanted is None or case.wanted in case.offered
        for value in case.arguments.values():
            assert value is True or str(value) in case.request
    assert 0.05 < sum(case.wanted is None for case in cases) / len(cases) < 0.2


def test_unseen_tools_are_never_trained_on() -> None:
    seen, unseen = Calls(random.Random(6)), Calls(random.Random(6), unseen=True)
    trained = {tool.noun for _ in range(200) for tool in seen.case().offered}
    assert not trained & {tool.noun for _ in range(200) for tool in unseen.case().offered}


def test_topics_are_held_out_whole() -> None:
    vocabulary = Vocabulary(random.Random(7))
    assert not topics(vocabulary).keys() & topics(vocabulary, held=True).keys()
    assert len(topics(vocabulary, held=True)) >= 4


def test_the_label_asked_for_was_shown() -> None:
    draw = random.Random(8)
    labelled = topics(Vocabulary(draw))
    for _ in range(100):
        turns, answer = conversation(few_shot(labelled, draw, classes=3))
        shown = {text for role, text in turns if role == "assistant"}
        assert answer in shown
        assert len(shown) == 3


def test_a_short_answer_is_the_value_alone() -> None:
    passages = Passages(random.Random(10), PROSE)
    for passage in (passages.passage() for _ in range(50)):
        assert conversation(short_answer(passage))[1] == (passage.questions[0].value or REFUSAL)


@pytest.mark.parametrize("seed", range(20))
def test_every_question_about_a_few_sentences_has_an_answer(seed: int) -> None:
    passage = Passages(random.Random(seed), PROSE, unseen=True).sentences(6)
    assert 1 <= len(passage.questions) <= 6
    for question in passage.questions:
        assert question.unit is not None
        assert question.unit in passage.text
        assert question.value is not None
        assert question.value in question.unit
