"""Fallback: when one model cannot answer, the next is asked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from aiapp.client.call import Call, Opened
from aiapp.client.route import Route
from aiapp.core.errors import AiappError, BadRequest, InvalidInput, NotHonoured, ProviderError
from aiapp.core.response import Attempt

UNFIT = (BadRequest, InvalidInput, NotHonoured)
"""What is raised of a request that a model cannot take: a fallback is passed over, since one before it could."""


def elsewhere(error: ProviderError) -> bool:
    """Whether another model may answer what this one did not: after all but a request that is wrong as it is."""
    return type(error) is not BadRequest


async def open_first(routes: Sequence[Route], call: Call) -> Opened:
    """The answer of the first model that opens one; where none does, the failure of the last that takes the request."""
    first, *others = routes
    try:
        return await first.open(call)
    except ProviderError as error:
        if not elsewhere(error):
            raise
        failed, asked = error, (call.provider, call.prepared)
    for route in others:
        tries = len(call.attempts)
        unfit: AiappError | None = None
        try:
            return await route.open(call)
        except ProviderError as error:
            if elsewhere(error):
                failed, asked = error, (call.provider, call.prepared)
            else:
                unfit = error
        except (InvalidInput, NotHonoured) as error:
            unfit = error
        if unfit is not None and len(call.attempts) == tries:
            call.attempts.append(Attempt(route.model, 0.0, type(unfit).__name__, at_most=Decimal(0)))
    call.provider, call.prepared = asked
    raise failed
