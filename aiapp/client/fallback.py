"""Fallback: when one model cannot answer, the next is asked."""

from __future__ import annotations

from collections.abc import Sequence

from aiapp.client.call import Call, Opened
from aiapp.client.route import Route
from aiapp.core.errors import BadRequest, ProviderError


def elsewhere(error: ProviderError) -> bool:
    """Whether another model may answer what this one did not: after all but a request that is wrong as it is."""
    return type(error) is not BadRequest


async def open_first(routes: Sequence[Route], call: Call) -> Opened:
    """The answer of the first model that opens one; where none does, the last one's failure."""
    *earlier, last = routes
    for route in earlier:
        try:
            return await route.open(call)
        except ProviderError as error:
            if not elsewhere(error):
                raise
    return await last.open(call)
