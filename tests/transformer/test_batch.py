from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.batch import generate_batch
from aiapp.transformer.config import Config
from aiapp.transformer.generation import Completion, Step, collect
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Attend, Network
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.weights import Floats, load_weights

SYSTEM = [1, 3, 40, 41, 42, 2]
GRAMMARS = (
    None,
    Grammar.choice(["Parental leave lasts 16 weeks.", "Parental leave", "Friday"]),
    Grammar.regex("[a-z]{2,9} [0-9]+"),
    Grammar.json_schema({"type": "object", "properties": {"name": {"type": "string"}, "ok": {"type": "boolean"}}}),
    Grammar.choice(["one way"]),
)

ids = st.lists(st.integers(8, 371), min_size=1, max_size=40)
prompts = ids.map(lambda tail: [*SYSTEM, *tail]) | ids
rows = st.tuples(
    prompts,
    st.sampled_from(GRAMMARS),
    st.integers(1, 25),
    st.sampled_from([0.0, 1.0, 3.0]),
    st.sampled_from([-1e4, 0.0, 2.0]),  # how willingly a text ends
)


def assert_same(batch: Completion, single: Completion) -> None:
    """Equal but for the rounding of log-probabilities."""

    def exact(step: Step) -> Step:
        return replace(step, logprob=0.0, alternatives=())

    assert (batch.text, batch.finish, batch.stop) == (single.text, single.finish, single.stop)
    assert [exact(step) for step in batch.steps] == [exact(step) for step in single.steps]
    for mine, other in zip(batch.steps, single.steps, strict=True):
        assert mine.logprob == pytest.approx(other.logprob, abs=1e-3)
        best = [one.logprob for one in mine.alternatives], [one.logprob for one in other.alternatives]
        assert best[0] == pytest.approx(best[1], abs=1e-3)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(rows, min_size=1, max_size=7),
    stop=st.lists(st.sampled_from(["e", "16", " a", "}", "never there"]), max_size=2),
    width=st.integers(1, 8),
    seed=st.integers(0, 1000),
    alternatives=st.sampled_from([0, 2]),
)
def test_a_batch_equals_its_prompts_one_by_one(
    model: Transformer,
    rows: list[tuple[list[int], Grammar | None, int, float, float]],
    stop: list[str],
    width: int,
    seed: int,
    alternatives: int,
) -> None:
    samplings = [
        Sampling(temperature, seed=seed + place, repetition_penalty=1.1, logit_bias={model.tokenizer.end: bias})
        for place, (_, _, _, temperature, bias) in enumerate(rows)
    ]
    written = model.generate_batch(
        [prompt for prompt, *_ in rows],
        samplings,
        grammar=[grammar for _, grammar, *_ in rows],
        max_tokens=[limit for _, _, limit, *_ in rows],
        stop=stop,
        width=width,
        alternatives=alternatives,
    )
    assert len(written) == len(rows)
    for completion, sampling, (prompt, grammar, limit, *_) in zip(written, samplings, rows, strict=True):
        steps = model.generate(
            prompt, sampling, grammar=grammar, max_tokens=limit, stop=stop, alternatives=alternatives
        )
        assert_same(completion, collect(steps))


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(rows, min_size=2, max_size=5), width=st.integers(1, 5))
def test_every_logit_of_a_batch_is_that_of_the_text_alone(
    model: Transformer, rows: list[tuple[list[int], Grammar | None, int, float, float]], width: int
) -> None:
    texts, grammars, limits = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    whole = model.tokenizer.vocab_size
    written = model.generate_batch(texts, grammar=grammars, max_tokens=limits, alternatives=whole, width=width)
    for completion, text, grammar, limit in zip(written, texts, grammars, limits, strict=True):
        steps = list(model.generate(text, grammar=grammar, max_tokens=limit, alternatives=whole))
        assert [step.token for step in completion.steps] == [step.token for step in steps]
        for mine, other in zip(completion.steps, steps, strict=True):
            logprobs = {one.token: one.logprob for one in other.alternatives}
            assert {one.token: one.logprob for one in mine.alternatives} == pytest.approx(logprobs, abs=2e-3)


def test_one_value_serves_all_prompts(model: Transformer) -> None:
    sampling, grammar = Sampling(temperature=2.0, seed=7), GRAMMARS[2]
    texts = [[*SYSTEM, 50], [*SYSTEM, 60, 61], [*SYSTEM, 50]]
    written = model.generate_batch(texts, sampling, grammar=grammar, max_tokens=9)
    for prompt, completion in zip(texts, written, strict=True):
        assert_same(completion, collect(model.generate(prompt, sampling, grammar=grammar, max_tokens=9)))
    assert written[0].tokens == written[2].tokens  # the seed is a prompt's, not the batch's


class Watched(Network):
    """A network that remembers how many tokens it read at a time, and of how many texts at once."""

    def __init__(self, config: Config, weights: Mapping[str, Floats]) -> None:
        super().__init__(config, weights)
        self.tokens: list[int] = []
        self.texts: list[int] = []

    def read(self, ids: Sequence[int], positions: npt.NDArray[np.intp], attend: Attend) -> Floats:
        self.tokens.append(len(ids))
        return super().read(ids, positions, attend)

    def logits(self, hidden: Floats) -> Floats:
        self.texts += [len(hidden)] if hidden.ndim == 2 else []
        return super().logits(hidden)


@pytest.fixture
def watched(model: Transformer, model_directory: Path) -> Watched:
    return Watched(model.config, load_weights(model_directory / "model.safetensors"))


def test_what_prompts_share_is_read_once(model: Transformer, watched: Watched) -> None:
    shared = [1, *range(100, 200)]
    texts = [[*shared, 300, 9], [7, 8], [*shared, 301], [*shared, 300]]
    assert len(generate_batch(watched, model.tokenizer, texts, max_tokens=1)) == 4
    assert len(shared) < sum(watched.tokens) <= len(shared) + 6


def test_no_more_texts_are_under_way_than_the_width(model: Transformer, watched: Watched) -> None:
    never_end = Sampling(logit_bias={model.tokenizer.end: -1e4})
    texts, limits = [[1, token] for token in range(50, 57)], [4, 2, 6, 3, 3, 5, 2]
    generate_batch(watched, model.tokenizer, texts, never_end, max_tokens=limits, width=3)
    assert max(watched.texts) == 3
    assert sum(watched.texts) == sum(limits) - len(texts)  # the first token of each comes from reading its prompt


def test_a_full_context_finishes_as_length(model: Transformer) -> None:
    whole = model.config.max_position_embeddings
    never_end = Sampling(logit_bias={model.tokenizer.end: -1e4})
    texts = [[1, *[40] * (whole - room - 1)] for room in (5, 1, 3)]
    written = model.generate_batch(texts, never_end)
    assert [(len(one.steps), one.finish) for one in written] == [(5, "length"), (1, "length"), (3, "length")]
    for prompt, completion in zip(texts, written, strict=True):
        assert_same(completion, collect(model.generate(prompt, never_end)))


def test_no_prompts_give_no_completions(model: Transformer) -> None:
    assert model.generate_batch([]) == []
    assert model.generate_batch([], [], grammar=[], max_tokens=[]) == []


def test_bad_input_is_named(model: Transformer) -> None:
    texts = [[1, 4], [1, 5]]
    with pytest.raises(InvalidInput, match="max_tokens: 0"):
        model.generate_batch(texts, max_tokens=[3, 0])
    with pytest.raises(InvalidInput, match="max_tokens"):
        model.generate_batch(texts, max_tokens=[3])
    with pytest.raises(InvalidInput, match="sampling"):
        model.generate_batch(texts, [Sampling()] * 3)
    with pytest.raises(InvalidInput, match="grammar"):
        model.generate_batch(texts, grammar=[None])
    with pytest.raises(InvalidInput, match="width: 0"):
        model.generate_batch(texts, width=0)
    with pytest.raises(InvalidInput, match="stop"):
        model.generate_batch(texts, stop="text")
    with pytest.raises(InvalidInput, match="prompt ids"):
        model.generate_batch([*texts, [1] * model.config.max_position_embeddings])
    with pytest.raises(InvalidInput, match="prompt ids"):
        model.generate_batch([*texts, []])
