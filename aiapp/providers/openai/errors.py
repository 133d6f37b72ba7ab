"""The SDK's exceptions as ours, for both of its wires and every vendor that speaks them."""

from __future__ import annotations

from typing import Any

import openai

from aiapp.core import errors
from aiapp.providers.codes import by_code
from aiapp.providers.reading import fields
from aiapp.providers.statuses import error_for, retry_after, should_retry, timed_out

BY_CLASS: dict[type[openai.OpenAIError], type[errors.ProviderError]] = {
    openai.APITimeoutError: errors.TimedOut,
    openai.APIConnectionError: errors.ConnectionFailed,
    openai.APIResponseValidationError: errors.InvalidResponse,
    openai.APIError: errors.Unavailable,
    openai.OpenAIError: errors.BadRequest,
}


def translate(error: openai.OpenAIError, provider: str, model: str) -> errors.ProviderError:
    """Ours for theirs. The text is the vendor's message alone: never headers."""
    if isinstance(error, openai.APIStatusError):
        body = fields(error.body)
        kind = error_for(by_code(body), error.status_code)
        message: Any = body.get("message")
        return kind(
            message if isinstance(message, str) and message else error.message,
            provider=provider,
            model=model,
            status=error.status_code,
            request_id=error.request_id,
            retry_after=retry_after(error.response.headers),
            retryable=should_retry(error.response.headers),
        )
    kind = next(BY_CLASS[parent] for parent in type(error).__mro__ if parent in BY_CLASS)
    if kind is errors.TimedOut and not timed_out(error):
        kind = errors.ConnectionFailed
    said = _unconnected(error) if kind is errors.ConnectionFailed else str(error)
    return kind(said, provider=provider, model=model)


def _unconnected(error: openai.OpenAIError) -> str:
    """What the system says of a connection that failed; the SDK says "timed out" of one that was refused, too."""
    bottom: BaseException = error
    while bottom.__cause__ is not None:
        bottom = bottom.__cause__
    if isinstance(bottom, OSError) and bottom.strerror:
        return f"Connection error: {bottom.strerror}"
    return "Connection error" if isinstance(error, openai.APITimeoutError) else str(error)
