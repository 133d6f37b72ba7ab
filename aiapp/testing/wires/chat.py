"""OpenAI's Chat Completions API, which other vendors and local servers speak too."""

from __future__ import annotations

from aiapp.core.events import FinishReason
from aiapp.core.parts import ToolCall
from aiapp.core.usage import Usage
from aiapp.testing.wires.failures import openai_failure
from aiapp.testing.wires.said import CREATED, Said, counted, weave
from aiapp.testing.wires.wire import Json, Wire

_REASONS: dict[FinishReason, str] = {
    "stop": "stop",
    "refusal": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
}


def whole(said: Said) -> Json:
    """The completion with its one choice. Thinking is said in `reasoning_content`, as compatible servers do."""
    message: Json = {
        "role": "assistant",
        "content": said.text if said.text or (said.speaks and said.refusal is None) else None,
        "refusal": said.refusal,
        "annotations": [],
    }
    if said.thinking is not None:
        message["reasoning_content"] = said.thinking
    if said.tool_calls:
        message["tool_calls"] = [_call(call, call.arguments) for call in said.tool_calls]
    reason = said.ending(_REASONS, WIRE.name)
    choice: Json = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    answer = _frame(said, "chat.completion", [choice])
    return answer if said.usage is None else answer | {"usage": _usage(said.usage)}


def events(said: Said, *, interleaved: bool = False) -> list[Json]:
    """The chunks of the same completion; counts come in a last one without choices, the others say `usage: null`.

    Without `usage` no chunk speaks of it, which is what a request without `stream_options.include_usage` gets.
    """
    reason = said.ending(_REASONS, WIRE.name)
    deltas: list[Json] = [{"role": "assistant", "content": None if said.tool_calls else "", "refusal": None}]
    deltas.extend({"reasoning_content": piece} for piece in said.deltas(said.thinking or ""))
    deltas.extend({"content": piece} for piece in said.deltas(said.text))
    deltas.extend({"refusal": piece} for piece in said.deltas(said.refusal or ""))
    runs = [_call_deltas(said, index, call) for index, call in enumerate(said.tool_calls)]
    calls = weave(runs) if interleaved else (delta for run in runs for delta in run)
    deltas.extend({"tool_calls": [call]} for call in calls)
    chunks = [_chunk(said, delta) for delta in deltas]
    chunks.append(_chunk(said, {}, reason))
    if said.usage is not None:
        chunks = [chunk | {"usage": None} for chunk in chunks]
        chunks.append(_frame(said, "chat.completion.chunk", []) | {"usage": _usage(said.usage)})
    return chunks


def _frame(said: Said, kind: str, choices: list[Json]) -> Json:
    return {
        "id": said.id,
        "object": kind,
        "created": CREATED,
        "model": "scripted" if said.model is None else said.model,
        "choices": choices,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _chunk(said: Said, delta: Json, reason: str | None = None) -> Json:
    choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _frame(said, "chat.completion.chunk", [choice])


def _call(call: ToolCall, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _call_deltas(said: Said, index: int, call: ToolCall) -> list[Json]:
    """The id and the name come first, and only then."""
    pieces: list[Json] = [{"function": {"arguments": piece}} for piece in said.deltas(call.arguments)]
    return [{"index": index, **delta} for delta in (_call(call, ""), *pieces)]


def _usage(usage: Usage) -> Json:
    total = (usage.input_tokens or 0) + (usage.output_tokens or 0) if usage.known else None
    return {
        **counted(
            {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens, "total_tokens": total}
        ),
        "prompt_tokens_details": counted(
            {"cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens}
        ),
        "completion_tokens_details": counted({"reasoning_tokens": usage.reasoning_tokens}),
    }


def _failure_event(body: Json, number: int) -> Json:
    return body


WIRE = Wire(
    name="chat",
    path="/chat/completions",
    request_id_header="x-request-id",
    whole=whole,
    events=events,
    failure=openai_failure,
    failure_event=_failure_event,
    named=False,
    terminator=b"data: [DONE]\n\n",
)
