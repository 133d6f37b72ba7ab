"""A question over an index, to an answer with citations and a receipt."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from aiapp.client.client import Client
from aiapp.core.errors import ContextOverflow
from aiapp.core.events import TextDelta
from aiapp.core.parts import Citation
from aiapp.core.response import Change, Receipt, Response, total_receipt
from aiapp.retrieval.documents import Document, Hit, line_of, page_of
from aiapp.retrieval.generation import AnswerStream, answer_text, checked_quotes, grounded_request
from aiapp.retrieval.quotation import REFUSAL, Quote, Reading, best_quotes, readings
from aiapp.tracking.stopwatch import Stopwatch

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer from documents. Every citation's quote is verbatim: `text_of(source)[start:end] == quote`."""

    text: str
    supported: bool
    citations: tuple[Citation, ...]
    receipt: Receipt

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON. Money is text, so that no digit is lost."""
        receipt = self.receipt
        cost = receipt.cost
        fields = ("source", "start", "end", "line", "page", "quote")
        return {
            "answer": self.text,
            "supported": self.supported,
            "citations": [{name: getattr(citation, name) for name in fields} for citation in self.citations],
            "receipt": {
                "model": receipt.model,
                "usage": asdict(receipt.usage),
                "cost": None if cost is None else str(cost),
                "cost_unknown_because": list(receipt.invoice.unknown),
                "timing": {
                    "total": receipt.timing.total,
                    "first_token": receipt.timing.first_token,
                    "stages": dict(receipt.timing.stages),
                },
                "changes": [str(change) for change in receipt.changes],
            },
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What the search brought, and the documents behind it as they were then, by their sources."""

    hits: Sequence[Hit]
    documents: Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class _Said:
    """What the model said: an answer, the quotes that support it, and what could not be asked as it was meant."""

    text: str
    quotes: Sequence[Quote]
    responses: Sequence[Response]
    changes: tuple[Change, ...] = ()


async def answer_question(
    question: str, found: Found, client: Client, stopwatch: Stopwatch, show: Show | None
) -> Answer:
    """Ask the model about what was found, by quotation where it ranks choices, in its own words where not."""
    if not found.hits:
        return Answer(REFUSAL, False, (), total_receipt([], stopwatch.timing()))
    way = _quoted if client.ranks_choices else _written
    said = await way(question, found.hits, client, stopwatch, show)
    with stopwatch.stage("check"):
        citations = tuple(_cite(quote, found.documents[quote.chunk.source]) for quote in said.quotes)
    receipt = total_receipt([response.receipt for response in said.responses], stopwatch.timing())
    receipt = replace(receipt, changes=(*receipt.changes, *said.changes))
    if not (citations and said.text):
        return Answer(REFUSAL, False, (), receipt)
    return Answer(said.text, True, citations, receipt)


async def _quoted(question: str, hits: Sequence[Hit], client: Client, stopwatch: Stopwatch, show: Show | None) -> _Said:
    read: list[tuple[Reading, Response]] = []
    too_long: list[ContextOverflow] = []
    with stopwatch.stage("model"):
        for reading in readings(question, hits):
            try:
                read.append((reading, await client.acomplete(reading.request)))
            except ContextOverflow as error:
                too_long.append(error)
    if too_long and not read:
        raise too_long[0]
    with stopwatch.stage("judge"):
        quotes = best_quotes(question, read)
    responses = [response for _, response in read]
    changes = tuple(Change("passages", f"one was not read: {error.message}") for error in too_long)
    text = "\n".join(dict.fromkeys(quote.text for quote in quotes))
    if quotes:
        stopwatch.first_token()
        if show is not None:
            show(text)
    return _Said(text, quotes, responses, changes)


async def _written(
    question: str, hits: Sequence[Hit], client: Client, stopwatch: Stopwatch, show: Show | None
) -> _Said:
    def shown(text: str) -> None:
        stopwatch.first_token()
        if show is not None:
            show(text)

    with stopwatch.stage("model"):
        stream = client.stream(grounded_request(question, hits))
        display = AnswerStream(hits, shown)
        async for event in stream:
            if isinstance(event, TextDelta):
                display.write(event.text)
    text = stream.response.text
    return _Said(answer_text(text), checked_quotes(text, hits), [stream.response])


def _cite(quote: Quote, document: Document) -> Citation:
    start = quote.chunk.start + quote.start
    end = quote.chunk.start + quote.end
    page = page_of(document.pages, start)
    line = None if page is not None else line_of(document.text, start)
    return Citation(shown_path(document.path), start, end, document.text[start:end], line, page)


def shown_path(path: Path) -> str:
    """A path as a person would type it: relative where it lies below the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(path)
