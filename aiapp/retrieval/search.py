"""Search: full text and vectors, fused, then read again word by word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aiapp.retrieval.alignment import STOP_WORDS, Alignment
from aiapp.retrieval.documents import Chunk, Hit
from aiapp.retrieval.embedding import Embedder
from aiapp.retrieval.splitting import units
from aiapp.retrieval.store import Store
from aiapp.transformer.word_vectors import WordVectors, words

CANDIDATES = 40
"""How many chunks each of the two searches brings, unless more are asked for."""
RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""
WHOLE, BEST_UNIT = 1.0, 0.5
"""What the alignment of a whole passage and that of its best unit count; set on a development set."""


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
    limit = max(CANDIDATES, k)
    lexical = [number for number, _ in store.lexical(terms, limit)]
    numbers, vectors = store.vectors()
    if not len(numbers):
        return []
    cosines = vectors @ embedder.embed([question])[0]
    nearest = numbers[np.argsort(-cosines, kind="stable")[:limit]]
    candidates = fuse([lexical, nearest.tolist()])[:limit]
    alignment = Alignment(question, WordVectors.load())
    hits = [Hit(chunk, _score(alignment, chunk)) for chunk in store.chunks(candidates).values()]
    return sorted(hits, key=lambda hit: -hit.score)[:k]


def _score(alignment: Alignment, chunk: Chunk) -> float:
    """How much of the question a passage speaks to, as a whole and in one place of it."""
    above = alignment.strengths(chunk.heading)
    whole = alignment.weighted(np.maximum(alignment.strengths(chunk.text), above))
    texts = (chunk.text[start:end] for start, end in units(chunk.text))
    best = max((alignment.weighted(np.maximum(alignment.strengths(text), above)) for text in texts), default=0.0)
    return WHOLE * whole + BEST_UNIT * best
