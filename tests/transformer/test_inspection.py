from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.inspection import inspect, piece
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.sampling import log_softmax
from aiapp.transformer.scoring import token_logprobs
from aiapp.transformer.weights import Floats

IDS = [1, 4, 40, 41, 42, 43, 44, 2, 5, 50, 60]


@given(ids=st.lists(st.integers(0, 299), min_size=1, max_size=30), layer=st.integers(0, 1), head=st.integers(0, 1))
def test_attention_is_causal_and_shares_out_one_look(model: Transformer, ids: list[int], layer: int, head: int) -> None:
    attention = inspect(model, ids, layer=layer, head=head).attention
    assert attention.shape == (len(ids), len(ids))
    np.testing.assert_allclose(attention.sum(axis=1), 1, atol=1e-5)
    assert (attention >= 0).all()
    assert not np.triu(attention, 1).any()


def test_attention_is_the_head_that_was_asked_for(model: Transformer) -> None:
    watched: list[Floats] = []
    cache = Cache(model.config)
    plain = model.network.hidden(IDS, Cache(model.config))
    np.testing.assert_array_equal(model.network.hidden(IDS, cache, watched=watched), plain)
    assert [layer.shape for layer in watched] == [(2, len(IDS), len(IDS))] * 2
    for layer in range(2):
        for head in range(2):
            np.testing.assert_array_equal(inspect(model, IDS, layer=layer, head=head).attention, watched[layer][head])
    maps = {layer[head].tobytes() for layer in watched for head in range(2)}
    assert len(maps) == 4


def test_in_the_first_layer_attention_depends_on_tokens_and_distances_alone(model: Transformer) -> None:
    attention = inspect(model, [40, 41, 40, 41, 40, 41], layer=0, head=1).attention
    early, late = attention[3, 2:4], attention[5, 4:6]
    assert early[0] / early[1] == pytest.approx(late[0] / late[1], rel=1e-3)


def test_reading_on_watches_the_whole_cache(model: Transformer) -> None:
    cache = Cache(model.config)
    model.network.hidden(IDS[:6], cache)
    watched: list[Floats] = []
    model.network.hidden(IDS[6:], cache, watched=watched)
    whole = inspect(model, IDS, layer=1, head=0).attention
    np.testing.assert_allclose(watched[1][0], whole[6:], atol=1e-5)


def test_tokens_and_what_comes_next_are_the_models_own(model: Transformer) -> None:
    found = inspect(model, IDS, best=7)
    assert [read.token for read in found.tokens] == IDS
    assert found.tokens[0].logprob is None
    logprobs = [read.logprob for read in found.tokens if read.logprob is not None]
    np.testing.assert_allclose(logprobs, token_logprobs(model, IDS), atol=1e-5)
    after = log_softmax(model.network.forward(IDS, Cache(model.config)))
    assert [one.token for one in found.expected] == np.argsort(-after)[:7].tolist()
    np.testing.assert_allclose([one.logprob for one in found.expected], np.sort(after)[::-1][:7], atol=1e-4)


def test_the_dictionary_is_json(model: Transformer) -> None:
    found = json.loads(json.dumps(inspect(model, IDS, layer=1, head=0, best=3).to_dict()))
    assert found.keys() == {"model", "tokens", "next", "layer", "head", "attention"}
    assert (found["layer"], found["head"], len(found["next"])) == (1, 0, 3)
    assert found["tokens"][0] == {"id": 1, "text": "<|bos|>", "logprob": None}
    assert len(found["attention"]) == len(IDS)


def test_a_piece_is_text_or_the_name_of_what_is_no_text(model: Transformer) -> None:
    tokenizer = model.tokenizer
    assert [piece(tokenizer, token) for token in tokenizer.encode("a.é")[:2]] == ["a", "."]
    named = {piece(tokenizer, token) for token in tokenizer.special_ids}
    assert {"<|bos|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>", "<|tool|>"} < named
    assert len(named) == len(tokenizer.special_ids)


def test_unusable_input_is_one_clear_error(model: Transformer) -> None:
    for field, value in (("layer", 2), ("layer", -1), ("head", 2), ("head", -1)):
        with pytest.raises(InvalidInput, match=f"{field}: {value} .* from 0 to 1"):
            inspect(model, IDS, **{field: value})
    with pytest.raises(InvalidInput, match="best: 0"):
        inspect(model, IDS, best=0)
    with pytest.raises(InvalidInput, match="ids"):
        inspect(model, [])
    with pytest.raises(InvalidInput, match="ids: 999999"):
        inspect(model, [999_999])
