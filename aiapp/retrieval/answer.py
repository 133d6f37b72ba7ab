"""A question over an index, to an answer with citations and a receipt."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiapp.client.client import Client
from aiapp.core.events import TextDelta
from aiapp.core.parts import Citation
from aiapp.core.response import Receipt, Response, total_receipt
from aiapp.retrieval.documents import Document, Hit, line_of, page_of
from aiapp.retrieval.generation import AnswerStream, answer_text, checked_quotes, grounded_request
from aiapp.retrieval.quotation import REFUSAL, Quote, best_quote, readings
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
    """What the search brought, and the documents behind it."""

    hits: Sequence[Hit]
    document: Callable[[str], Document]


async def answer_question(
    question: str, found: Found, client: Client, stopwatch: Stopwatch, show: Show | None
) -> Answer:
    """Ask the model about what was found, by quotation where it ranks choices, in its own words where not."""
    if not found.hits:
        return Answer(REFUSAL, False, (), total_receipt([], stopwatch.timing()))
    way = _quoted if client.ranks_choices else _written
    text, quotes, responses = await way(question, found.hits, client, stopwatch, show)
    with stopwatch.stage("check"):
        citations = tuple(_cite(quote, found.document(quote.chunk.source)) for quote in quotes)
    receipt = total_receipt([response.receipt for response in responses], stopwatch.timing())
    return Answer(text if citations else REFUSAL, bool(citations), citations, receipt)


async def _quoted(
    question: str, hits: Sequence[Hit], client: Client, stopwatch: Stopwatch, show: Show | None
) -> tuple[str, Sequence[Quote], list[Response]]:
    with stopwatch.stage("model"):
        read = [(reading, await client.acomplete(reading.request)) for reading in readings(question, hits)]
    quote = best_quote(question, read)
    responses = [response for _, response in read]
    if quote is None:
        return "", (), responses
    stopwatch.first_token()
    if show is not None:
        show(quote.text)
    return quote.text, (quote,), responses


async def _written(
    question: str, hits: Sequence[Hit], client: Client, stopwatch: Stopwatch, show: Show | None
) -> tuple[str, Sequence[Quote], list[Response]]:
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
    return answer_text(text), checked_quotes(text, hits), [stream.response]


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
