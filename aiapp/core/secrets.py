"""Names under which secrets stand, and values without them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"
_NAME = re.compile(
    r"(?:api|access|private|secret|auth)_?key|secret|passw(?:or)?d|passphrase|authorization|credentials?|cookie"
    r"|(?:\A|_)(?:(?:access|auth|bearer|refresh|id|session|api|security)_?)?token\Z",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:[^:\[\]]+|\[[^\[\]]*\])(?::\d*)?")


def names_a_secret(name: str) -> bool:
    """Whether what stands under a name, such as `api_key`, `x-api-key` or `apiKey`, is a secret."""
    return _NAME.search(re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", name)) is not None


def bare_url(url: str) -> str:
    """A URL as it may be shown, also one that is none: scheme, host and path, without user, password and query."""
    head = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, mark, rest = head.partition("://") if "://" in head else ("", "", head)
    place, slash, path = rest.partition("/")
    host = place.rpartition("@")[2]
    if "@" in url and _HOST.fullmatch(host) is None:
        return f"{scheme}{mark}{REDACTED}"  # what ended it may have been a sign of the password
    return f"{scheme}{mark}{host}{slash}{path}"


def without_secrets(value: Any) -> Any:
    """Plain JSON values with what stands under such a name taken out, at any depth."""
    if isinstance(value, Mapping):
        inner: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {
            name: REDACTED if one is not None and names_a_secret(name) else without_secrets(one)
            for name, one in inner.items()
        }
    if isinstance(value, list | tuple):
        items: list[Any] | tuple[Any, ...] = value  # pyright: ignore[reportUnknownVariableType]
        return [without_secrets(one) for one in items]
    return value
