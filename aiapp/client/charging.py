"""What a try that failed may have been charged: nothing where no model ran, else as much as the try could take."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from decimal import Decimal

from aiapp.client.bounds import bound
from aiapp.client.call import Call
from aiapp.client.failure import was_refused
from aiapp.core.errors import ConnectionFailed, ProviderError

_NOTHING = Decimal(0)


def at_most(call: Call, error: ProviderError) -> Decimal | None:
    """US dollars that a failed try may have been charged, which stand on no invoice; None where nobody knows."""
    if call.provider.free or no_model_ran(error):
        return _NOTHING
    return bound(call.provider, call.request, call.prepared, datetime.now(UTC)).money


def no_model_ran(error: BaseException) -> bool:
    """Whether it is sure that nothing is charged: the provider refused the request, or nobody received it."""
    return isinstance(error, ProviderError) and (was_refused(error.status) or _never_connected(error))


def _never_connected(error: ProviderError) -> bool:
    """Whether nobody listened, or the host has no address: all that an SDK raises keeps what the system said."""
    cause: BaseException | None = error if isinstance(error, ConnectionFailed) else None
    while cause is not None and not isinstance(cause, ConnectionRefusedError | socket.gaierror):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
