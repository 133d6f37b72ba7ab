"""How much of a question a text speaks to, word by word.

Every content word of the question looks for itself in the text, or for another form of itself. Rare words weigh more.
Unlike a cosine of whole texts, a long text is not blurred by what else it says, and a name or a number counts as much
as it should.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aiapp.retrieval.words import content_words
from aiapp.transformer.embedding import stem
from aiapp.transformer.encoder import Encoder

ROOT, SAME_ROOT = 5, 0.9
"""Words that share their first ROOT letters count SAME_ROOT, beside 1 for the word itself or its stem."""

Strengths = npt.NDArray[np.float32]


class Alignment:
    """Compares one question with many texts."""

    def __init__(self, question: str, encoder: Encoder) -> None:
        self.words = content_words(question)
        self._stems = [stem(word) for word in self.words]
        self._weights = encoder.word_weights(self.words)
        self._total = float(self._weights.sum()) or 1.0

    def strengths(self, text: str) -> Strengths:
        """For each word of the question, from 0 to 1, how well the text speaks to it: (words,)."""
        present = set(content_words(text))
        stems = {stem(word) for word in present}
        roots = {word[:ROOT] for word in present if len(word) >= ROOT}
        found = (
            1.0 if word in present or root in stems else SAME_ROOT if word[:ROOT] in roots else 0.0
            for word, root in zip(self.words, self._stems, strict=True)
        )
        return np.fromiter(found, np.float32, len(self.words))

    def weighted(self, strengths: Strengths) -> float:
        """The weighted mean of strengths, from 0 to 1."""
        return float(strengths @ self._weights) / self._total

    def distinctive(self, strengths: Sequence[Strengths]) -> list[float]:
        """For each text, the share of the question's words that it holds, by how few of the texts hold them."""
        matrix = np.array(strengths, np.float32).reshape(len(strengths), len(self.words))
        weights = np.log((len(matrix) + 1) / (matrix.sum(axis=0) + 0.5))
        shares: list[float] = (matrix @ weights / max(float(weights.sum()), 1e-9)).tolist()
        return shares
