"""Every error that aiapp raises on purpose.

AiappError
├── InvalidInput              a value that was given cannot be used: field, value, what would be accepted
├── MissingDependency         an optional package is not installed
├── MissingKey                a provider needs an API key and none was found
├── UnknownModel              no provider answers to this model name
├── AnswerInvalid             the model's answer does not fit the type that was asked for: text, reason
├── StepFailed                a step of a chain failed: step, cause, value, the results of the steps before it
├── BatchFailed               a batch ended at a fault of the program: cause, place, the results so far
├── NotHonoured               a strict client would have had to drop something: changes
├── OverBudget                a call may take more than a budget has left: dimension, limit, spent, may_take
└── ProviderError             the provider, or the way to it, failed: provider, model, status, request_id
    ├── AuthenticationFailed  401: the key was refused
    ├── PermissionDenied      403
    ├── NotFound              404: no such model or endpoint
    ├── BadRequest            400, 413, 422: the request cannot be served as it is
    │   ├── ContextOverflow   the prompt is longer than the model's context window
    │   └── ContentFiltered   the provider's safety system refused the request
    ├── RateLimited           429 (retryable)
    ├── Overloaded            529 or an overload signal (retryable)
    ├── Unavailable           500, 502, 503, 504 (retryable)
    ├── TimedOut              no answer within the timeout (retryable)
    ├── ConnectionFailed      no connection, or it broke (retryable)
    └── InvalidResponse       an answer arrived that is not one of the provider's
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aiapp.core.secrets import without_secrets

if TYPE_CHECKING:
    from aiapp.core.events import Completion
    from aiapp.core.response import Change, Receipt, Response


class AiappError(Exception):
    """The root: catch it to catch everything that aiapp raises on purpose.

    `receipt` is that of the call which the error ended: every attempt, and the money as far as it is known; where an
    answer was asked for again, that of all the calls. None where nothing was sent, and where tokens were counted.
    """

    receipt: Receipt | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is, not made anew from what it says: another process, or a copy, has all of it."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[AiappError], args: tuple[object, ...]) -> AiappError:
    return kind.__new__(kind, *args)


class InvalidInput(AiappError, ValueError):
    """A value that the caller gave cannot be used. It is shown without the secrets of URLs that it has."""

    def __init__(self, field: str, value: object, accepted: str) -> None:
        self.field, self.value, self.accepted = field, value, accepted
        shown: str = without_secrets(repr(value))
        shown = shown if len(shown) <= 120 else f"{shown[:117]}..."
        super().__init__(f"{field}: {shown} cannot be used; accepted: {accepted}")


class MissingDependency(AiappError, ImportError):
    """An optional package is needed for what was asked."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"{package} is not installed; install it with: python -m pip install 'aiapp[{extra}]'")


class MissingKey(AiappError):
    """A provider needs an API key and none was given or found in the environment."""

    def __init__(self, provider: str, variable: str) -> None:
        self.provider, self.variable = provider, variable
        super().__init__(f"{provider} needs an API key: set {variable}, or use the model 'local', which needs none")


class UnknownModel(AiappError, LookupError):
    """No provider answers to this model name."""

    def __init__(self, model: str, accepted: str) -> None:
        self.model, self.accepted = model, accepted
        super().__init__(f"unknown model {model!r}; accepted: {accepted}")


class AnswerInvalid(AiappError):
    """The model's last answer does not fit the type that was asked for.

    `response` is that answer, with the receipt of all attempts.
    """

    def __init__(self, reason: str, response: Response[Any]) -> None:
        self.reason, self.response, self.receipt = reason, response, response.receipt
        super().__init__(f"the answer cannot be used: {reason}")


class NotHonoured(AiappError):
    """A strict client would have had to drop or change what was asked for; nothing was sent."""

    def __init__(self, model: str, changes: tuple[Change, ...]) -> None:
        self.model, self.changes = model, changes
        super().__init__(f"{model} cannot honour {'; '.join(map(str, changes))}")


class OverBudget(AiappError):
    """A call may take more than a budget has left; nothing of it was sent, or its time is over while its stream comes.

    `dimension` is `money` (US dollars), `tokens`, `calls` or `seconds`. `may_take` is the most that the call may take
    of it; None where that is not known, which `reason` explains. `said` is what a stream said that was ended.
    """

    said: Completion | None = None

    def __init__(
        self,
        model: str,
        dimension: str,
        limit: Decimal | float,
        spent: Decimal | float,
        may_take: Decimal | float | None = None,
        reason: str = "",
    ) -> None:
        self.model, self.dimension, self.limit, self.spent = model, dimension, limit, spent
        self.may_take, self.reason = may_take, reason
        sign = "$" if dimension == "money" else ""
        unit = "" if sign else f" {dimension}"
        of = f"of a budget of {sign}{limit}{unit}, {sign}{spent} is spent"
        if dimension == "seconds":
            said = f"{model} {reason or 'is not asked any more'}: {of}"
        elif may_take is None:
            said = f"how much {dimension} {model} may take is unknown ({reason}); {of}"
        else:
            said = f"{model} may take {sign}{may_take}{unit}; {of}"
        super().__init__(said)


class StepFailed(AiappError):
    """A step of a chain failed.

    `step` is its path in the chain, `cause` what it raised, `value` what it was given, and `results` what the steps
    that ended before gave, by their paths.
    """

    def __init__(self, step: str, cause: Exception, value: object, results: Mapping[str, Any]) -> None:
        self.step, self.cause, self.value, self.results = step, cause, value, results
        self.receipt = cause.receipt if isinstance(cause, AiappError) else None
        super().__init__(f"step {step}: {type(cause).__name__}: {cause}")


class BatchFailed(AiappError):
    """A batch ended at what is no failure of one call: a fault of the program, such as of a middleware of yours.

    `cause` is that error, and `place` the number of the request that met it, from 0; None where it came from what gives
    the requests, or from `on_progress`. `results` is what was done by then, answers and failures by their places; what
    was in flight is cancelled.
    """

    def __init__(self, cause: Exception, place: int | None, results: Mapping[int, Any]) -> None:
        self.cause, self.place, self.results = cause, place, results
        where = "what gives the requests, or on_progress" if place is None else f"request {place}"
        super().__init__(f"{where}: {type(cause).__name__}: {cause}; `results` holds the {len(results)} that were done")


class ProviderError(AiappError):
    """The provider, or the way to it, failed.

    `status` is the HTTP status where there was one, `retry_after` the wait in seconds that the provider asked for.
    `retryable` is whether it may be tried again: as the kind of error has it, unless the provider itself says.
    """

    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        model: str,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
    ) -> None:
        if retryable is not None:
            self.retryable = retryable
        self.message, self.provider, self.model = message, provider, model
        self.status, self.request_id, self.retry_after = status, request_id, retry_after
        code = "" if status is None else f" [{status}]"
        super().__init__(f"{provider}:{model}{code}: {message}")


class AuthenticationFailed(ProviderError):
    """The key was refused."""


class PermissionDenied(ProviderError):
    """The key is known but may not do this."""


class NotFound(ProviderError):
    """The provider has no such model or endpoint."""


class BadRequest(ProviderError):
    """The request cannot be served as it is."""


class ContextOverflow(BadRequest):
    """The prompt is longer than the model's context window."""


class ContentFiltered(BadRequest):
    """The provider's safety system refused the request."""


class RateLimited(ProviderError):
    """Too many requests or tokens a minute."""

    retryable = True


class Overloaded(ProviderError):
    """The provider has no capacity at the moment."""

    retryable = True


class Unavailable(ProviderError):
    """The provider failed on its side."""

    retryable = True


class TimedOut(ProviderError):
    """No answer came within the timeout."""

    retryable = True


class ConnectionFailed(ProviderError):
    """No connection could be made, or it broke before the answer was whole."""

    retryable = True


class InvalidResponse(ProviderError):
    """An answer arrived that is not one of the provider's."""
