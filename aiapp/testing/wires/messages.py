"""Anthropic's Messages API."""

from __future__ import annotations

import json
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.events import FinishReason
from aiapp.core.parts import ToolCall
from aiapp.core.usage import Usage
from aiapp.testing.wires.failures import anthropic_failure
from aiapp.testing.wires.said import Said, counted, weave
from aiapp.testing.wires.wire import Json, Wire

_REASONS: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "pause": "pause_turn",
    "refusal": "refusal",
}
_SIGNATURE = "c2lnbmF0dXJl"
_PLACEHOLDER = 1
_SEARCHING: Json = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search"}
_QUERY = '{"query": "what was asked"}'


def whole(said: Said) -> Json:
    """The message with its blocks: thinking, text, then the calls; a refusal says why in `stop_details`.

    A paused one ends in a search that the API has begun, as it does: sent back last, that has it go on.
    """
    blocks: list[Json] = []
    if said.thinking is not None:
        blocks.append({"type": "thinking", "thinking": said.thinking, "signature": _SIGNATURE})
    if said.text:
        blocks.append({"type": "text", "text": said.text, "citations": None})
    for call in said.tool_calls:
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call)})
    if said.reason == "pause":
        blocks.append({**_SEARCHING, "input": json.loads(_QUERY)})
    answer = _message(said, blocks) | _stop(said)
    return answer if said.usage is None else answer | {"usage": _usage(said.usage)}


def events(said: Said, *, interleaved: bool = False) -> list[Json]:
    """The stream of the same message: its start counts the output with a placeholder, its end with the truth.

    Arguments that are no JSON can be streamed, but not said whole. The API itself never interleaves blocks.
    """
    begun = _message(said, []) | {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    if said.usage is not None:
        begun["usage"] = _usage(said.usage) | {"output_tokens": _PLACEHOLDER}
        begun["usage"].pop("output_tokens_details", None)
    runs: list[list[Json]] = []
    if said.thinking is not None:
        deltas: list[Json] = [{"type": "thinking_delta", "thinking": piece} for piece in said.deltas(said.thinking)]
        deltas.append({"type": "signature_delta", "signature": _SIGNATURE})
        runs.append(_block_events(0, {"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if said.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in said.deltas(said.text)]
        runs.append(_block_events(len(runs), {"type": "text", "text": "", "citations": None}, deltas))
    first = len(runs)
    calls = [
        _call_events(said, first + number, {"type": "tool_use", "id": call.id, "name": call.name}, call.arguments)
        for number, call in enumerate(said.tool_calls)
    ]
    searching = [_call_events(said, first + len(calls), _SEARCHING, _QUERY)] if said.reason == "pause" else []
    ended: Json = {"type": "message_delta", "delta": _stop(said)}
    if said.usage is not None:
        ended["usage"] = _totals(said.usage)
    return [
        {"type": "message_start", "message": begun},
        {"type": "ping"},
        *(event for run in runs for event in run),
        *(weave(calls) if interleaved else (event for run in calls for event in run)),
        *(event for run in searching for event in run),
        ended,
        {"type": "message_stop"},
    ]


def _message(said: Said, blocks: list[Json]) -> Json:
    return {
        "id": said.id,
        "type": "message",
        "role": "assistant",
        "model": "scripted" if said.model is None else said.model,
        "content": blocks,
    }


def _stop(said: Said) -> Json:
    details: Json | None = None
    if said.reason == "refusal":
        details = {"type": "refusal", "category": "general_harms", "explanation": said.refusal}
    return {"stop_reason": said.ending(_REASONS, WIRE.name), "stop_sequence": None, "stop_details": details}


def _input(call: ToolCall) -> Any:
    try:
        return json.loads(call.arguments or "{}")
    except ValueError:
        raise InvalidInput("arguments", call.arguments, "JSON, save in a stream") from None


def _call_events(said: Said, index: int, call: Json, arguments: str) -> list[Json]:
    """The first delta of the arguments is empty, as the API's is."""
    deltas: list[Json] = [
        {"type": "input_json_delta", "partial_json": piece} for piece in ("", *said.deltas(arguments))
    ]
    return _block_events(index, {**call, "input": {}}, deltas)


def _block_events(index: int, empty: Json, deltas: list[Json]) -> list[Json]:
    return [
        {"type": "content_block_start", "index": index, "content_block": empty},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _totals(usage: Usage) -> Json:
    """The counts; input read from or written to the cache is taken out of the input, as the API does."""
    fresh = usage.input_tokens
    if fresh is not None:
        fresh -= (usage.cached_tokens or 0) + (usage.cache_write_tokens or 0)
    counts: Json = counted(
        {
            "input_tokens": fresh,
            "cache_creation_input_tokens": usage.cache_write_tokens,
            "cache_read_input_tokens": usage.cached_tokens,
            "output_tokens": usage.output_tokens,
        }
    )
    if usage.reasoning_tokens is not None:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return counts


def _usage(usage: Usage) -> Json:
    counts = _totals(usage) | {"service_tier": "standard"}
    long = usage.long_cache_write_tokens
    if usage.cache_write_tokens is not None and long is not None:
        short = usage.cache_write_tokens - long
        counts["cache_creation"] = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}
    return counts


def _failure_event(body: Json, number: int) -> Json:
    return body


WIRE = Wire(
    name="messages",
    path="/messages",
    request_id_header="request-id",
    whole=whole,
    events=events,
    failure=anthropic_failure,
    failure_event=_failure_event,
    noise=({"type": "ping"}, {"type": "some_future_event", "novelty": {"depth": 1}}),
)
