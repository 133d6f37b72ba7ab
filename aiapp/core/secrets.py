"""Names under which secrets stand, and values without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

REDACTED = "[redacted]"
Span: TypeAlias = tuple[int, int]
"""Where something begins in a text, and where it has ended."""
_NAME = re.compile(
    r"(?:api|access|private|secret|auth|subscription)_?key|secret|passw(?:or)?d|passphrase|authorization|credentials?|cookie"
    r"|(?:\A|_)(?:(?:access|auth|bearer|refresh|id|session|api|security)_?)?token\Z",
    re.IGNORECASE,
)
_USER = re.compile(r"://(?:(?<=http://)|(?<=ttps://)|(?=[^\s/?#@:]*:))([^\s/?#\"<>]+)@", re.IGNORECASE)
_PARAMETER = re.compile(r"[?&;#]([\w.~-]+)=")
_VALUE = re.compile(r"[^\s&#\"'<>\\]+")
_SIGNS = re.compile(r"sig|.*signature", re.IGNORECASE)
_SHORTEST_KEY = 6
"""A shorter value of a parameter `key` names something, and opens nothing."""
_HOST = re.compile(r"(?:[^:\[\]]+|\[[^\[\]]*\])(?::\d*)?")


def names_a_secret(name: str) -> bool:
    """Whether what stands under a name, such as `api_key`, `x-api-key` or `apiKey`, is a secret."""
    return _NAME.search(re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", name)) is not None


def bare_url(url: str) -> str:
    """A URL as it may be shown, also one that is none: scheme, host and path, without user and parameters."""
    head = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, mark, rest = head.partition("://") if "://" in head else ("", "", head)
    place, slash, path = rest.partition("/")
    host = place.rpartition("@")[2]
    unclear = "@" in path and (":" in place or "@" in place)
    if "@" in url and (unclear or _HOST.fullmatch(host) is None):
        return f"{scheme}{mark}{REDACTED}"  # what ended it may have been a sign of the password
    return f"{scheme}{mark}{host}{slash}{path.partition(';')[0]}"


def url_secrets(text: str) -> list[Span]:
    """Where the secrets of the URLs in a text stand: user and password, and the parameters that sign or open."""
    spans = [found.span(1) for found in _USER.finditer(text)]
    for name in _PARAMETER.finditer(text):
        value = _VALUE.match(text, name.end())
        if value is not None and _opens(name[1], value[0]):
            spans.append(value.span())
    return spans


def struck_out(text: str, spans: Iterable[Span]) -> str:
    """The text with a mark in place of each span."""
    kept, at = "", 0
    for start, end in apart(spans):
        kept, at = f"{kept}{text[at:start]}{REDACTED}", end
    return kept + text[at:]


def apart(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap as one."""
    ordered: list[Span] = []
    for start, end in sorted(spans):
        if ordered and start < ordered[-1][1]:
            ordered[-1] = (ordered[-1][0], max(end, ordered[-1][1]))
        else:
            ordered.append((start, end))
    return ordered


def _opens(name: str, value: str) -> bool:
    if name.lower() == "key":
        return len(value) >= _SHORTEST_KEY
    return names_a_secret(name) or _SIGNS.fullmatch(name) is not None


def names_headers(name: str) -> bool:
    """Whether what stands under a name, such as `headers` or `extraHeaders`, is headers: any of them may be a key."""
    return name.lower().endswith("headers")


def without_secrets(value: Any, *, by_name: bool = True) -> Any:
    """Plain JSON values without the secrets of their URLs and, `by_name`, those that their names tell, at any depth."""
    if isinstance(value, str):
        return struck_out(value, url_secrets(value)) if "://" in value else value
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
