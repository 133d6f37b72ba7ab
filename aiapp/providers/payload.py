"""What payloads have in common, whoever they are for. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from aiapp.core.accepted import WHOLE
from aiapp.core.parts import File, Image


def merged(payload: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The payload with a user's own keys laid over it; objects are merged, anything else is replaced."""
    result = dict(payload)
    for name, value in extra.items():
        under = result.get(name)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            value = merged(under, value)  # pyright: ignore[reportUnknownArgumentType]
        result[name] = value
    return result


def limit_in(payload: Mapping[str, Any], name: str) -> int | None:
    """The most tokens that an answer may take, by what is sent; a user's own `extra` may have put anything there.

    None where there is no limit, which some servers write as -1.
    """
    limit = payload.get(name)
    if limit is not None:
        WHOLE.check(f"extra.{name}", limit)
    return None if limit is None or limit < 0 else limit


def base64_of(part: Image | File) -> str:
    """The bytes as text."""
    return base64.b64encode(part.data or b"").decode()


def url_of(part: Image | File) -> str:
    """Where it is, or the bytes themselves as a data URL."""
    return f"data:{part.media_type};base64,{base64_of(part)}" if part.url is None else part.url
