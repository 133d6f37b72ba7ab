"""Schemas against what providers enforce: the rules of their own rooms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.catalog.shelves import plain_name
from aiapp.doctor.findings import Finding, Severity
from aiapp.doctor.sightings import ModelSeen, SchemaSeen
from aiapp.providers.anthropic.schema import Inexpressible, over_limit, transform
from aiapp.providers.openai.strict import strict

_ANTHROPIC = "anthropic 2.11: lib/_parse/_transform.py; pydantic-ai 2.68: _anthropic_schema_limits.py"
_OPENAI = "https://developers.openai.com/api/docs/guides/structured-outputs"
_FIX = "name the properties, or make it a list of pairs"


def schema_findings(seen: ModelSeen) -> Iterator[Finding]:
    """The schemas beside a model that its provider does not enforce as they are."""
    provider = plain_name(seen.offer or "").partition(":")[0]
    lowered: Severity | None = "warning" if seen.wire in ("aiapp", "litellm", "none") else None
    for schema in seen.schemas:
        found = _OF_PROVIDERS[provider](schema) if provider in _OF_PROVIDERS else None
        if found is not None:
            code, reason, fix, source = found
            yield Finding(schema.place, code, f"{schema.title}: {reason}", fix, source, lowered)


def _of_openai(seen: SchemaSeen) -> tuple[str, str, str, str] | None:
    made = strict(seen.schema)
    if not made.enforced:
        reason = made.changes[0].reason.partition("; ")[0]
        if made.too_large:
            return "AI301", f"{reason}: over a limit of OpenAI's strict mode", "ask for less at once", _OPENAI
        return "AI302", f"{reason}, which OpenAI's strict mode does not take", _FIX, _OPENAI
    if not seen.literal:
        return None
    if made.demanded:
        what = f"{', '.join(made.demanded)} not in `required`, as OpenAI's strict mode wants every property"
        return "AI302", what, "require it, with null as one of its types", _OPENAI
    if not _closed(seen.schema):
        return "AI302", "OpenAI's strict mode wants additionalProperties: false on every object", "add it", _OPENAI
    return None


def _of_anthropic(seen: SchemaSeen) -> tuple[str, str, str, str] | None:
    reason = over_limit([seen.schema])
    if reason is not None:
        return "AI301", reason, "require more, or ask for less at once", _ANTHROPIC
    try:
        transform(seen.schema)
    except Inexpressible as error:
        return "AI302", f"{error}, which Anthropic's API does not enforce", _FIX, _ANTHROPIC
    return None


def _closed(node: Any) -> bool:
    """Whether every object says that it has no other properties."""
    if isinstance(node, Mapping):
        schema: Mapping[str, Any] = node  # pyright: ignore[reportUnknownVariableType]
        if "properties" in schema and schema.get("additionalProperties") is not False:
            return False
        return all(map(_closed, schema.values()))
    return all(map(_closed, node)) if isinstance(node, list) else True  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


_OF_PROVIDERS = {"openai": _of_openai, "anthropic": _of_anthropic}
