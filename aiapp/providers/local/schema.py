"""JSON schemas as far as the bundled model can be held to them. Pure, and loads no numerical library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.response import Change
from aiapp.providers.enforcing import unenforced
from aiapp.transformer.schemas import changed

_UNIQUE = "uniqueItems"


def enforceable(schema: Mapping[str, Any], changes: list[Change], *, checked: bool) -> dict[str, Any]:
    """The schema without `uniqueItems`: no grammar can compare items, and a Python set takes one that repeats once.

    `checked` is whether the answer is, when it is read.
    """
    lost = False

    def without(part: Any) -> Any:
        nonlocal lost
        if not isinstance(part, Mapping):
            return part
        whole: Mapping[str, Any] = part  # pyright: ignore[reportUnknownVariableType]
        lost = lost or (whole.get(_UNIQUE) is True and whole.get("maxItems") not in (0, 1))
        return {key: changed(key, value, without) for key, value in whole.items() if key != _UNIQUE}

    try:
        enforced: dict[str, Any] = without(schema)
    except RecursionError:
        raise InvalidInput("schema", "its nesting", "a schema nested less deeply") from None
    if lost:
        reason = f"`{_UNIQUE}` is not enforced: the model may repeat an item, which a set holds once"
        changes.append(unenforced("format", reason, checked=checked))
    return enforced
