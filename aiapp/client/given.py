"""What a client is given, checked before anything is opened: nothing is ignored in silence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from aiapp.client.budget import Budget
from aiapp.client.cache import Cache
from aiapp.client.call import Policy
from aiapp.client.limits import Concurrency, RateLimit
from aiapp.client.retry import Retry
from aiapp.core.accepted import FLAG, NAME, SECONDS, Accepted, instance, is_function, several
from aiapp.core.errors import InvalidInput
from aiapp.core.request import Settings
from aiapp.core.secrets import REDACTED, bare_url
from aiapp.providers.protocol import Provider
from aiapp.providers.registry import open_provider

DEFAULT_MODEL = "local"


def _made(words: str, protocol: Any) -> Accepted:
    """What keeps a promise, and is no class whose values would."""
    return Accepted(words, lambda value: isinstance(value, protocol) and not isinstance(value, type))


_OPTIONS = {
    "model": Accepted('a name, such as "local" or "openai:NAME"', NAME.holds),
    "provider": _made("an open provider; the name of a model is given as `model`", Provider),
    "settings": instance("settings, such as Settings(temperature=0)", Settings),
    "retry": instance("a policy, such as Retry(attempts=3)", Retry),
    "timeout": SECONDS,
    "cache": _made('a cache, such as MemoryCache() or SqliteCache("answers.db")', Cache),
    "budget": instance('a budget, such as Budget("0.50")', Budget),
    "concurrency": instance("a whole number of at least 1, or a Concurrency", int, Concurrency),
    "rate_limit": instance("a limit, such as RateLimit(requests=60)", RateLimit),
    "strict": FLAG,
    "base_url": NAME,
}
_ALWAYS_SET = ("timeout", "strict")
_POLICY = Accepted("an async function of a call and of what goes on with it", is_function)
_MODEL = Accepted("the name of a model, or an open provider", lambda value: isinstance(value, str | Provider))


def check_options(**options: object) -> None:
    """Refuse the first that is not accepted; None leaves an option out, where there is a way to do without it."""
    for name, value in options.items():
        if value is not None or name in _ALWAYS_SET:
            _OPTIONS[name].check(name, value)


def policies(field: str, given: Sequence[Policy]) -> tuple[Policy, ...]:
    """Several policies, each of which can be called."""
    several_of_them = several(field, given, "several policies; for one, a list of one")
    _POLICY.check_each(field, several_of_them)
    return several_of_them


def providers_of(
    model: str | None,
    provider: Provider | None,
    fallback: str | Sequence[str | Provider],
    *,
    api_key: str | None,
    base_url: str | None,
    timeout: float,
) -> list[Provider]:
    """The providers to ask, in order. One fallback may be given by its name alone."""
    if provider is not None and model is not None:
        raise InvalidInput("model", model, "either a model name or a provider, not both")
    words = "several models; for one, its name or a list of one"
    others = (fallback,) if isinstance(fallback, str) else several("fallback", fallback, words)
    _MODEL.check_each("fallback", others)
    if not isinstance(api_key, str | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput("api_key", REDACTED, "a text")
    name = model or os.environ.get("AIAPP_MODEL") or DEFAULT_MODEL
    if provider is not None or name == "local":
        whose = "the model local has neither key nor server" if provider is None else "a provider has its own"
        for field, value in (("api_key", REDACTED if api_key else None), ("base_url", base_url)):
            if value is not None:
                raise InvalidInput(field, bare_url(value), f"None, since {whose}")
    first = provider or open_provider(name, api_key=api_key, base_url=base_url, timeout=timeout)
    return [first, *(open_provider(one, timeout=timeout) if isinstance(one, str) else one for one in others)]
