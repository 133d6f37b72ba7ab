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
URL_SECRETS = (
    r"(?<=http://)[^\s/?#@]+(?=@)",
    r"(?<=ttps://)[^\s/?#@]+(?=@)",
    r"(?<=://)[^\s/?#@:]*:[^\s/?#@]+(?=@)",
    *(
        rf"(?<=[?&]{name}=)[^\s&#\"'<>]{{6,}}"
        for name in ("token", "access_token", "auth_token", "api_key", "apikey", "key", "secret", "password", "sig")
    ),
    r"(?<=[-&?]signature=)[^\s&#\"'<>]{6,}",
    r"(?<=X-Amz-Security-Token=)[^\s&#\"'<>]{6,}",
)
"""Regular expressions of what is secret in a URL: user and password, and what signs or opens it, in any case."""
_IN_URL = re.compile("|".join(URL_SECRETS), re.IGNORECASE)
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
    unclear = "@" in path and ":" in place
    if "@" in url and (unclear or _HOST.fullmatch(host) is None):
        return f"{scheme}{mark}{REDACTED}"  # what ended it may have been a sign of the password
    return f"{scheme}{mark}{host}{slash}{path}"


def names_headers(name: str) -> bool:
    """Whether what stands under a name, such as `headers` or `extraHeaders`, is headers: any of them may be a key."""
    return name.lower().endswith("headers")


def without_secrets(value: Any, *, by_name: bool = True) -> Any:
    """Plain JSON values without the secrets of their URLs and, `by_name`, those that their names tell, at any depth."""
    if isinstance(value, str):
        return _IN_URL.sub(REDACTED, value) if "://" in value else value
    if isinstance(value, Mapping):
        inner: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {name: _under(name, one, by_name) for name, one in inner.items()}
    if isinstance(value, list | tuple):
        items: list[Any] | tuple[Any, ...] = value  # pyright: ignore[reportUnknownVariableType]
        return [without_secrets(one, by_name=by_name) for one in items]
    return value


def _under(name: str, value: Any, by_name: bool) -> Any:
    if by_name and value is not None:
        if names_a_secret(name):
            return REDACTED
        if names_headers(name):
            inner: Mapping[Any, Any] | None = value if isinstance(value, Mapping) else None  # pyright: ignore[reportUnknownVariableType]
            return REDACTED if inner is None else _all_redacted(inner)
    return without_secrets(value, by_name=by_name)


def _all_redacted(headers: Mapping[Any, Any]) -> dict[Any, str]:
    return dict.fromkeys(headers, REDACTED)
