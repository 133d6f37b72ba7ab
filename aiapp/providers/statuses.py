"""HTTP failures that mean the same at every provider."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiapp.core import errors

BY_STATUS: Mapping[int, type[errors.ProviderError]] = {
    400: errors.BadRequest,
    401: errors.AuthenticationFailed,
    402: errors.PermissionDenied,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    408: errors.TimedOut,
    409: errors.Unavailable,
    413: errors.BadRequest,
    422: errors.BadRequest,
    429: errors.RateLimited,
    529: errors.Overloaded,
}
_LONGEST = 500
_VAGUE = (errors.BadRequest, errors.Unavailable)
"""They say no more than whose fault it is, and so does every status."""


def error_for_status(status: int) -> type[errors.ProviderError]:
    """The error of a status; an unlisted one below 500 is the request's fault, any other the provider's."""
    return BY_STATUS.get(status, errors.BadRequest if status < 500 else errors.Unavailable)


def error_for(named: type[errors.ProviderError] | None, status: int | None) -> type[errors.ProviderError]:
    """The error of a failure whose body names one, or none, and whose status is known, or not.

    A body may say more precisely what its status says. Where the two contradict, the status has the last word: what it
    calls the request's own fault is not tried again, whatever the body calls it.
    """
    if status is None:
        return named or errors.Unavailable
    by_status = error_for_status(status)
    if named is None or named in _VAGUE or (named.retryable and not by_status.retryable):
        return by_status
    return named


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the provider asks to wait, never below 0; None where it does not say.

    It may name them, or a date; that is counted from the date of the answer, so that the two clocks need not agree.
    """
    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / per_second
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    until = _date(headers.get("retry-after"))
    if until is None:
        return None
    return max(0.0, (until - (_date(headers.get("date")) or datetime.now(UTC))).total_seconds())


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """Whether the provider itself says that a failure may be tried again, or may not; None where it does not say."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())


def _date(text: str | None) -> datetime | None:
    """The date of a header, in any of HTTP's three forms; all of them are in UTC."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def shortened(message: str) -> str:
    """A message that fits in a line: a gateway may answer with a whole page."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}..."


def timed_out(error: BaseException) -> bool:
    """Whether time ran out at the bottom of it: an SDK's transport says "timeout" of dropped connections too."""
    import httpx2

    while error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, TimeoutError | httpx2.TimeoutException)
