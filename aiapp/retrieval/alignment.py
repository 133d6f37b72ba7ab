"""How much of a question a text speaks to, word by word.

Every content word of the question looks for its best partner in the text: itself, another form of itself, or a word
that is used like it. Rare words weigh more. Unlike a cosine of whole texts, a long text is not blurred by what else it
says; unlike a count of shared words, "quit" finds "leave".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aiapp.transformer.embedding import stem
from aiapp.transformer.word_vectors import WordVectors, words

STOP_WORDS = frozenset(
    """
    a about all am an and any are as at be been but by can could did do does for from get gets had has have how
    i if in into is it its just like may me more much must my need no not of on one or our out per should so
    some than that the their them there they this to up us was we what when where which who whom whose why will
    with would you your many long often please tell give want someone anyone something i'm i've don't doesn't
    it's what's there's
    """.split()  # noqa: SIM905 (a list of two hundred quoted words is no easier to read)
)
RELATED = 0.42
"""Cosines below this say nothing: two words taken at random reach it by chance."""
RELATED_WEIGHT = 0.8
"""What a related word counts at most, beside 1 for the word itself."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question."""

    word: str
    stem: str
    weight: float


class Alignment:
    """Compares one question with many texts."""

    def __init__(self, question: str, vectors: WordVectors) -> None:
        content = list(dict.fromkeys(word for word in words(question) if word not in STOP_WORDS))
        found = content or list(dict.fromkeys(words(question)))
        self.terms = [Term(word, stem(word), vectors.weight(word)) for word in found]
        self._vectors = vectors
        self._directions = vectors.matrix([term.word for term in self.terms])
        self._total = sum(term.weight for term in self.terms) or 1.0

    def strengths(self, text: str) -> npt.NDArray[np.float32]:
        """For each term, from 0 to 1, how well the text speaks to it: (terms,)."""
        present = _content(text)
        if not present or not self.terms:
            return np.zeros(len(self.terms), np.float32)
        cosines = self._directions @ self._vectors.matrix(present).T  # (terms, words)
        related = np.clip((cosines.max(axis=1) - RELATED) / (1 - RELATED), 0, 1) * RELATED_WEIGHT
        stems = {stem(word) for word in present}
        same = np.array([_same(term, present, stems) for term in self.terms], np.float32)
        best: npt.NDArray[np.float32] = np.maximum(related, same)
        return best

    def weighted(self, strengths: npt.NDArray[np.float32]) -> float:
        """The weighted mean of strengths, from 0 to 1."""
        weights = np.array([term.weight for term in self.terms], np.float32)
        return float(strengths @ weights) / self._total

    def __call__(self, text: str) -> float:
        """How much of the question the text speaks to, from 0 to 1."""
        return self.weighted(self.strengths(text))


def _same(term: Term, present: tuple[str, ...], stems: set[str]) -> float:
    if term.word in present or term.stem in stems:
        return 1.0
    root = term.word[:5]
    return 0.9 if len(root) == 5 and any(word.startswith(root) for word in present) else 0.0


@lru_cache(maxsize=4096)
def _content(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words(text) if word not in STOP_WORDS))
