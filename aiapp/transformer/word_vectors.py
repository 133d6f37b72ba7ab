"""Word vectors: which words stand for which, learnt from how they are used.

20,000 words, each with a direction whose cosine to another says how alike they are used, and its share of all words.
They tell that "quit" and "leave" may mean the same, which no counting of shared words can. Trained by
`train/words.py`; a word that the table does not know is like nothing but itself.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput
from aiapp.transformer.weights import Floats

BUNDLED_WORDS = Path(__file__).parent / "weights" / "words.npz"
SMOOTHING = 1e-3
"""A word weighs SMOOTHING / (SMOOTHING + its share of all words), as in Arora et al. 2017."""

_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*")


def words(text: str) -> list[str]:
    """The words and numbers of a text, in lower case."""
    return _WORD.findall(text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


class WordVectors:
    """A table of words; `embed` sums them up to vectors of texts."""

    def __init__(self, vocabulary: Sequence[str], vectors: Floats, shares: Floats, common: Floats) -> None:
        self.name = f"words-{vectors.shape[1]}"
        self.dimensions = int(vectors.shape[1])
        self._rows = {word: row for row, word in enumerate(vocabulary)}
        self._vectors, self._shares, self._common = vectors, shares, common

    @classmethod
    def load(cls, path: Path = BUNDLED_WORDS) -> WordVectors:
        """The table in a file that `save_words` wrote, read once in a process."""
        return _load(path)

    def weight(self, word: str) -> float:
        """How much a word tells, from 0 for the commonest to 1 for one that is not in the table."""
        row = self._rows.get(word)
        return 1.0 if row is None else SMOOTHING / (SMOOTHING + float(self._shares[row]))

    def matrix(self, words_: Sequence[str]) -> Floats:
        """Their directions, each of length 1: (len(words_), dimensions)."""
        return np.array([self._direction(word) for word in words_], np.float32).reshape(-1, self.dimensions)

    def embed(self, texts: Sequence[str]) -> Floats:
        """Weighted sums without what all texts share, of length 1: (len(texts), dimensions)."""
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            counts = Counter(words(text))
            if counts:
                weights = np.array([self.weight(word) * (1 + math.log(n)) for word, n in counts.items()], np.float32)
                row += weights @ self.matrix(list(counts))
        rows -= np.outer(rows @ self._common, self._common)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        normalised: Floats = (rows / np.maximum(lengths, np.float32(1e-9))).astype(np.float32)
        return normalised

    def _direction(self, word: str) -> Floats:
        row = self._rows.get(word)
        return _unknown(word, self.dimensions) if row is None else self._vectors[row]


@lru_cache(maxsize=4096)
def _unknown(word: str, dimensions: int) -> Floats:
    """A fixed pseudo-random direction, so that an unknown word is found where it stands again."""
    random = np.random.default_rng(zlib.crc32(word.encode()))
    vector = random.standard_normal(dimensions).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


@lru_cache(maxsize=2)
def _load(path: Path) -> WordVectors:
    if not path.is_file():
        raise InvalidInput("word vectors", str(path), "a file written by save_words; the bundled one is missing")
    with np.load(path) as stored:
        vectors = stored["vectors"].astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        vocabulary = bytes(stored["vocabulary"]).decode().split("\n")
        return WordVectors(vocabulary, vectors, stored["shares"].astype(np.float32), stored["common"])


def save_words(
    path: Path, vocabulary: Sequence[str], vectors: npt.NDArray[np.float32], shares: Floats, common: Floats
) -> None:
    """Write a table with one signed byte a number."""
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True) * 127
    np.savez_compressed(
        path,
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        vectors=np.asarray(np.round(scaled), np.int8),
        shares=shares.astype(np.float32),
        common=common.astype(np.float32),
    )
