"""What payloads have in common, whoever they are for. Pure."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from typing import Any

from aiapp.core.accepted import WHOLE
from aiapp.core.parts import File, Image
from aiapp.core.response import Change


def tools_in(extra: Mapping[str, Any]) -> list[Any]:
    """The tools that a user gives in the provider's own words; they are the request's, beside its own."""
    given: Any = extra.get("tools")
    return list(given) if isinstance(given, list | tuple) else []  # pyright: ignore[reportUnknownArgumentType]


def merged(
    payload: dict[str, Any], extra: Mapping[str, Any], changes: list[Change], *, ours: Collection[str] = ()
) -> dict[str, Any]:
    """The payload with a user's own keys laid over it; objects are merged, anything else is replaced.

    What the request says otherwise is lost, and listed, but for `ours`, of which it says nothing. The tools are in the
    payload already, by `tools_in`.
    """
    if not extra:
        return payload
    added = {name: value for name, value in extra.items() if name != "tools" or not isinstance(value, list | tuple)}
    replaced: list[str] = []
    result = _laid_over(payload, added, "", replaced)
    reason = "it is sent in the place of what the request itself says"
    changes.extend(Change(f"extra.{name}", reason) for name in replaced if name not in ours)
    return result


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any], at: str, replaced: list[str]) -> dict[str, Any]:
    result = dict(under)
    for name, value in over.items():
        said = result.get(name)
        if isinstance(said, Mapping) and isinstance(value, Mapping):
            value = _laid_over(said, value, f"{at}{name}.", replaced)  # pyright: ignore[reportUnknownArgumentType]
        elif said not in (None, [], {}) and said != value:
            replaced.append(f"{at}{name}")
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
