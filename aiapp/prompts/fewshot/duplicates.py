"""Texts that are the same, or nearly: the Jaccard similarity of their shingles (Broder 1997), exactly.

Two texts that are similar enough share one of their rarest shingles, so only those that do are compared (prefix
filtering: Chaudhuri, Ganti and Kaushik 2006). No pair is missed, and none depends on a hash.

The size of a shingle and the least share are where a sweep (3 to 5 characters, 0.5 to 0.8) over 11,945 texts of four
public sets bends: shorter shingles and a lower share find more edits, and more that is none. As chosen, and measured on
the same sets by `tests/benchmarks/near_duplicates.py`:

- missed of copies with one small edit: none to 0.7 % of texts of 40 characters or more where the case, two letters or a
  word more or fewer differ, 9.5 % of those of 40 to 80 characters where a word is another one; of shorter texts up to
  19 %, and 64 % where a word is another one;
- false: 12 of 15.8 million pairs of texts with different labels, and 1.9 % of minimal contrasts, such as "A man plays
  the flute" beside "A woman plays the flute";
- paraphrases are another matter: of pairs that people call equivalent 25 % are found, of rewordings 13 %. Compare
  vectors to find those.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiapp.prompts.fewshot.example import normalised

SHINGLE = 3
"""The characters of a shingle: a change touches those of one place, whatever the length of the text."""
NEAR = 0.7
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


def duplicates(texts: Sequence[str], near: float = NEAR) -> list[Pair]:
    """The pairs within some texts; of several that are the same, each later one is paired with the first alone."""
    return _pairs([normalised(text) for text in texts], None, near)


def overlap(texts: Sequence[str], others: Sequence[str], near: float = NEAR) -> list[Pair]:
    """The pairs of a text and one of the others; only the first of several that are the same counts."""
    found = _pairs([normalised(text) for text in (*texts, *others)], len(texts), near)
    return [Pair(pair.one, pair.other - len(texts), pair.similarity, pair.exact) for pair in found]


def shingles(text: str) -> frozenset[str]:
    """The pieces of a text that overlap; a text that is shorter than one is one."""
    return frozenset(text[start : start + SHINGLE] for start in range(max(1, len(text) - SHINGLE + 1)))


def likeness(one: str, other: str) -> float:
    """The share of their shingles that two texts have in common."""
    return _shared(shingles(normalised(one)), shingles(normalised(other)))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _pairs(texts: Sequence[str], border: int | None, near: float) -> list[Pair]:
    """The pairs whose texts stand on different sides of the border, or all where there is none, in order."""
    first: dict[tuple[bool, str], int] = {}
    pairs: list[Pair] = []
    for place, text in enumerate(texts):
        side = border is not None and place < border
        original = first.setdefault((side, text), place)
        if original != place and border is None:
            pairs.append(Pair(original, place, 1.0, True))
    sets = {place: shingles(texts[place]) for place in first.values()}
    for one, other in _candidates(sets, near):
        if border is not None and (one < border) == (other < border):
            continue
        similarity = _shared(sets[one], sets[other])
        if similarity >= near:
            pairs.append(Pair(one, other, similarity, texts[one] == texts[other]))
    return sorted(pairs, key=lambda pair: (pair.one, pair.other))


def _candidates(sets: Mapping[int, frozenset[str]], near: float) -> Iterator[tuple[int, int]]:
    """The pairs that may be similar enough: of like size, with one of their rarest shingles in common; each once."""
    counts = Counter(shingle for found in sets.values() for shingle in found)
    holders: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, found in sets.items():
        rarest = sorted(found, key=lambda shingle: (counts[shingle], shingle))
        prefix = rarest[: len(found) - math.ceil(near * len(found)) + 1]
        met = {
            other
            for shingle in prefix
            for other, size in holders[shingle]
            if near * max(size, len(found)) <= min(size, len(found))
        }
        yield from ((other, place) for other in sorted(met))
        for shingle in prefix:
            holders[shingle].append((place, len(found)))
