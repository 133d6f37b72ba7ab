"""The bundled sentence encoder: what its vectors and its judgements promise."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.encoder import BUNDLED_ENCODER, NO_SUPPORT, Encoder
from aiapp.transformer.weights import read_safetensors, write_safetensors

VOCABULARY = ("leave", "hotel", "train", "budget", "parent", "week", "ticket", "Zürich", "140", "the", "of")
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=30)

STORED = read_safetensors(BUNDLED_ENCODER)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load()


def test_vectors_have_length_one_and_nothing_has_none(encoder: Encoder) -> None:
    rows = encoder.embed(["parental leave", "", "   ", "\N{SNOWMAN} 42 çà et là"])
    assert rows.shape == (4, encoder.dimensions)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0, 1], abs=1e-5)
    assert encoder.embed([]).shape == (0, encoder.dimensions)


@given(st.lists(WORDS, min_size=1, max_size=8))
def test_a_vector_does_not_depend_on_its_company(found: list[list[str]]) -> None:
    encoder = Encoder.load()
    texts = [" ".join(words) for words in found]
    together = encoder.embed(texts)
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-5)


@given(st.lists(WORDS, min_size=1, max_size=8), WORDS)
def test_a_judgement_does_not_depend_on_its_company(found: list[list[str]], asked: list[str]) -> None:
    encoder = Encoder.load()
    texts, question = [" ".join(words) for words in found], " ".join(asked)
    together, alone = encoder.compare(question, texts), [encoder.compare(question, [text]) for text in texts]
    for name in ("support", "cosine", "coverage"):
        each = np.concatenate([getattr(one, name) for one in alone])
        np.testing.assert_allclose(getattr(together, name), each, atol=1e-3)


@pytest.mark.parametrize(
    ("near", "one", "other"),
    [
        ("quit my job", "resign from the company", "the price of apples"),
        ("How long is the notice period?", "Either side may end the contract with two months' warning.", "Lunch."),
        ("illness of a father", "care for a sick parent", "a fast train"),
        ("What does a hotel cost?", "Rooms are paid up to 140 euros a night.", "The printer is out of paper."),
    ],
)
def test_meaning_brings_texts_together(encoder: Encoder, near: str, one: str, other: str) -> None:
    first, second, third = encoder.embed([near, one, other])
    assert first @ second > first @ third + 0.1


def test_what_answers_is_told_from_what_is_only_about_the_same(encoder: Encoder) -> None:
    question = "How many days of leave do new parents get?"
    texts = [
        "New parents get 120 days of leave.",
        "New parents tell their manager early.",
        "The canteen opens at noon.",
    ]
    found = encoder.compare(question, texts)
    assert found.support[0] > found.support[1] > found.support[2]
    rows = encoder.embed([question, *texts])
    np.testing.assert_allclose(found.cosine, rows[1:] @ rows[0], atol=1e-5)


def test_coverage_is_that_of_the_word_that_is_covered_least(encoder: Encoder) -> None:
    texts = ["Rabbits and leave", "Leave", "Rabbits get a leave of ten days"]
    whole, half, more = encoder.compare("leave rabbits", texts).coverage
    assert whole == pytest.approx(1, abs=1e-5)
    assert more == pytest.approx(1, abs=1e-5)
    assert half < 0.9


def test_what_has_no_words_supports_nothing(encoder: Encoder) -> None:
    found = encoder.compare("How many days?", ["", "Ten days."])
    assert (found.support[0], found.cosine[0], found.coverage[0]) == (NO_SUPPORT, 0, 0)
    assert found.support[1] > NO_SUPPORT
    assert encoder.compare("", ["Ten days."]).support == [NO_SUPPORT]


def test_a_rare_word_weighs_more_than_a_common_one(encoder: Encoder) -> None:
    common, rare = encoder.word_weights(["the", "reimbursement"])
    assert rare > 2 * common > 0


def test_long_texts_are_read_from_their_beginning(encoder: Encoder) -> None:
    long = "The notice period is two months. " * 200
    assert encoder.embed([long])[0] @ encoder.embed(["The notice period is two months."])[0] > 0.8


def test_the_name_is_that_of_the_weights(encoder: Encoder) -> None:
    assert encoder.name.startswith(f"encoder-{encoder.dimensions}-")
    assert Encoder.load() is encoder


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.safetensors.*sentence encoder"):
        Encoder.load(tmp_path / "nowhere.safetensors")
    write_safetensors(tmp_path / "half.safetensors", {"weight": np.ones(3, np.float32)})
    shutil.copy(BUNDLED_ENCODER.with_suffix(".json"), tmp_path / "half.json")
    with pytest.raises(InvalidInput, match=r"half\.safetensors: tensor embedding: 'missing"):
        Encoder.load(tmp_path / "half.safetensors")


@pytest.mark.parametrize("name", [name for name in STORED if not name.endswith("_scale")])
@pytest.mark.parametrize("instead", [{}, {"shape": (3, 5)}, {"shape": (7,)}], ids=["missing", "a matrix", "a row"])
def test_a_tensor_that_is_not_as_it_must_be_is_named(tmp_path: Path, name: str, instead: dict[str, Any]) -> None:
    shutil.copy(BUNDLED_ENCODER.with_suffix(".json"), tmp_path / "odd.json")
    tensors = {other: tensor for other, tensor in STORED.items() if other not in (name, f"{name}_scale")}
    odd = {name: np.ones(instead["shape"], np.float32)} if instead else {}
    write_safetensors(tmp_path / "odd.safetensors", {**tensors, **odd})
    with pytest.raises(InvalidInput, match=r"odd\.safetensors: tensor [a-z.0-9_]+"):
        Encoder.load(tmp_path / "odd.safetensors")
