"""How an answer that must fit a schema is asked for: as litellm takes schemas, by a tool, or by an instruction.

The first that brings the schema to the model whole. litellm itself is asked how it would write each, without the
network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from aiapp.core.formats import JsonSchema
from aiapp.core.request import Only, Request, Tool
from aiapp.core.response import Change
from aiapp.providers.litellm.encode import choice_payload, tool_payload
from aiapp.providers.litellm.schemas import Narrowed, enforceable_by_claude, losses, schema_in
from aiapp.providers.litellm.sdk import is_refusal, rewritten
from aiapp.providers.protocol import Prepared
from aiapp.providers.tools import ANSWER_TOOL
from aiapp.providers.wording import said

_ENFORCED = frozenset({"output_format", "output_config", "outputConfig"})
"""Under which Anthropic and Bedrock take a schema that they enforce."""


def shaped(prepared: Prepared, request: Request, model: str, known: frozenset[str]) -> Prepared:
    """What was prepared, with the schema where the model gets it; `known` are the arguments that it takes.

    A form of the user's own, in `extra`, stands.
    """
    form, settings = request.format, request.settings
    if not isinstance(form, JsonSchema) or "response_format" in settings.extra:
        return prepared
    if "response_format" in known:
        lost = _lost(model, json.dumps({"response_format": prepared.payload["response_format"]}))
        if lost is not None:
            return replace(prepared, changes=(*prepared.changes, *lost))
    payload = {name: value for name, value in prepared.payload.items() if name != "response_format"}
    tool = tool_payload(Tool(ANSWER_TOOL, said("answer-tool"), form.schema))
    alone = {"tools": [tool], "tool_choice": choice_payload(Only(ANSWER_TOOL))}
    thinks = settings.effort not in (None, "none") and "claude" in model  # it refuses a forced tool then
    lost = _lost(model, json.dumps(alone)) if {"tools", "tool_choice"} <= known and not thinks else None
    if lost is None:
        change = Change("format", "the schema does not reach this model as such; sent as an instruction", lost=False)
        payload["messages"] = _instructed(payload["messages"], form.schema)
        return replace(prepared, payload=payload, changes=(*prepared.changes, change))
    change = Change("format", f"no whole schema here; sent as the tool {ANSWER_TOOL!r} that must be called", lost=False)
    others: list[Any] = payload.get("tools") or []
    payload["tools"] = [*others, tool]
    if not isinstance(settings.tool_choice, Only) and "tool_choice" not in settings.extra:
        free = others and settings.tool_choice != "none"
        payload["tool_choice"] = "required" if free else alone["tool_choice"]
    changes = (*prepared.changes, change, *lost)
    return replace(prepared, payload=payload, changes=changes, answer_tool=ANSWER_TOOL)


@lru_cache(maxsize=256)
def _lost(model: str, arguments: str) -> tuple[Change, ...] | None:
    """What of the schema in the arguments litellm would leave out; None where it would not be the same schema."""
    asked: dict[str, Any] = json.loads(arguments)
    try:
        made = rewritten(model, asked)
        if made is None:
            return ()
        before, after = schema_in(json.loads(arguments)), schema_in(made)
        if before is None or after is None or (made.keys() & _ENFORCED and not enforceable_by_claude(after)):
            return None
        return losses(before, after)
    except Narrowed:
        return None
    except Exception as error:
        if is_refusal(error):
            return None
        raise


def _instructed(messages: list[dict[str, Any]], schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """With the schema in the system turn, or in one before the others."""
    block = {"type": "text", "text": said("answer-as-json", schema=json.dumps(dict(schema)))}
    first = messages[0] if messages else {}
    if first.get("role") == "system" and isinstance(first["content"], list):
        return [{**first, "content": [*first["content"], block]}, *messages[1:]]
    return [{"role": "system", "content": block["text"]}, *messages]
