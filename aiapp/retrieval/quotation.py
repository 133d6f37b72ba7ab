"""Answering by quotation: a model that ranks choices says which unit answers, or that none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiapp.core.formats import Choice
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.prompts.prompt import Prompt
from aiapp.retrieval.alignment import Alignment
from aiapp.retrieval.documents import Chunk, Hit
from aiapp.retrieval.splitting import headings_within, units
from aiapp.retrieval.support import Judge, Opinion, Unit
from aiapp.transformer.word_vectors import WordVectors

REFUSAL = "Not in the documents."


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
    """One passage, what could be quoted from it, and the request that asks the model about it."""

    rank: int
    chunk: Chunk
    quotes: tuple[Quote, ...]
    units: tuple[Unit, ...]
    request: Request


def readings(question: str, hits: Sequence[Hit]) -> list[Reading]:
    """A request for each passage that has anything to quote: its units and the refusal are the only answers."""
    prompt = Prompt.load("quote")
    found: list[Reading] = []
    for rank, hit in enumerate(hits):
        chunk = hit.chunk
        spans = units(chunk.text)
        headed = zip(spans, headings_within(chunk.text, spans), strict=True)
        quotes: dict[Unit, Quote] = {}
        for (start, end), heading in headed:
            if chunk.text[start:end] != REFUSAL:
                quotes.setdefault(Unit(chunk.text[start:end], heading), Quote(chunk, start, end))
        options = tuple(dict.fromkeys(unit.text for unit in quotes))
        if not options:
            continue
        passage = f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text
        choice = Choice((*options, REFUSAL))
        request = prompt.request({"passage": passage, "question": question}, format=choice)
        found.append(Reading(rank, chunk, tuple(quotes.values()), tuple(quotes), request))
    return found


def best_quote(question: str, read: Sequence[tuple[Reading, Response]]) -> Quote | None:
    """The unit with the best odds against refusing, over all passages; None where refusing is better than each."""
    judge = Judge(Alignment(question, WordVectors.load()), question)
    best: Quote | None = None
    best_score = 0.0
    for reading, response in read:
        logprobs = {alternative.text: alternative.logprob for alternative in response.alternatives}
        opinion = Opinion(logprobs[REFUSAL], tuple(logprobs[unit.text] for unit in reading.units))
        scores = judge.scores(reading.chunk.heading, reading.units, reading.rank, opinion)
        for quote, score in zip(reading.quotes, scores, strict=True):
            if score > best_score:
                best, best_score = quote, score
    return best
