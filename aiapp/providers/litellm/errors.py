"""litellm's exceptions as ours, by the names of their classes: nothing of it is imported for the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core import errors
from aiapp.providers.litellm import NAME
from aiapp.providers.statuses import error_for, retry_after

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
_LONGEST = 500


def translate(error: Exception, model: str, key: str | None) -> errors.ProviderError | None:
    """Ours for theirs; None for an exception that is not litellm's or of a client beneath it."""
    kind = next((BY_CLASS[parent.__name__] for parent in type(error).__mro__ if parent.__name__ in BY_CLASS), None)
    if kind is None:
        return None
    facts: Any = error
    status: Any = getattr(facts, "status_code", None)
    status = status if isinstance(status, int) else None
    if status is not None:
        kind = error_for(kind, status)
    response: Any = getattr(facts, "response", None)
    headers: Mapping[str, str] = getattr(facts, "litellm_response_headers", None) or getattr(response, "headers", {})
    message = str(getattr(facts, "message", None) or error)
    message = message.replace(key, "...") if key else message
    return kind(
        message if len(message) <= _LONGEST else f"{message[:_LONGEST]}...",
        provider=NAME,
        model=model,
        status=status,
        request_id=headers.get("x-request-id"),
        retry_after=retry_after(headers),
    )
