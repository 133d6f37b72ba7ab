from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.generation import collect
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.sampling import log_softmax
from aiapp.transformer.scoring import choose, fill, perplexity, token_logprobs
from aiapp.transformer.weights import Array

TEXT = "Parental leave lasts 16 weeks in Zürich."
WORDS = st.text("abc Z1ü.\n", min_size=1, max_size=12)


def ids_of(model: Transformer, text: str) -> list[int]:
    return [model.tokenizer.bos, *model.tokenizer.encode(text)]


def rows(model: Transformer, ids: list[int]) -> Array:
    """The log-probabilities (len(ids), vocab) after each token, each from a pass of its own."""
    logits = [model.network.forward(ids[: place + 1], Cache(model.config)) for place in range(len(ids))]
    return log_softmax(np.array(logits, np.float64))


def sum_by_hand(model: Transformer, text: str, start: int) -> float:
    ids = ids_of(model, text)
    table = rows(model, ids)
    return sum(float(table[place - 1, ids[place]]) for place in range(start, len(ids)))


def test_one_pass_gives_what_reading_token_by_token_gives(model: Transformer) -> None:
    ids = ids_of(model, TEXT)
    table = rows(model, ids)
    expected = [table[place, token] for place, token in enumerate(ids[1:])]
    np.testing.assert_allclose(token_logprobs(model, ids), expected, atol=1e-4)
    assert token_logprobs(model, ids[:1]).shape == (0,)


def test_a_greedy_continuation_has_the_logprobs_that_generation_reports(model: Transformer) -> None:
    prompt = ids_of(model, "Parental")
    steps = collect(model.generate(prompt, max_tokens=12)).steps
    ids = [*prompt, *(step.token for step in steps)]
    structure = sorted(model.tokenizer.special_ids - {model.tokenizer.end})
    ruled_out = np.exp(rows(model, ids)[len(prompt) - 1 : -1][:, structure]).sum(axis=1)
    reported = [step.logprob for step in steps] + np.log1p(-ruled_out)
    np.testing.assert_allclose(token_logprobs(model, ids)[len(prompt) - 1 :], reported, atol=1e-4)


@given(text=WORDS)
def test_perplexity_is_exp_of_the_mean_surprise(model: Transformer, text: str) -> None:
    surprises = -token_logprobs(model, ids_of(model, text))
    assert perplexity(model, text) == pytest.approx(math.exp(surprises.mean(dtype=np.float64)))
    assert perplexity(model, text) >= 1


@given(options=st.lists(WORDS, min_size=1, max_size=4), prompt=st.sampled_from(["", "The handbook", "Question: "]))
def test_options_differ_by_what_the_whole_texts_differ_by(model: Transformer, options: list[str], prompt: str) -> None:
    scores = choose(model, prompt, options)
    by_hand = [sum_by_hand(model, prompt + option, 1) for option in options]
    assert all(score <= 0 for score in scores)
    np.testing.assert_allclose(
        [score - scores[0] for score in scores], [whole - by_hand[0] for whole in by_hand], atol=1e-3
    )
    per_byte = [score / len(option.encode()) for score, option in zip(scores, options, strict=True)]
    assert choose(model, prompt, options, normalise=True) == per_byte


def test_an_option_is_scored_by_its_own_tokens(model: Transformer) -> None:
    prompt, options = "The handbook", [" says that", " says so"]
    start = len(ids_of(model, prompt))
    expected = [sum_by_hand(model, prompt + option, start) for option in options]
    assert choose(model, prompt, options) == pytest.approx(expected, abs=1e-3)
    assert choose(model, prompt, options[::-1]) == pytest.approx(expected[::-1], abs=1e-3)


@pytest.mark.parametrize("text", ["The [MASK] says that", "[MASK] is a city", "Question:[MASK]", "work[MASK] home"])
def test_fillings_are_ranked_by_the_whole_text(model: Transformer, text: str) -> None:
    found = fill(model, text, 1000)
    assert found
    words, shares = [word for word, _ in found], [share for _, share in found]
    assert len(set(words)) == len(words)
    assert all(word.replace("_", "a").isalnum() for word in words)
    assert shares == sorted(shares, reverse=True)
    assert sum(map(math.exp, shares)) == pytest.approx(1)
    assert fill(model, text, 3) == found[:3]
    totals = [sum_by_hand(model, text.replace("[MASK]", word), 1) for word in words[:5]]
    np.testing.assert_allclose(
        [share - shares[0] for share in shares[:5]], [total - totals[0] for total in totals], atol=1e-3
    )


def test_a_probable_next_token_that_is_a_word_is_considered(model: Transformer) -> None:
    ids = ids_of(model, "The handbook")
    logits = model.network.forward(ids, Cache(model.config))
    words: list[str] = []
    for token in np.argsort(-logits)[:50].tolist():
        text = model.tokenizer.decode([token])
        following = int(model.network.forward([*ids, token], Cache(model.config)).argmax())
        after = model.tokenizer.decode([following])[:1]  # a letter, "_" or a part of a character would go on the word
        if text[:1] == " " and text[1:].isalpha() and not (after.isalnum() or after in ("_", "\ufffd")):
            words.append(text[1:])
    assert words
    assert set(words) <= dict(fill(model, "The handbook [MASK]", 1000)).keys()


def test_unusable_input_is_one_clear_error(model: Transformer) -> None:
    for text in ("no gap", "[MASK] and [MASK]", ""):
        with pytest.raises(InvalidInput, match=r"text: .* exactly one \[MASK\]"):
            fill(model, text)
    with pytest.raises(InvalidInput, match="count: 0"):
        fill(model, "a [MASK]", 0)
    with pytest.raises(InvalidInput, match="text"):
        perplexity(model, "")
    with pytest.raises(InvalidInput, match="ids"):
        token_logprobs(model, [])
    for token in (-1, model.config.vocab_size):
        with pytest.raises(InvalidInput, match=f"ids: {token} .* from 0 to {model.config.vocab_size - 1}"):
            token_logprobs(model, [1, token])
    for options in ([], [""], ["a", ""], "text"):
        with pytest.raises(InvalidInput, match="options"):
            choose(model, "prompt", options)
    with pytest.raises(InvalidInput, match=f"at most {model.config.max_position_embeddings} in all"):
        perplexity(model, "1 " * model.config.max_position_embeddings)
