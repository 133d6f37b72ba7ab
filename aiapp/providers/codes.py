"""What the codes mean by which failures are named in the language of Chat Completions, litellm's too. Loads no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core import errors
from aiapp.providers.reading import fields
from aiapp.providers.statuses import error_for

BY_CODE: Mapping[str, type[errors.ProviderError]] = {
    "bio_policy": errors.ContentFiltered,
    "content_filter": errors.ContentFiltered,
    "content_policy_violation": errors.ContentFiltered,
    "image_content_policy_violation": errors.ContentFiltered,
    "invalid_prompt": errors.ContentFiltered,  # OpenAI: "flagged as potentially violating our usage policy"
    "misalignment_policy_violation": errors.ContentFiltered,
    "ResponsibleAIPolicyViolation": errors.ContentFiltered,  # Azure, as the inner error
    "context_length_exceeded": errors.ContextOverflow,
    "exceed_context_size_error": errors.ContextOverflow,  # llama.cpp, as the type
    "request_too_large": errors.ContextOverflow,
    # Waiting does not refill an account, so these are not rate limits, whatever their status (429) says.
    "billing_hard_limit_reached": errors.PermissionDenied,
    "billing_not_active": errors.PermissionDenied,
    "insufficient_quota": errors.PermissionDenied,
    "unsupported_country_region_territory": errors.PermissionDenied,
    "invalid_api_key": errors.AuthenticationFailed,
    "DeploymentNotFound": errors.NotFound,
    "model_not_found": errors.NotFound,
    "rate_limit_exceeded": errors.RateLimited,
    "engine_overloaded": errors.Overloaded,
    "server_overloaded": errors.Overloaded,
    "slow_down": errors.Overloaded,
    "server_error": errors.Unavailable,
    "vector_store_timeout": errors.Unavailable,
}


def by_code(error: Mapping[str, Any]) -> type[errors.ProviderError] | None:
    """The error that a body names by its code, its type or the code inside it; None where none is known."""
    named = (str(name) for name in (error.get("code"), error.get("type"), fields(error.get("innererror")).get("code")))
    return next((BY_CODE[name] for name in named if name in BY_CODE), None)


def failure(error: object, provider: str, model: str) -> errors.ProviderError:
    """Ours for an error that came inside an answer; a number as its code is an HTTP status."""
    body = fields(error) or {"message": error}
    code: Any = body.get("code")
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    kind = error_for(by_code(body), status)
    message = str(body.get("message") or "the answer failed")
    return kind(message, provider=provider, model=model, status=status)
