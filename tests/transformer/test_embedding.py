from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.embedding import BUNDLED_IDF, HashEmbedding, inverse_document_frequencies, save_idf, stem, words

TEXTS = [
    "Parental leave lasts 16 weeks and is paid in full.",
    "Expenses are repaid at the end of the month.",
    "The office is open from Monday to Friday.",
    "The lease of the office ends in May.",
]


@pytest.fixture(scope="module")
def embedding() -> HashEmbedding:
    return HashEmbedding(inverse_document_frequencies(TEXTS))


@settings(deadline=None)
@given(texts=st.lists(st.text(), max_size=4))
def test_rows_have_length_one_or_no_words(embedding: HashEmbedding, texts: list[str]) -> None:
    rows = embedding.embed(texts)
    assert rows.shape == (len(texts), 256)
    assert rows.dtype == np.float32
    lengths = [1.0 if words(text) else 0.0 for text in texts]
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx(lengths, abs=1e-5)


def test_a_question_finds_its_text(embedding: HashEmbedding) -> None:
    questions = ["How long is parental leave?", "When is an expense repaid?", "When is the office open?", "lease?"]
    scores = embedding.embed(questions) @ embedding.embed(TEXTS).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_directions_are_stable(embedding: HashEmbedding) -> None:
    flat = HashEmbedding(np.ones(1 << 17, np.float32))
    (row,) = flat.embed(["leave"])
    signs = "".join("+" if x > 0 else "-" if x < 0 else "0" for x in row[:16])
    assert signs == "-+++++++--+++---"
    np.testing.assert_array_equal(embedding.embed(["Leave"]), embedding.embed(["leave"]))


def test_rare_words_weigh_more(embedding: HashEmbedding) -> None:
    both, common, rare = embedding.embed(["the lease", "the", "lease"])
    assert both @ rare > both @ common


def test_a_saved_table_is_the_table_within_a_step(tmp_path: Path) -> None:
    idf = inverse_document_frequencies(TEXTS * 3)
    save_idf(tmp_path / "idf.npz", idf)
    loaded = HashEmbedding.load(tmp_path / "idf.npz").embed(TEXTS)
    np.testing.assert_allclose(loaded, HashEmbedding(idf).embed(TEXTS), atol=0.01)


def test_stems_join_forms_of_a_word() -> None:
    assert stem("expenses") == stem("expense")
    assert stem("lasting") == stem("lasts") == "last"
    assert stem("is") == "is"


def test_bad_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nothing\.npz"):
        HashEmbedding.load(tmp_path / "nothing.npz")
    with pytest.raises(InvalidInput, match="a table of 131072"):
        HashEmbedding(np.ones(3, np.float32))
    with pytest.raises(InvalidInput, match="texts"):
        inverse_document_frequencies([])


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_a_broken_table_is_named(tmp_path: Path, kept: float) -> None:
    broken, whole = tmp_path / "broken.npz", BUNDLED_IDF.read_bytes()
    broken.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InvalidInput, match=r"broken\.npz.*a table of 131072"):
        HashEmbedding.load(broken)


@pytest.mark.parametrize("arrays", [{}, {"weights": np.ones(3)}, {"weights": np.ones(3), "largest": np.float32(1)}])
def test_another_table_is_named(tmp_path: Path, arrays: dict[str, Any]) -> None:
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(InvalidInput, match=r"other\.npz.*a table of 131072"):
        HashEmbedding.load(tmp_path / "other.npz")
