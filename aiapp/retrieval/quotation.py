"""Answering by quotation: a model that ranks choices picks the unit that supports an answer, or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiapp.core.formats import Choice
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.prompts.prompt import Prompt
from aiapp.retrieval.alignment import Alignment
from aiapp.retrieval.documents import Chunk, Hit
from aiapp.retrieval.splitting import units
from aiapp.retrieval.support import Judge
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
    """One passage with the request that asks the model about it."""

    quotes: tuple[Quote, ...]
    request: Request


def readings(question: str, hits: Sequence[Hit]) -> list[Reading]:
    """A request for each passage that has anything to quote: its units and the refusal are the only answers."""
    prompt = Prompt.load("quote")
    judge = Judge.of(Alignment(question, WordVectors.load()), question)
    found: list[Reading] = []
    for rank, hit in enumerate(hits):
        chunk = hit.chunk
        spans = {chunk.text[start:end]: Quote(chunk, start, end) for start, end in reversed(units(chunk.text))}
        texts = [text for text in reversed(spans) if text != REFUSAL]
        if not texts:
            continue
        prior = (*judge.priors(chunk.heading, texts, rank), 0.0)
        passage = f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text
        request = prompt.request(
            {"passage": passage, "question": question}, format=Choice((*texts, REFUSAL), log_prior=prior)
        )
        found.append(Reading(tuple(spans[text] for text in texts), request))
    return found


def best_quote(read: Sequence[tuple[Reading, Response]]) -> Quote | None:
    """The unit with the best odds against refusing, over all passages; None where refusing is likelier for every one."""
    best: Quote | None = None
    best_odds = 0.0
    for reading, response in read:
        logprobs = {alternative.text: alternative.logprob for alternative in response.alternatives}
        for quote in reading.quotes:
            odds = logprobs[quote.text] - logprobs[REFUSAL]
            if odds > best_odds:
                best, best_odds = quote, odds
    return best
