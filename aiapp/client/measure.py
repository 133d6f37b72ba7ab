"""What else a model is asked: vectors of texts, and how many tokens a request takes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aiapp.client.budget import Budget
from aiapp.client.call import Call
from aiapp.client.failure import unsettled
from aiapp.client.receipt import invoice_of
from aiapp.client.recording import record
from aiapp.client.route import Route
from aiapp.core.accepted import AT_LEAST_ONE, TEXT, several
from aiapp.core.embeddings import Embeddings, Vectors
from aiapp.core.errors import AiappError, InvalidInput, NotHonoured
from aiapp.core.events import Event, Started, UsageReport
from aiapp.core.invoice import Invoice, total_invoice
from aiapp.core.messages import user
from aiapp.core.request import Request, Settings
from aiapp.core.response import Receipt
from aiapp.core.usage import Usage, total_usage
from aiapp.providers.counting import Count
from aiapp.providers.protocol import Counts, Embeds, batches_of, encoded_texts
from aiapp.tracking.scope import here


async def embed(
    route: Route, texts: Sequence[str], dimensions: int | None, budgets: tuple[Budget, ...] = ()
) -> Embeddings:
    """One vector for each text, with the receipt; nothing is sent where there is no text.

    Where a request cannot hold them all there are several, each tried on its own.
    """
    provider = route.provider
    if not isinstance(provider, Embeds):
        raise InvalidInput("model", route.model, "a model that embeds")
    held = list(several("texts", texts, "several texts; for one, a list of one"))
    TEXT.check_each("texts", held)
    if dimensions is not None:
        AT_LEAST_ONE.check("dimensions", dimensions)
        dimensions = int(dimensions)
    call, parts, invoices = Call(_about(held), provider, budgets=budgets), list[Vectors](), list[Invoice]()

    def receipt(vectors: Vectors) -> Receipt:
        return Receipt(
            model=route.model,
            usage=vectors.usage,
            invoice=total_invoice(invoices),
            timing=call.stopwatch.timing(),
            attempts=tuple(call.attempts),
            changes=vectors.changes,
            payload=encoded_texts(provider, held, dimensions),
            request_id=vectors.request_id,
            served=vectors.model,
        )

    with record(call, here() if held else None, kind="embedding") as recording:
        try:
            for batch in batches_of(provider, held):
                call.request, call.began = _about(batch), None
                parts.append(await route.attempt(call, partial(provider.aembed, batch, dimensions), _said))
                invoices.append(invoice_of(call, parts[-1].usage, parts[-1].model))
        except AiappError as error:
            if call.sent:
                known = receipt(_joined([*parts, Vectors([], parts[-1].model if parts else "", Usage())]))
                error.receipt = unsettled(known, call, error)
                if recording is not None:
                    recording.settled(error.receipt, error)
            raise
        finally:
            call.request = _about(held)
        vectors = _joined(parts) if held else Vectors([], provider.model, Usage(0, 0))
        if recording is not None:
            recording.settled(receipt(vectors))
    if route.strict and (lost := tuple(change for change in vectors.changes if change.lost)):
        raise NotHonoured(route.model, lost)
    return Embeddings(
        vectors.vectors, vectors.model, vectors.usage, vectors.request_id, vectors.changes, receipt=receipt(vectors)
    )


def _joined(parts: Sequence[Vectors]) -> Vectors:
    """The vectors of several requests as those of one."""
    if len(parts) == 1:
        return parts[0]
    return Vectors(
        [vector for part in parts for vector in part.vectors],
        parts[-1].model,
        total_usage(part.usage for part in parts),
        parts[-1].request_id,
        tuple(dict.fromkeys(change for part in parts for change in part.changes)),
    )


def _said(vectors: Vectors) -> Sequence[Event]:
    return (Started(vectors.model), UsageReport(vectors.usage))


def _about(texts: Sequence[str]) -> Request:
    """What the limits estimate tokens from: an embedding takes those of its texts, and writes none."""
    return Request(tuple(map(user, texts)), settings=Settings(max_tokens=1))


async def count(route: Route, request: Request) -> Count:
    """The tokens of a request, as the provider counts them where it does: free of charge, so no budget is asked."""
    provider = route.provider
    if not isinstance(provider, Counts):
        raise InvalidInput("model", route.model, "a model whose provider counts tokens")
    return await route.attempt(Call(request, provider), lambda: provider.acount_tokens(request))
