"""The bundled embedding `hash-256`: text as a weighted sum of fixed random directions, one for each feature.

Features are words, their stems, and the character 4- and 5-grams of longer words. A feature's direction is its hash:
256 bits, each a sign. Rare words weigh more, by a table of inverse document frequencies. It finds texts that share
words, or parts of words; it knows nothing of synonyms.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput
from aiapp.transformer.files import read_file
from aiapp.transformer.weights import Floats

BUNDLED_IDF = Path(__file__).parent / "weights" / "idf.npz"
DIMENSIONS = 256

_BUCKETS = 1 << 17
_LEVELS = 127  # a weight is stored as a fraction of the largest one, in one signed byte
_ENDINGS = ("ingly", "edly", "ings", "ing", "ies", "ied", "ed", "es", "ly", "s", "e")
_SHORTEST_STEM = 3
_GRAM_SIZES = (4, 5)
_CACHED_WORDS = 16_384


class HashEmbedding:
    """Embeds texts as rows of length 1; a text without words is a row of zeros."""

    name = "hash-256"
    dimensions = DIMENSIONS

    def __init__(self, idf: Floats) -> None:
        if idf.shape != (_BUCKETS,):
            raise InvalidInput("idf", idf.shape, f"a table of {_BUCKETS} weights")
        self._idf = idf
        self._vector = lru_cache(maxsize=_CACHED_WORDS)(self._word_vector)

    @classmethod
    def load(cls, path: Path = BUNDLED_IDF) -> HashEmbedding:
        """The embedding with the weights in a file that `save_idf` wrote."""
        accepted = f"a file written by save_idf: a table of {_BUCKETS} weights"
        content = read_file(path, accepted)
        try:
            with np.load(io.BytesIO(content)) as stored:
                weights, largest = stored["weights"], stored["largest"]
                return cls(weights.astype(np.float32) * np.float32(largest / _LEVELS))
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, InvalidInput) as error:
            raise InvalidInput(f"idf table {path}", str(error), accepted) from error

    def embed(self, texts: Sequence[str]) -> Floats:
        """(len(texts), 256)."""
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word, count in Counter(words(text)).items():
                row += np.float32(1 + math.log(count)) * self._vector(word)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
        rows /= np.where(lengths == 0, np.float32(1), lengths)
        return rows

    def _word_vector(self, word: str) -> Floats:
        rarity = self._idf[_bucket(word)]
        root = stem(word)
        vector: Floats = rarity * _direction(word) + self._idf[_bucket(_as_stem(root))] * _direction(_as_stem(root))
        grams = character_grams(word)
        if grams:
            total = np.sum([_direction(f"#{gram}") for gram in grams], axis=0, dtype=np.float32)
            vector += rarity / np.float32(math.sqrt(len(grams))) * total
        return vector


def words(text: str) -> list[str]:
    """The words of a text without regard to case."""
    return re.findall(r"\w+", text.casefold())


def stem(word: str) -> str:
    """A word without its commonest English ending."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def character_grams(word: str) -> list[str]:
    """The 4- and 5-grams of a word between its marked ends; none of a word that is hardly longer itself."""
    if len(word) <= _SHORTEST_STEM:
        return []
    marked = f"<{word}>"
    return [marked[i : i + size] for size in _GRAM_SIZES for i in range(len(marked) - size + 1)]


def inverse_document_frequencies(texts: Iterable[str]) -> Floats:
    """A weight for each bucket of words and stems: log(N / (df + 1/2)); one never seen twice weighs most."""
    frequencies: Counter[str] = Counter()
    count = 0
    for text in texts:
        count += 1
        distinct = set(words(text))
        frequencies.update(distinct)
        frequencies.update({_as_stem(stem(word)) for word in distinct})
    if count == 0:
        raise InvalidInput("texts", count, "at least one text")
    seen = np.zeros(_BUCKETS, np.float64)
    for feature, frequency in frequencies.items():
        if frequency > 1:
            seen[_bucket(feature)] += frequency
    return np.maximum(np.log(count / (np.minimum(seen, count) + 0.5)), 0).astype(np.float32)


def save_idf(path: Path, idf: npt.NDArray[np.float32]) -> None:
    """Write a table in one byte a weight."""
    largest = max(float(idf.max()), 1e-9)
    weights = np.round(idf / largest * _LEVELS).astype(np.int8)
    np.savez_compressed(path, weights=weights, largest=np.float32(largest))


def _as_stem(root: str) -> str:
    return f"~{root}"  # a character no word has, so that a stem is another feature than the word spelt like it


def _bucket(feature: str) -> int:
    return zlib.crc32(feature.encode("utf-8")) % _BUCKETS


def _direction(feature: str) -> Floats:
    """A vector of length 1 whose signs are the bits of the feature's hash."""
    digest = hashlib.blake2b(feature.encode("utf-8"), digest_size=DIMENSIONS // 8).digest()
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))
    return (bits.astype(np.float32) * 2 - 1) / np.float32(math.sqrt(DIMENSIONS))
