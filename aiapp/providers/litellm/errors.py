"""litellm's exceptions as ours, by the names of their classes: nothing of it is imported for the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.core import errors
from aiapp.providers.codes import by_code, fields
from aiapp.providers.litellm import NAME
from aiapp.providers.statuses import error_for, retry_after, shortened

BY_CLASS: Mapping[str, type[errors.ProviderError]] = {
    "AuthenticationError": errors.AuthenticationFailed,
    "PermissionDeniedError": errors.PermissionDenied,
    "PaymentRequiredError": errors.PermissionDenied,
    "BudgetExceededError": errors.PermissionDenied,
    "NotFoundError": errors.NotFound,
    "ContextWindowExceededError": errors.ContextOverflow,
    "ContentPolicyViolationError": errors.ContentFiltered,
    "GuardrailRaisedException": errors.ContentFiltered,
    "BlockedPiiEntityError": errors.ContentFiltered,
    "SensitiveDataRouteException": errors.ContentFiltered,
    "BadRequestError": errors.BadRequest,
    "UnprocessableEntityError": errors.BadRequest,
    "InvalidRequestError": errors.BadRequest,
    "ModelNotMappedError": errors.BadRequest,
    "ModifyResponseException": errors.ContentFiltered,
    "RateLimitError": errors.RateLimited,
    "Timeout": errors.TimedOut,
    "APIConnectionError": errors.ConnectionFailed,
    "APIResponseValidationError": errors.InvalidResponse,
    "BadGatewayError": errors.Unavailable,
    "ServiceUnavailableError": errors.Unavailable,
    "InternalServerError": errors.Unavailable,
    "APIError": errors.Unavailable,
    "OpenAIError": errors.Unavailable,
}
_HEADER = re.compile(r"(?<=Illegal header value).*", re.DOTALL)
"""It may be a key of the environment, which only litellm knows."""
_VAGUE = (errors.BadRequest, errors.Unavailable)


def _by_class(error: BaseException) -> type[errors.ProviderError] | None:
    return next((BY_CLASS[parent.__name__] for parent in type(error).__mro__ if parent.__name__ in BY_CLASS), None)


def _beneath(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it was made of."""
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__


def _told(error: BaseException) -> type[errors.ProviderError] | None:
    """What a provider's own code says, or a connection that broke: litellm makes server errors of both."""
    facts: Any = error
    named = by_code(fields(getattr(facts, "body", None)))
    return errors.ConnectionFailed if named is None and _by_class(error) is errors.ConnectionFailed else named


def translate(error: Exception, model: str, key: str | None) -> errors.ProviderError | None:
    """Ours for theirs; None for an exception that is not litellm's or of a client beneath it."""
    kind = _by_class(error)
    if kind is None:
        return None
    facts: Any = error
    status: Any = getattr(facts, "status_code", None)
    status = status if isinstance(status, int) else None
    if kind in _VAGUE:
        kind = next(filter(None, map(_told, _beneath(error))), kind)
    if status is not None:
        kind = error_for(kind, status)
    response: Any = getattr(facts, "response", None)
    headers: Mapping[str, str] = getattr(facts, "litellm_response_headers", None) or getattr(response, "headers", {})
    message = str(getattr(facts, "message", None) or error)
    message = _HEADER.sub("", message.replace(key, "...") if key else message)
    return kind(
        shortened(message),
        provider=NAME,
        model=model,
        status=status,
        request_id=headers.get("x-request-id"),
        retry_after=retry_after(headers),
    )
