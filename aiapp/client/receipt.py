"""The response of a call: its completion, with the receipt."""

from __future__ import annotations

from aiapp.client.call import Call
from aiapp.client.route import full_name
from aiapp.core.events import Completion
from aiapp.core.response import Receipt, Response
from aiapp.tracking.billing import bill


def response_of(completion: Completion, call: Call) -> Response:
    """The completion of a call, with its receipt."""
    provider = call.provider
    prepared = call.prepared or provider.prepare(call.request)
    model = full_name(provider)
    receipt = Receipt(
        model=model,
        usage=completion.usage,
        invoice=bill(completion.usage, model=model, free=provider.free, cached=call.cached),
        timing=call.stopwatch.timing(),
        attempts=tuple(call.attempts),
        changes=prepared.changes,
        payload=prepared.payload,
        request_id=completion.request_id,
        served=completion.model,
        tier=completion.tier,
        prompt=call.request.prompt,
        prompt_name=call.request.prompt_name,
        cached=call.cached,
    )
    return Response(
        model=completion.model,
        parts=completion.parts,
        finish=completion.finish,
        usage=completion.usage,
        id=completion.id,
        request_id=completion.request_id,
        tier=completion.tier,
        alternatives=completion.alternatives,
        receipt=receipt,
        output=None,
    )
