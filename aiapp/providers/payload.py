"""What payloads have in common, whoever they are for. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

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


def base64_of(part: Image | File) -> str:
    """The bytes as text."""
    return base64.b64encode(part.data or b"").decode()


def url_of(part: Image | File) -> str:
    """Where it is, or the bytes themselves as a data URL."""
    return f"data:{part.media_type};base64,{base64_of(part)}" if part.url is None else part.url
