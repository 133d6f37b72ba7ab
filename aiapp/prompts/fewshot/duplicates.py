"""Texts that are the same, or nearly: the Jaccard similarity of their shingles (Broder 1997), exactly.

Two texts that are similar enough share one of their rarest shingles, so only those that do are compared (prefix
filtering: Chaudhuri, Ganti and Kaushik 2006). No pair is missed, and none depends on a hash.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiapp.prompts.fewshot.example import normalised

SHINGLE = 5
"""The characters of a shingle: a changed word touches those of one place, whatever the length of the text."""
NEAR = 0.8
"""Texts with so large a share of their shingles in common are near duplicates."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts by their places, and the share of their shingles that they have in common.

    `exact` where nothing differs but case, white space and the forms of a character.
    """

    one: int
    other: int
    similarity: float
    exact: bool


def duplicates(texts: Sequence[str]) -> list[Pair]:
    """The pairs within some texts; of several that are the same, each later one is paired with the first alone."""
    return _pairs([normalised(text) for text in texts], None)


def overlap(texts: Sequence[str], others: Sequence[str]) -> list[Pair]:
    """The pairs of a text and one of the others; only the first of several that are the same counts."""
    found = _pairs([normalised(text) for text in (*texts, *others)], len(texts))
    return [Pair(pair.one, pair.other - len(texts), pair.similarity, pair.exact) for pair in found]


def shingles(text: str) -> frozenset[str]:
    """The pieces of a text that overlap; a text that is shorter than one is one."""
    return frozenset(text[start : start + SHINGLE] for start in range(max(1, len(text) - SHINGLE + 1)))


def _pairs(texts: Sequence[str], border: int | None) -> list[Pair]:
    """The pairs whose texts stand on different sides of the border, or all where there is none, in order."""
    first: dict[tuple[bool, str], int] = {}
    pairs: list[Pair] = []
    for place, text in enumerate(texts):
        side = border is not None and place < border
        original = first.setdefault((side, text), place)
        if original != place and border is None:
            pairs.append(Pair(original, place, 1.0, True))
    for one, other in _candidates([(place, shingles(texts[place])) for place in first.values()]):
        if border is not None and (one < border) == (other < border):
            continue
        mine, theirs = shingles(texts[one]), shingles(texts[other])
        similarity = len(mine & theirs) / len(mine | theirs)
        if similarity >= NEAR:
            pairs.append(Pair(one, other, similarity, texts[one] == texts[other]))
    return sorted(pairs, key=lambda pair: (pair.one, pair.other))


def _candidates(sets: Sequence[tuple[int, frozenset[str]]]) -> Iterator[tuple[int, int]]:
    """The pairs that may be similar enough: of like size, with one of their rarest shingles in common; each once."""
    counts = Counter(shingle for _, found in sets for shingle in found)
    holders: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, found in sets:
        rarest = sorted(found, key=lambda shingle: (counts[shingle], shingle))
        prefix = rarest[: len(found) - math.ceil(NEAR * len(found)) + 1]
        met = {
            other
            for shingle in prefix
            for other, size in holders[shingle]
            if NEAR * max(size, len(found)) <= min(size, len(found))
        }
        yield from ((other, place) for other in sorted(met))
        for shingle in prefix:
            holders[shingle].append((place, len(found)))
