"""The SDK's exceptions as ours."""

from __future__ import annotations

import anthropic
from anthropic.lib.credentials import WorkloadIdentityError

from aiapp.core import errors
from aiapp.providers.anthropic import NAME
from aiapp.providers.anthropic.failures import failure_class
from aiapp.providers.statuses import retry_after, shortened, should_retry

BY_CLASS: dict[type[anthropic.AnthropicError], type[errors.ProviderError]] = {
    anthropic.APITimeoutError: errors.TimedOut,
    anthropic.APIConnectionError: errors.ConnectionFailed,
    anthropic.APIResponseValidationError: errors.InvalidResponse,
    anthropic.APIError: errors.Unavailable,
    anthropic.CredentialsError: errors.AuthenticationFailed,
    WorkloadIdentityError: errors.AuthenticationFailed,
    anthropic.AnthropicError: errors.BadRequest,
}


def translate(error: anthropic.AnthropicError, model: str) -> errors.ProviderError:
    """Ours for theirs. The text is the provider's message alone: never headers, which hold the key."""
    if isinstance(error, anthropic.APIStatusError):
        message = str(error.api_message or error.message)
        return failure_class(error.type, error.error_code, error.status_code, message)(
            shortened(message),
            provider=NAME,
            model=model,
            status=error.status_code,
            request_id=error.request_id,
            retry_after=retry_after(error.response.headers),
            retryable=should_retry(error.response.headers),
        )
    kind = next(BY_CLASS[parent] for parent in type(error).__mro__ if parent in BY_CLASS)
    return kind(shortened(str(error)), provider=NAME, model=model)
