"""Failures in OpenAI's and in Anthropic's words: the usual ones of each status, unless others are given."""

from __future__ import annotations

from typing import Any

_BUSY = ("service_unavailable_error", "server_overloaded", "The server is overloaded or not ready yet.")
_OPENAI: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "Country, region, or territory refused."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests per minute."),
    503: _BUSY,
    529: _BUSY,  # not OpenAI's own status; gateways send it
}
_OPENAI_REFUSED = ("invalid_request_error", None, "The request could not be served.")
_OPENAI_OTHER = ("server_error", None, "The server had an error while processing your request.")
_ANTHROPIC: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "Invalid request."),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low."),
    403: ("permission_error", "Your API key may not use this resource."),
    404: ("not_found_error", "model: not found"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your rate limit."),
    504: ("timeout_error", "Request timed out"),
    529: ("overloaded_error", "Overloaded"),
}
_ANTHROPIC_REFUSED = ("invalid_request_error", "The request could not be served.")
_ANTHROPIC_OTHER = ("api_error", "Internal server error")
CONTEXT_OVERFLOW = "context_length_exceeded"
_OVERFLOW_MESSAGES = {
    "openai": "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
}


def openai_failure(status: int, message: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error body of OpenAI's."""
    kind, usual_code, usual = _OPENAI.get(status, _OPENAI_OTHER if status >= 500 else _OPENAI_REFUSED)
    if code == CONTEXT_OVERFLOW:
        usual = _OVERFLOW_MESSAGES["openai"]
    shown = usual if message is None else message
    return {"error": {"message": shown, "type": kind, "param": None, "code": usual_code if code is None else code}}


def anthropic_failure(status: int, message: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error body of Anthropic's, which has no codes: a context overflow shows in the message alone."""
    kind, usual = _ANTHROPIC.get(status, _ANTHROPIC_OTHER if status >= 500 else _ANTHROPIC_REFUSED)
    if code == CONTEXT_OVERFLOW:
        usual = _OVERFLOW_MESSAGES["anthropic"]
    shown = usual if message is None else message
    return {"type": "error", "error": {"type": kind, "message": shown}, "request_id": "req_1"}
