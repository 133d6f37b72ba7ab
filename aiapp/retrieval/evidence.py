"""What speaks for each unit of some passages as the answer to a question, in numbers.

The bundled encoder says how near a unit is in meaning and whether it answers, read after its headings; words say how
much of the question stands in the unit and around it, and which of it stands hardly anywhere else; the form of the
question says what kind of answer it expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aiapp.retrieval.alignment import Alignment, Strengths
from aiapp.retrieval.documents import Chunk
from aiapp.retrieval.expectation import Expected, expected_answer, holds
from aiapp.retrieval.units import Unit, standalone, units_of
from aiapp.transformer.encoder import Encoder

FEATURES = (
    "support", "cosine", "coverage", "words", "distinctive words",
    "expected kind", "other kind", "superseded", "number", "length",
)  # fmt: skip
ABOVE_CHUNK, ABOVE_UNIT, BESIDE = 0.5, 0.85, 0.4
"""What a word counts in the chunk's headings, in those just above the unit, or beside it."""

LONGEST = 400
"""Characters; a longer unit counts as one of these."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The units of a passage that were looked at, and a row of `FEATURES` for each: (units, features)."""

    chunk: Chunk
    units: tuple[Unit, ...]
    features: Floats


class Examiner:
    """One question, ready to be held against passages."""

    def __init__(self, question: str, encoder: Encoder) -> None:
        self._question, self._encoder = question, encoder
        self._alignment = Alignment(question, encoder)
        self._expected: Expected | None = expected_answer(question)

    def examine(self, passages: Sequence[tuple[Chunk, Sequence[int]]]) -> list[Evidence]:
        """The evidence for some of each chunk's units, given by their places among `units_of(chunk.text)`."""
        units = [units_of(chunk.text) for chunk, _ in passages]
        looked = [(n, place) for n, (_, places) in enumerate(passages) for place in places]
        chosen = [units[n][place] for n, place in looked]
        chunks = [passages[n][0] for n, _ in looked]
        context = [standalone(chunk.heading, unit) for chunk, unit in zip(chunks, chosen, strict=True)]
        found = self._encoder.compare(self._question, context)
        words = self._words([chunk for chunk, _ in passages], units)
        kinds = [self._kind(unit.text) for unit in chosen]
        columns = [
            *(found.support, found.cosine, found.coverage),
            *np.array([words[place] for place in looked], np.float32).reshape(-1, 2).T,
            [kind == 1 for kind in kinds],
            [kind == -1 for kind in kinds],
            [chunk.superseded for chunk in chunks],
            [any(map(str.isdigit, unit.text)) for unit in chosen],
            [min(len(unit.text), LONGEST) / LONGEST for unit in chosen],
        ]
        matrix = np.stack([np.asarray(column, np.float32) for column in columns], axis=1)
        owners = np.array([n for n, _ in looked], np.int64)
        return [
            Evidence(chunk, tuple(units[n][place] for place in places), matrix[owners == n])
            for n, (chunk, places) in enumerate(passages)
        ]

    def _kind(self, text: str) -> int:
        """1 where the text holds the kind of answer that the question expects, -1 where not, 0 where there is none."""
        if self._expected is None:
            return 0
        return 1 if holds(text, self._expected) else -1

    def _words(
        self, chunks: Sequence[Chunk], units: Sequence[Sequence[Unit]]
    ) -> dict[tuple[int, int], tuple[float, float]]:
        """The two features of words for each unit, by its chunk and its place there."""
        alignment = self._alignment
        own = {(n, i): alignment.strengths(unit.text) for n, row in enumerate(units) for i, unit in enumerate(row)}
        distinctive = dict(zip(own, alignment.distinctive(list(own.values())), strict=True))
        found: dict[tuple[int, int], tuple[float, float]] = {}
        for (n, i), strengths in own.items():
            near = [strengths, alignment.strengths(units[n][i].heading) * ABOVE_UNIT]
            near += [alignment.strengths(chunks[n].heading) * ABOVE_CHUNK]
            near += [own[n, other] * BESIDE for other in (i - 1, i + 1) if (n, other) in own]
            context: Strengths = np.maximum.reduce(near)
            found[n, i] = alignment.weighted(context), distinctive[n, i]
        return found
