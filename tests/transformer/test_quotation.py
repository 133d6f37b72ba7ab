from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.quotation import rank

PIECES = ["Parental", " leave", " lasts", " 16", "16 weeks", ".", "\n", "é", "| a |", ""]
candidate_lists = st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map("".join), min_size=1, max_size=7)


def brute_force(model: Transformer, prompt: list[int], candidates: Sequence[str]) -> list[float]:
    """Walk each candidate token by token, sharing probability among the tokens that some candidate has there."""
    paths = [(*model.tokenizer.encode(text), model.tokenizer.end) for text in candidates]
    scores: list[float] = []
    for path in paths:
        score = 0.0
        for place, token in enumerate(path):
            allowed = sorted({other[place] for other in paths if other[:place] == path[:place]})
            logits = model.network.forward([*prompt, *path[:place]], Cache(model.config)).astype(np.float64)[allowed]
            score += float(logits[allowed.index(token)] - np.logaddexp.reduce(logits))
        scores.append(score - math.log(paths.count(path)))
    return scores


@settings(deadline=None, max_examples=40)
@given(candidates=candidate_lists)
def test_rank_equals_brute_force_and_sums_to_one(model: Transformer, candidates: list[str]) -> None:
    prompt = model.tokenizer.chat_ids([("user", "How long?")])
    scores = rank(model.network, model.tokenizer, prompt, candidates)
    assert scores == pytest.approx(brute_force(model, prompt, candidates), abs=1e-3)
    assert math.fsum(map(math.exp, scores)) == pytest.approx(1)


@settings(deadline=None, max_examples=20)
@given(data=st.data(), candidates=candidate_lists)
def test_a_prior_is_added_and_renormalised(model: Transformer, data: st.DataObject, candidates: list[str]) -> None:
    count = len(candidates)
    prior = data.draw(st.lists(st.floats(-5, 5), min_size=count, max_size=count))
    plain = model.rank_quotations([1, 5], candidates)
    tilted = model.rank_quotations([1, 5], candidates, prior=prior)
    assert math.fsum(map(math.exp, tilted)) == pytest.approx(1)
    shifts = [after - before - weight for after, before, weight in zip(tilted, plain, prior, strict=True)]
    assert shifts == pytest.approx([shifts[0]] * count)


def test_a_single_candidate_is_certain_and_costs_no_pass(model: Transformer) -> None:
    assert model.rank_quotations([1, 5], ["Parental leave lasts 16 weeks."]) == [0.0]


def test_the_context_bounds_the_branches_not_the_length_of_a_quotation(model: Transformer) -> None:
    long = " leave" * model.config.max_position_embeddings
    assert len(model.rank_quotations([1, 5], [f"A{long}", f"B{long}"])) == 2


def test_bad_input_is_named(model: Transformer) -> None:
    with pytest.raises(InvalidInput, match="candidates"):
        model.rank_quotations([1, 5], [])
    with pytest.raises(InvalidInput, match=r"prior: .* 2 numbers"):
        model.rank_quotations([1, 5], ["a", "b"], prior=[0.0])
