"""A request as the Messages API takes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from aiapp.catalog.abilities import Abilities, abilities
from aiapp.core.accepted import AT_LEAST_ZERO
from aiapp.core.errors import BadRequest, InvalidInput
from aiapp.core.formats import Choice, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.providers.anthropic import NAME
from aiapp.providers.anthropic.answer import answer_by_tool
from aiapp.providers.anthropic.blocks import LONGEST_NAME, Blocks
from aiapp.providers.anthropic.schema import Inexpressible, over_limit, transform
from aiapp.providers.anthropic.settings import set_settings, set_tools
from aiapp.providers.anthropic.turns import set_cache, turns_of
from aiapp.providers.foreign import left_behind
from aiapp.providers.payload import merged
from aiapp.providers.protocol import Prepared
from aiapp.providers.tools import check_answered, check_names

_PAUSED = ("server_tool_use", "mcp_tool_use", "_tool_result")
"""How the types of blocks end that a paused turn can end with; sent back last, they have it go on."""


def encode(request: Request, model: str) -> Prepared:
    """The payload, and what had to change."""
    check_names(request, NAME, LONGEST_NAME)
    check_answered(request.messages, request.settings.extra)
    known, changes = abilities(NAME, model), list[Change]()
    turns = turns_of(request.messages, Blocks(model, known, changes), changes)
    changes.extend(left_behind(request.messages, NAME))
    if not turns.messages:
        why = "; ".join(map(str, dict.fromkeys(changes))) or "they are empty"
        raise InvalidInput("messages", turns.messages, f"at least one part that the Messages API takes ({why})")
    _refuse_prefill(turns.messages, known, model)
    payload: dict[str, Any] = {"model": model, "max_tokens": 0, "messages": turns.messages}
    if turns.system:
        payload["system"] = turns.system
    set_settings(request.settings, known, payload, changes)
    set_tools(request, known, payload, changes)
    set_cache(payload, turns, request.settings.cache, changes)
    answer_tool = _set_format(request, known, payload, changes)
    ours = ("max_tokens",) if request.settings.max_tokens is None else ()
    payload = merged(payload, request.settings.extra, changes, ours=ours)
    AT_LEAST_ZERO.check("extra.max_tokens", payload["max_tokens"])
    return Prepared(payload, tuple(dict.fromkeys(changes)), answer_tool, payload["max_tokens"])


def _set_format(request: Request, known: Abilities, payload: dict[str, Any], changes: list[Change]) -> str | None:
    """Have the answer's form enforced, by the API or else by a tool; the name of that tool."""
    match request.format:
        case None:
            return None
        case Regex() | Choice() | Grammar() | Quotation():
            changes.append(Change("format", "the Messages API enforces JSON schemas only; not sent"))
            return None
        case JsonSchema(schema):
            try:
                fitted, hints = transform(schema, checked=request.format.fits is not None)
                why = _unenforced(fitted, known, payload["messages"])
            except Inexpressible as error:
                return answer_by_tool(request.format, str(error), request, known, payload, changes)
            if why is not None:
                return answer_by_tool(request.format, why, request, known, payload, changes)
            changes.extend(hints)
            payload.setdefault("output_config", {})["format"] = {"type": "json_schema", "schema": fitted}
            return None
        case _:
            assert_never(request.format)


def _unenforced(schema: Mapping[str, Any], known: Abilities, turns: Sequence[Mapping[str, Any]]) -> str | None:
    """Why the API cannot enforce a schema in this request; None where it can."""
    if known.json_schema is False:
        return "this model enforces no schema"
    if any(_cites(block) for turn in turns for block in turn["content"]):
        return "an answer with citations cannot have a schema"
    return over_limit([schema])


def _cites(block: Mapping[str, Any]) -> bool:
    citations: Any = block.get("citations")
    return isinstance(citations, Mapping) and bool(citations.get("enabled"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _refuse_prefill(turns: Sequence[Mapping[str, Any]], known: Abilities, model: str) -> None:
    """Say at once what the API would say: this model begins its answers itself."""
    if known.prefill is not False or not turns or turns[-1]["role"] != "assistant":
        return
    last: str = turns[-1]["content"][-1]["type"]
    if not last.endswith(_PAUSED):
        reason = "this model cannot go on with an answer that was begun for it; end with the user or with tool results"
        raise BadRequest(reason, provider=NAME, model=model)
