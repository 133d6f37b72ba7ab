"""Search: full text and vectors, fused, then read again word by word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aiapp.retrieval.alignment import STOP_WORDS, Alignment
from aiapp.retrieval.documents import Hit
from aiapp.retrieval.embedding import Embedder
from aiapp.retrieval.store import Store
from aiapp.transformer.word_vectors import WordVectors, words

CANDIDATES = 40
"""How many chunks each of the two searches brings."""
RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""
LEXICAL, SEMANTIC, ALIGNED = 0.5, 0.3, 1.0
"""The parts of the final score: full text (as a share of the best), cosine, alignment."""


def fuse(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Reciprocal rank fusion: what stands high in any ranking comes first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(ranking):
            scores[number] = scores.get(number, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores, key=lambda number: -scores[number])


def search(store: Store, embedder: Embedder, question: str, k: int) -> list[Hit]:
    """The `k` chunks that speak most to the question, best first."""
    terms = [word for word in words(question) if word not in STOP_WORDS] or words(question)
    lexical = dict(store.lexical(terms, CANDIDATES))
    numbers, vectors = store.vectors()
    if not len(numbers):
        return []
    cosines = vectors @ embedder.embed([question])[0]
    nearest = numbers[np.argsort(-cosines, kind="stable")[:CANDIDATES]]
    cosine_of = dict(zip(numbers.tolist(), cosines.tolist(), strict=True))
    candidates = fuse([list(lexical), nearest.tolist()])[:CANDIDATES]
    alignment = Alignment(question, WordVectors.load())
    best = max(lexical.values(), default=0.0) or 1.0
    hits = [
        Hit(
            chunk,
            LEXICAL * lexical.get(number, 0.0) / best
            + SEMANTIC * cosine_of[number]
            + ALIGNED * alignment(f"{chunk.heading}\n{chunk.text}"),
        )
        for number, chunk in store.chunks(candidates).items()
    ]
    return sorted(hits, key=lambda hit: -hit.score)[:k]
