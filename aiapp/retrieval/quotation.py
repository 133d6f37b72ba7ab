"""Answering by quotation: a model that ranks choices says which unit answers, or that none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiapp.core.formats import Choice
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.prompts.prompt import Prompt
from aiapp.retrieval.documents import Chunk, Hit
from aiapp.retrieval.evidence import Evidence, Examiner
from aiapp.retrieval.support import Opinion, judged
from aiapp.retrieval.units import Unit, units_of
from aiapp.transformer.encoder import Encoder

REFUSAL = "Not in the documents."
MOST_QUOTES, NEARLY = 2, 0.4
"""How many units an answer quotes at most, and what share of the best one's chance another must have."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim span of a chunk: `chunk.text[start:end]`."""

    chunk: Chunk
    start: int
    end: int

    @property
    def text(self) -> str:
        """The quoted words."""
        return self.chunk.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Reading:
    """One passage, the places of its units that could be quoted, and the request that asks the model about it."""

    chunk: Chunk
    units: tuple[Unit, ...]
    places: tuple[int, ...]
    request: Request


def readings(question: str, hits: Sequence[Hit]) -> list[Reading]:
    """A request for each passage that has anything to quote: its units and the refusal are the only answers."""
    prompt = Prompt.load("quote")
    found: list[Reading] = []
    for hit in hits:
        chunk, units = hit.chunk, units_of(hit.chunk.text)
        places = tuple(place for place, unit in enumerate(units) if unit.text != REFUSAL and not unit.asks)
        if not places:
            continue
        passage = f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text
        choice = Choice((*dict.fromkeys(units[place].text for place in places), REFUSAL))
        request = prompt.request({"passage": passage, "question": question}, format=choice)
        found.append(Reading(chunk, units, places, request))
    return found


def best_quotes(question: str, read: Sequence[tuple[Reading, Response]]) -> list[Quote]:
    """What to quote, best first: nothing where it is likelier that no unit answers.

    A second quote stands beside the first where it is nearly as likely to be the one that answers.
    """
    if not read:
        return []
    examined = Examiner(question, Encoder.load()).examine([(reading.chunk, reading.places) for reading, _ in read])
    opinions = [opinion(response, evidence) for (_, response), evidence in zip(read, examined, strict=True)]
    verdict = judged(examined, opinions)
    if verdict.answerable <= 0:
        return []
    quotes = [Quote(one.chunk, unit.start, unit.end) for one in examined for unit in one.units]
    best = np.argsort(-verdict.chances, kind="stable")[:MOST_QUOTES]
    return [quotes[place] for place in best if verdict.chances[place] >= NEARLY * verdict.chances[best[0]]]


def opinion(response: Response, evidence: Evidence) -> Opinion:
    """What a response to a reading's request thinks of the units that were examined."""
    logprobs = {alternative.text: alternative.logprob for alternative in response.alternatives}
    return Opinion(logprobs[REFUSAL], tuple(logprobs[unit.text] for unit in evidence.units))
