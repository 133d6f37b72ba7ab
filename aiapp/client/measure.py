"""What else a model is asked: vectors of texts, and how many tokens a request takes."""

from __future__ import annotations

from collections.abc import Sequence

from aiapp.client.budget import Budget
from aiapp.client.call import Call
from aiapp.client.failure import unsettled
from aiapp.client.receipt import invoice_of
from aiapp.client.recording import record
from aiapp.client.route import Route
from aiapp.core.accepted import AT_LEAST_ONE, TEXT, several
from aiapp.core.embeddings import Embeddings, Vectors
from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.events import Event, Started, UsageReport
from aiapp.core.invoice import Invoice
from aiapp.core.messages import user
from aiapp.core.request import Request, Settings
from aiapp.core.response import Receipt
from aiapp.core.usage import Usage
from aiapp.providers.counting import Count
from aiapp.providers.protocol import Counts, Embeds, encoded_texts
from aiapp.tracking.scope import here


async def embed(
    route: Route, texts: Sequence[str], dimensions: int | None, budgets: tuple[Budget, ...] = ()
) -> Embeddings:
    """One vector for each text, with the receipt; nothing is sent where there is no text."""
    provider = route.provider
    if not isinstance(provider, Embeds):
        raise InvalidInput("model", route.model, "a model that embeds")
    held = list(several("texts", texts, "several texts; for one, a list of one"))
    TEXT.check_each("texts", held)
    if dimensions is not None:
        AT_LEAST_ONE.check("dimensions", dimensions)
        dimensions = int(dimensions)
    call = Call(_about(held), provider, budgets=budgets)
    with record(call, here() if held else None, kind="embedding") as recording:
        vectors = Vectors([], provider.model, Usage(0, 0))
        if held:
            try:
                vectors = await route.attempt(call, lambda: provider.aembed(held, dimensions), _said)
            except AiappError as error:
                if call.sent:
                    unknown = Vectors([], "", Usage())
                    error.receipt = unsettled(_receipt(route, call, unknown, held, dimensions), call, error)
                raise
        receipt = _receipt(route, call, vectors, held, dimensions)
        if recording is not None:
            recording.settled(receipt)
    return Embeddings(vectors.vectors, vectors.model, vectors.usage, vectors.request_id, receipt=receipt)


def _receipt(route: Route, call: Call, vectors: Vectors, held: list[str], dimensions: int | None) -> Receipt:
    return Receipt(
        model=route.model,
        usage=vectors.usage,
        invoice=invoice_of(call, vectors.usage, vectors.model) if held else Invoice(),
        timing=call.stopwatch.timing(),
        attempts=tuple(call.attempts),
        payload=encoded_texts(route.provider, held, dimensions),
        request_id=vectors.request_id,
        served=vectors.model,
    )


def _said(vectors: Vectors) -> Sequence[Event]:
    return (Started(vectors.model), UsageReport(vectors.usage))


def _about(texts: list[str]) -> Request:
    """What the limits estimate tokens from: an embedding takes those of its texts, and writes none."""
    return Request(tuple(map(user, texts)), settings=Settings(max_tokens=1))


async def count(route: Route, request: Request) -> Count:
    """The tokens of a request, as the provider counts them where it does: free of charge, so no budget is asked."""
    provider = route.provider
    if not isinstance(provider, Counts):
        raise InvalidInput("model", route.model, "a model whose provider counts tokens")
    return await route.attempt(Call(request, provider), lambda: provider.acount_tokens(request))
