from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.generation import Step, collect
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.stops import StopStrings

PROMPT = [1, 4, 40, 41, 2, 5]


def greedy(model: Transformer, count: int) -> list[int]:
    """The most probable tokens, each from the whole sequence read anew."""
    ids = list(PROMPT)
    for _ in range(count):
        logits = model.network.forward(ids, Cache(model.config))
        logits[sorted(model.tokenizer.special_ids - {model.tokenizer.end})] = -1e9
        ids.append(int(logits.argmax()))
    return ids[len(PROMPT) :]


def test_greedy_generation_takes_the_best_token_each_time(model: Transformer) -> None:
    expected = greedy(model, 12)
    completion = collect(model.generate(PROMPT, max_tokens=12))
    ended = model.tokenizer.end in expected
    assert list(completion.tokens) == expected[: expected.index(model.tokenizer.end) + 1 if ended else 12]
    assert completion.finish == ("stop" if ended else "length")
    assert completion.text == model.tokenizer.decode(completion.tokens)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 30))
def test_the_stream_adds_up_and_only_its_last_step_finishes(model: Transformer, seed: int, count: int) -> None:
    sampling = Sampling(temperature=3.0, seed=seed, repetition_penalty=1.1, top_p=0.9)
    steps = list(model.generate(PROMPT, sampling, max_tokens=count, alternatives=3))
    assert [step.finish is None for step in steps] == [True] * (len(steps) - 1) + [False]
    assert "".join(step.text for step in steps) == model.tokenizer.decode(step.token for step in steps)
    assert all(step.logprob <= 0 for step in steps)
    for step in steps:
        assert len(step.alternatives) == 3
        assert all(first.logprob >= second.logprob for first, second in pairwise(step.alternatives))
    assert steps == list(model.generate(PROMPT, sampling, max_tokens=count, alternatives=3))


def test_the_end_token_stops(model: Transformer) -> None:
    bias = Sampling(logit_bias={model.tokenizer.end: 1e4})
    (step,) = model.generate(PROMPT, bias)
    assert (step.token, step.text, step.finish) == (model.tokenizer.end, "", "stop")


def test_structure_is_never_generated(model: Transformer) -> None:
    forbidden = model.tokenizer.special_ids - {model.tokenizer.end}
    bias = Sampling(logit_bias=dict.fromkeys(forbidden, 1e6), temperature=2.0, seed=0)
    assert not forbidden & set(collect(model.generate(PROMPT, bias, max_tokens=20)).tokens)


def test_a_full_context_finishes_as_length(model: Transformer) -> None:
    room = 5
    prompt = [1, *[40] * (model.config.max_position_embeddings - room - 1)]
    never_end = Sampling(logit_bias={model.tokenizer.end: -1e4})
    completion = collect(model.generate(prompt, never_end))
    assert (len(completion.steps), completion.finish) == (room, "length")


def test_a_stop_string_ends_the_text_before_it(model: Transformer) -> None:
    never_end = Sampling(logit_bias={model.tokenizer.end: -1e4}, temperature=3.0, seed=5)
    whole = collect(model.generate(PROMPT, never_end, max_tokens=40)).text
    stop = whole[10:13]
    completion = collect(model.generate(PROMPT, never_end, max_tokens=40, stop=[stop, "never there"]))
    assert completion.text == whole[: whole.index(stop)]
    assert (completion.finish, completion.stop) == ("stop", stop)


@given(
    pieces=st.lists(st.text("ab<|", max_size=4), max_size=12),
    stops=st.lists(st.text("ab<|", min_size=1, max_size=4), max_size=3),
)
def test_stop_strings_never_leak(pieces: list[str], stops: list[str]) -> None:
    gate, passed, stopped = StopStrings(stops), "", False
    for piece in pieces:
        text, stop = gate.push(piece)
        passed += text
        if stop is not None:
            stopped = True
            break
    whole = "".join(pieces)
    if stopped:
        assert not any(stop in passed for stop in stops)
        assert any(whole.startswith(passed + stop) for stop in stops)
    else:
        assert passed + gate.flush() == whole
        assert not any(stop in whole for stop in stops)


def test_bad_input_is_named_before_the_first_step(model: Transformer) -> None:
    with pytest.raises(InvalidInput, match="max_tokens: 0"):
        model.generate(PROMPT, max_tokens=0)
    with pytest.raises(InvalidInput, match="stop"):
        model.generate(PROMPT, stop="text")
    with pytest.raises(InvalidInput, match="stop"):
        model.generate(PROMPT, stop=[""])
    with pytest.raises(InvalidInput, match="prompt ids"):
        model.generate([1] * model.config.max_position_embeddings)
    with pytest.raises(InvalidInput, match="read to its end"):
        collect([Step(7, "a", -1.0)])
