"""Search: full text and vectors, fused; then the best units of what they bring are held against the question."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from aiapp.retrieval.alignment import Alignment
from aiapp.retrieval.documents import Chunk, Hit
from aiapp.retrieval.embedding import Embedder
from aiapp.retrieval.evidence import Examiner
from aiapp.retrieval.store import Store
from aiapp.retrieval.support import passage_relevance
from aiapp.retrieval.units import units_of
from aiapp.retrieval.words import content_words
from aiapp.transformer.encoder import Encoder

CANDIDATES, CANDIDATE_UNITS = 40, 64
"""How many chunks each of the two searches brings, unless more are asked for; how many of their units are examined."""
RANK_CONSTANT = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""

Ranked = TypeVar("Ranked", bound=Hashable)
Passage = tuple[Chunk, list[int]]


def fuse(rankings: Sequence[Sequence[Ranked]]) -> list[Ranked]:
    """Reciprocal rank fusion: what stands high in any ranking comes first."""
    scores: dict[Ranked, float] = {}
    for ranking in rankings:
        for rank, entry in enumerate(ranking):
            scores[entry] = scores.get(entry, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores, key=lambda entry: -scores[entry])


def search(store: Store, embedder: Embedder, question: str, k: int) -> list[Hit]:
    """The `k` chunks that speak most to the question, best first."""
    encoder = Encoder.load()
    found = passages(store, embedder, question, max(CANDIDATES, k), encoder)
    examined = [entry for entry in found if entry[1]]
    scored = [
        (passage_relevance(evidence), evidence.chunk) for evidence in Examiner(question, encoder).examine(examined)
    ]
    scored.sort(key=lambda entry: -entry[0])
    least = scored[-1][0] if scored else 0.0
    rest = [(least - place, chunk) for place, (chunk, places) in enumerate(found, 1) if not places]
    return [Hit(chunk, score) for score, chunk in [*scored, *rest][:k]]


def passages(store: Store, embedder: Embedder, question: str, limit: int, encoder: Encoder) -> list[Passage]:
    """The chunks that either search brings, best first, each with the places of its units that are worth a look."""
    owners, vectors = store.vectors()
    if not len(owners):
        return []
    cosines = vectors @ embedder.embed([question])[0]
    lexical = [number for number, _ in store.lexical(content_words(question), limit)]
    numbers = fuse([lexical, _nearest(owners, cosines)[:limit]])[:limit]
    chunks = store.chunks(numbers)
    alignment = Alignment(question, encoder)
    near: dict[tuple[int, int], float] = {}
    shared: dict[tuple[int, int], float] = {}
    for number in numbers:
        above = alignment.strengths(chunks[number].heading)
        units = units_of(chunks[number].text)
        for place, (unit, cosine) in enumerate(zip(units, cosines[owners == number].tolist(), strict=False)):
            near[number, place] = cosine
            text = f"{unit.heading} {unit.text}"
            shared[number, place] = alignment.weighted(np.maximum(alignment.strengths(text), above))
    best = fuse([sorted(scores, key=lambda key: -scores[key]) for scores in (near, shared)])[:CANDIDATE_UNITS]
    return [(chunks[number], sorted(place for owner, place in best if owner == number)) for number in numbers]


def _nearest(owners: npt.NDArray[np.int64], cosines: npt.NDArray[np.float32]) -> list[int]:
    """Chunks by the nearest of their vectors."""
    order = np.argsort(-cosines, kind="stable")
    return list(dict.fromkeys(owners[order].tolist()))
