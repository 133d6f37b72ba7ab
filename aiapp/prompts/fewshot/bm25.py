"""The builder that compares words: BM25."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from aiapp.core.errors import InvalidInput
from aiapp.core.words import words
from aiapp.prompts.fewshot.example import Examples, Kept
from aiapp.prompts.fewshot.room import Room

Postings = Mapping[str, list[tuple[int, float]]]


class BM25:
    """The examples whose inputs share the most telling words with the query (Robertson and Zaragoza 2009).

    `k1` says how soon a repeated word counts no more, `b` how much a long text is held back. The weight of a word is
    ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative, for n of N inputs that have it.
    """

    compares = True

    def __init__(self, k1: float = 1.2, b: float = 0.75) -> None:
        if not k1 >= 0:
            raise InvalidInput("k1", k1, "a number of at least 0")
        if not 0 <= b <= 1:
            raise InvalidInput("b", b, "a number from 0 to 1")
        self.k1, self.b = k1, b
        self._postings: Kept[Postings] = Kept(self._weighed)

    def __repr__(self) -> str:
        return f"BM25({self.k1}, {self.b})"

    def choose(self, examples: Examples, query: str | None, room: Room) -> None:
        """The highest score first; of equal ones, as without a word in common, the one that is given first."""
        scores = self.scores(examples, query or "")
        for place in sorted(range(len(scores)), key=lambda place: -scores[place]):
            if room.full:
                break
            room.take(place, scores[place])

    def scores(self, examples: Examples, query: str) -> list[float]:
        """How much each input has in common with the query; a word that is asked twice counts twice."""
        postings = self._postings.of(examples)
        scores = [0.0] * len(examples)
        for word in words(query):
            for place, weight in postings.get(word, ()):
                scores[place] += weight
        return scores

    def _weighed(self, examples: Examples) -> Postings:
        """For each word the inputs that have it, and what it counts in each."""
        counts = [Counter(words(example.input_text)) for example in examples]
        lengths = [count.total() for count in counts]
        mean = sum(lengths) / len(lengths) if any(lengths) else 1.0
        found = Counter(word for count in counts for word in count)
        postings: dict[str, list[tuple[int, float]]] = {}
        for place, (count, length) in enumerate(zip(counts, lengths, strict=True)):
            held_back = self.k1 * (1 - self.b + self.b * length / mean)
            for word, often in count.items():
                rarity = math.log(1 + (len(examples) - found[word] + 0.5) / (found[word] + 0.5))
                weight = rarity * often * (self.k1 + 1) / (often + held_back)
                postings.setdefault(word, []).append((place, weight))
        return postings
