"""Failures as the API names them, in answers and in streams; loads no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core import errors
from aiapp.providers.anthropic import NAME
from aiapp.providers.reading import as_label, fields
from aiapp.providers.statuses import error_for, shortened

BY_TYPE: Mapping[str, type[errors.ProviderError]] = {
    "invalid_request_error": errors.BadRequest,
    "authentication_error": errors.AuthenticationFailed,
    "billing_error": errors.PermissionDenied,
    "permission_error": errors.PermissionDenied,
    "not_found_error": errors.NotFound,
    "request_too_large": errors.BadRequest,
    "rate_limit_error": errors.RateLimited,
    "timeout_error": errors.TimedOut,
    "api_error": errors.Unavailable,
    "overloaded_error": errors.Overloaded,
    "conflict_error": errors.Unavailable,
    "memory_precondition_failed_error": errors.BadRequest,
    "memory_path_conflict_error": errors.BadRequest,
}
BY_CODE: Mapping[str, type[errors.ProviderError]] = {
    # Waiting lifts no limit on what may be spent, so these are not rate limits, whatever their status (429) says.
    "contract_spend_limit_reached": errors.PermissionDenied,
    "enforced_spend_limit_reached": errors.PermissionDenied,
}
"""What says more than its type: the code in the details of an error."""
_OVERFLOWS = ("prompt is too long", "exceed context limit", "input is too long")
"""The one place where a message is read: the API has no error code for a prompt that is too long (anthropic 2.11)."""


def failure_class(kind: object, code: object, status: int | None, message: str) -> type[errors.ProviderError]:
    """Our error for a type and a code of the API's, and the status that they came with, if any."""
    found = error_for(BY_CODE.get(as_label(code) or "", BY_TYPE.get(as_label(kind) or "")), status)
    if found is errors.BadRequest and any(overflow in message.lower() for overflow in _OVERFLOWS):
        return errors.ContextOverflow
    return found


def streamed_failure(event: Mapping[str, Any], model: str) -> errors.ProviderError:
    """Our error for an `error` event."""
    error = fields(event.get("error"))
    message = str(error.get("message") or "the stream failed")
    kind = failure_class(error.get("type"), fields(error.get("details")).get("error_code"), None, message)
    return kind(shortened(message), provider=NAME, model=model, request_id=as_label(event.get("request_id")))
