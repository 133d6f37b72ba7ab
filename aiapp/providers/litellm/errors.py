"""litellm's exceptions as ours, by the names of their classes: nothing of it is imported for the table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiapp.core import errors
from aiapp.providers.access import without_keys
from aiapp.providers.codes import by_code
from aiapp.providers.litellm import NAME
from aiapp.providers.reading import fields
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
    # of the clients beneath it: openai, httpx, aiohttp, botocore, pydantic and Python
    "APITimeoutError": errors.TimedOut,
    "ContentFilterFinishReasonError": errors.ContentFiltered,
    "LengthFinishReasonError": errors.InvalidResponse,
    "TimeoutException": errors.TimedOut,
    "HTTPStatusError": errors.Unavailable,
    "InvalidURL": errors.BadRequest,
    "UnsupportedProtocol": errors.BadRequest,
    "DecodingError": errors.InvalidResponse,
    "TooManyRedirects": errors.InvalidResponse,
    "RequestError": errors.ConnectionFailed,
    "ClientConnectionError": errors.ConnectionFailed,
    "ClientPayloadError": errors.ConnectionFailed,
    "NoCredentialsError": errors.AuthenticationFailed,
    "SSRFError": errors.BadRequest,
    "JSONDecodeError": errors.InvalidResponse,
    "ValidationError": errors.InvalidResponse,
    "TimeoutError": errors.TimedOut,
    "ConnectionError": errors.ConnectionFailed,
    "gaierror": errors.ConnectionFailed,
}
_HEADER = re.compile(r"(?<=Illegal header value).*", re.DOTALL)
"""It may be a key of the environment, which only litellm knows."""
_IDS = ("x-request-id", "request-id", "x-amzn-requestid")
_VAGUE = (errors.BadRequest, errors.Unavailable)


def by_class(error: BaseException) -> type[errors.ProviderError] | None:
    """What the table calls it; None for one that it does not know."""
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
    return errors.ConnectionFailed if named is None and by_class(error) is errors.ConnectionFailed else named


def translate(error: Exception, model: str, keys: Iterable[str] = ()) -> errors.ProviderError:
    """Ours for whatever comes out of litellm, without the `keys` that its message may repeat.

    One that the table does not know is what its status says or, where it has none, a failure of no kind that is not
    tried again: it may well be a mistake in a program, and its class is named.
    """
    facts: Any = error
    response: Any = getattr(facts, "response", None)
    headers: Mapping[str, str] = getattr(facts, "litellm_response_headers", None) or getattr(response, "headers", {})
    status = _status(facts, response)
    message = str(getattr(facts, "message", None) or error)
    if by_class(error) is None:
        message = f"{type(error).__name__}: {message}"
    return _kind(error, status)(
        shortened(_HEADER.sub("", without_keys(message, keys))),
        provider=NAME,
        model=model,
        status=status,
        request_id=request_id(headers),
        retry_after=retry_after(headers),
    )


def request_id(headers: Mapping[str, Any]) -> str | None:
    """The provider's id of a request, by its own headers or as litellm passes them on."""
    found = (headers.get(f"{prefix}{name}") for name in _IDS for prefix in ("", "llm_provider-"))
    return next((one for one in found if isinstance(one, str) and one), None)


def _kind(error: Exception, status: int | None) -> type[errors.ProviderError]:
    kind = by_class(error)
    if kind in _VAGUE:
        kind = next(filter(None, map(_told, _beneath(error))), kind)
    if status is not None:
        return error_for(kind, status)
    return kind or errors.ProviderError


def _status(facts: Any, response: Any) -> int | None:
    """The HTTP status of a failure; httpx keeps it with the response alone."""
    found = (getattr(facts, "status_code", None), getattr(response, "status_code", None))
    return next((one for one in found if isinstance(one, int) and 400 <= one < 600), None)
