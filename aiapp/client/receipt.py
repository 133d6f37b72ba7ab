"""The response of a call: its completion, with the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.client.call import Call
from aiapp.client.route import full_name
from aiapp.core.events import Completion
from aiapp.core.request import Request
from aiapp.core.response import Change, Receipt, Response
from aiapp.core.secrets import without_secrets
from aiapp.tracking.billing import bill


def shown(payload: Mapping[str, Any], request: Request) -> Mapping[str, Any]:
    """A payload as a receipt may show it: only what a user adds to it by `extra` can hold a key."""
    extra = request.settings.extra
    return (
        {**payload, **without_secrets({name: payload[name] for name in extra if name in payload})} if extra else payload
    )


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
        changes=(*prepared.changes, *(Change(one.field, one.reason, one.lost) for one in completion.altered)),
        payload=shown(prepared.payload, call.request),
        request_id=completion.request_id,
        served=completion.model,
        tier=completion.tier,
        prompt=call.request.prompt,
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
        altered=completion.altered,
        receipt=receipt,
        output=None,
    )
