"""What is made of evidence and opinions: log-odds that behave as such."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.retrieval.documents import Chunk
from aiapp.retrieval.evidence import FEATURES, Evidence, Examiner
from aiapp.retrieval.support import CHOICE, MOST_CERTAIN, Opinion, choice_features, judged, passage_relevance, relevance
from aiapp.retrieval.units import units_of
from aiapp.transformer.encoder import Encoder

TEXT = "New parents get 120 days of leave. The canteen opens at noon. Hotels cost at most 140 euros a night."
QUESTION = "How many days of leave do new parents get?"


def chunk(text: str = TEXT, *, superseded: bool = False) -> Chunk:
    return Chunk("leave.md", 0, len(text), text, "Leave", superseded)


def examined(question: str = QUESTION, *chunks: Chunk) -> list[Evidence]:
    given_ = chunks or (chunk(),)
    return Examiner(question, Encoder.load()).examine([(one, range(len(units_of(one.text)))) for one in given_])


@given(st.floats(min_value=1e-6, max_value=1 - 1e-6))
def test_the_opinion_of_a_passage_is_its_log_odds(refusing: float) -> None:
    opinion = Opinion(math.log(refusing), (math.log1p(-refusing),))
    expected = max(-MOST_CERTAIN, min(MOST_CERTAIN, math.log((1 - refusing) / refusing)))
    assert opinion.answered == pytest.approx(expected, abs=1e-3)
    assert opinion.chosen == pytest.approx((0.0,), abs=1e-3)


def test_a_certain_refusal_is_no_infinity() -> None:
    assert Opinion(0.0, (-math.inf,)).answered == -MOST_CERTAIN
    assert Opinion(0.0, (-math.inf,)).chosen == (-MOST_CERTAIN,)


def test_what_answers_has_the_best_chance() -> None:
    evidence = examined()
    verdict = judged(evidence, [Opinion(math.log(0.5), (math.log(0.5 / 3),) * 3)])
    assert verdict.chances.sum() == pytest.approx(1, abs=1e-5)
    assert verdict.chances[0] > 0.5
    assert passage_relevance(evidence[0]) >= relevance(evidence[0].features).max()


def test_a_question_that_nothing_answers_is_less_answerable() -> None:
    opinion = Opinion(math.log(0.5), (math.log(0.5 / 3),) * 3)
    asked, other = (judged(examined(text), [opinion]).answerable for text in (QUESTION, "Who painted the ceiling?"))
    assert asked > other


def test_evidence_has_a_row_for_each_unit_and_a_column_for_each_feature() -> None:
    (evidence,) = examined()
    assert evidence.features.shape == (len(evidence.units), len(FEATURES))
    assert np.isfinite(evidence.features).all()
    rows = choice_features([relevance(evidence.features)], [Opinion(-1.0, (-1.0, -2.0, -3.0))])
    assert rows.shape == (3, len(CHOICE))


def test_a_superseded_document_yields_to_one_in_force() -> None:
    now, before = examined(QUESTION, chunk(), chunk(superseded=True))
    assert passage_relevance(now) > passage_relevance(before)


@pytest.mark.parametrize("question", ["", "?!", "the of"])
def test_a_question_without_words_is_no_error(question: str) -> None:
    (evidence,) = examined(question)
    assert np.isfinite(evidence.features).all()


def test_a_chunk_may_have_nothing_to_look_at() -> None:
    assert [len(one.units) for one in examined(QUESTION, chunk("# Leave"), chunk())] == [0, 3]
