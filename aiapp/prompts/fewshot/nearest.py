"""Builders that compare meanings: the nearest examples, and near ones that differ from each other.

The inputs of the examples are embedded once, when they are first chosen from, and each query when it comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiapp.core.errors import InvalidInput
from aiapp.prompts.fewshot.example import Examples, Kept
from aiapp.prompts.fewshot.room import Room

if TYPE_CHECKING:
    from aiapp.prompts.fewshot.vectors import Embed, Floats


class Nearest:
    """The examples whose inputs are nearest to the query in meaning, by the cosine of their vectors.

    `embed` is a client, an encoder, or a function from texts to vectors (kNN examples: Liu et al. 2022).
    """

    compares = True

    def __init__(self, embed: Embed) -> None:
        if not callable(embed) and not hasattr(embed, "embed"):
            raise InvalidInput("embed", embed, "a client, an encoder, or a function from texts to vectors")
        self.embed = embed
        self._vectors: Kept[Floats] = Kept(self._embedded)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.embed!r})"

    def choose(self, examples: Examples, query: str | None, room: Room) -> None:
        """The nearest first; of two that are as near, the one that is given first."""
        near, _ = self._compared(examples, query)
        for place in (-near).argsort(kind="stable").tolist():
            if room.full:
                break
            room.take(place, float(near[place]))

    def _embedded(self, examples: Examples) -> Floats:
        from aiapp.prompts.fewshot.vectors import directions

        return directions(self.embed, [example.input_text for example in examples])

    def _compared(self, examples: Examples, query: str | None) -> tuple[Floats, Floats]:
        """How near each example is to the query (n,), and the vectors of the examples (n, d)."""
        from aiapp.prompts.fewshot.vectors import directions, nearness

        rows = self._vectors.of(examples)
        return nearness(rows, directions(self.embed, [query or ""])[0]), rows


class Diverse(Nearest):
    """Near to the query, and unlike each other: maximal marginal relevance (Carbonell and Goldstein 1998).

    Each next example has the most of `relevance` times its nearness to the query, less the rest times its nearness to
    the nearest one that was taken before: 1 is `Nearest`, 0 looks at nothing but differences. All examples compete.
    """

    def __init__(self, embed: Embed, relevance: float = 0.5) -> None:
        if not 0 <= relevance <= 1:
            raise InvalidInput("relevance", relevance, "a number from 0 to 1")
        super().__init__(embed)
        self.relevance = relevance

    def choose(self, examples: Examples, query: str | None, room: Room) -> None:
        """The best by itself first, then the best beside those that were taken."""
        import numpy as np

        near, rows = self._compared(examples, query)
        alike = np.zeros_like(near)
        worth = self.relevance * near
        tried = np.zeros(len(examples), np.bool_)
        while not room.full and not tried.all():
            place = int(np.where(tried, -np.inf, worth).argmax())
            tried[place] = True
            first = not room.picks
            if room.take(place, float(near[place])):
                now = rows @ rows[place]
                alike = now if first else np.maximum(alike, now)
                worth = self.relevance * near - (1 - self.relevance) * alike
