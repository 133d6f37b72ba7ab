"""The SDK's exceptions as ours."""

from __future__ import annotations

import openai

from aiapp.core import errors
from aiapp.providers.openai.encode import NAME
from aiapp.providers.statuses import error_for_status, retry_after

BY_CLASS: dict[type[openai.OpenAIError], type[errors.ProviderError]] = {
    openai.APITimeoutError: errors.TimedOut,
    openai.APIConnectionError: errors.ConnectionFailed,
    openai.APIResponseValidationError: errors.InvalidResponse,
    openai.APIError: errors.Unavailable,
    openai.OpenAIError: errors.BadRequest,
}
BY_CODE: dict[str, type[errors.ProviderError]] = {
    "context_length_exceeded": errors.ContextOverflow,
    "content_filter": errors.ContentFiltered,
    "content_policy_violation": errors.ContentFiltered,
    "server_overloaded": errors.Overloaded,
}


def translate(error: openai.OpenAIError, model: str) -> errors.ProviderError:
    """Ours for theirs. The text is the provider's message alone: never headers, which hold the key."""
    if isinstance(error, openai.APIStatusError):
        kind = BY_CODE.get(str(error.code), error_for_status(error.status_code))
        return kind(
            error.message,
            provider=NAME,
            model=model,
            status=error.status_code,
            request_id=error.request_id,
            retry_after=retry_after(error.response.headers),
        )
    kind = next(BY_CLASS[parent] for parent in type(error).__mro__ if parent in BY_CLASS)
    return kind(str(error), provider=NAME, model=model)
