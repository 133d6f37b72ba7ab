"""OpenAI's Responses API."""

from __future__ import annotations

from typing import Any

from aiapp.core.events import FinishReason
from aiapp.core.parts import ToolCall
from aiapp.core.usage import Usage
from aiapp.testing.wires.failures import openai_failure
from aiapp.testing.wires.said import CREATED, Said, counted, weave
from aiapp.testing.wires.wire import Json, Wire

_REASONS: dict[FinishReason, str] = {
    "stop": "completed",
    "tool_calls": "completed",
    "refusal": "completed",
    "length": "max_output_tokens",
    "content_filter": "content_filter",
}


def whole(said: Said) -> Json:
    """The response with its items: reasoning, the message, then the calls."""
    reason = said.ending(_REASONS, WIRE.name)
    items = [_thought(said)] if said.thinking is not None else []
    if said.speaks:
        items.append(_message(said))
    items.extend(_call(said, index, call) for index, call in enumerate(said.tool_calls))
    if reason == "completed":
        return _response(said, "completed", items)
    if items:
        items[-1] |= {"status": "incomplete"}
    return _response(said, "incomplete", items) | {"incomplete_details": {"reason": reason}}


def events(said: Said, *, interleaved: bool = False) -> list[Json]:
    """The stream of the same response; each event is numbered."""
    response = whole(said)
    begun = _response(said, "in_progress", []) | {"usage": None}
    runs = [_item_events(said, index, item) for index, item in enumerate(response["output"])]
    calls = runs[len(runs) - len(said.tool_calls) :]
    parts = [event for run in runs[: len(runs) - len(said.tool_calls)] for event in run]
    parts.extend(weave(calls) if interleaved else (event for run in calls for event in run))
    stream: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        *parts,
        {"type": f"response.{response['status']}", "response": response},
    ]
    return [event | {"sequence_number": number} for number, event in enumerate(stream)]


def _response(said: Said, status: str, items: list[Json]) -> Json:
    return {
        "id": said.id,
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": "scripted" if said.model is None else said.model,
        "output": items,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None if said.usage is None else _usage(said.usage),
        "user": None,
    }


def _usage(usage: Usage) -> Json:
    total = (usage.input_tokens or 0) + (usage.output_tokens or 0) if usage.known else None
    lifetimes: Json = {}
    if usage.cache_write_tokens is not None and usage.long_cache_write_tokens is not None:
        short = usage.cache_write_tokens - usage.long_cache_write_tokens
        split = {"ttl_30m_tokens": short, "ttl_12h_tokens": usage.long_cache_write_tokens}
        lifetimes["cache_write_tokens_details"] = split
    return {
        **counted(
            {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "total_tokens": total},
        ),
        "input_tokens_details": counted(
            {"cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens}
        )
        | lifetimes,
        "output_tokens_details": counted({"reasoning_tokens": usage.reasoning_tokens}),
    }


def _thought(said: Said) -> Json:
    summary = [{"type": "summary_text", "text": said.thinking}] if said.thinking else []
    return {"id": f"rs_{said.id}", "type": "reasoning", "summary": summary, "encrypted_content": "opaque"}


def _message(said: Said) -> Json:
    if said.refusal is not None:
        content: Json = {"type": "refusal", "refusal": said.refusal}
    else:
        content = {"type": "output_text", "annotations": [], "logprobs": [], "text": said.text}
    return {
        "id": f"msg_{said.id}",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "phase": None if said.tool_calls else "final_answer",
        "content": [content],
    }


def _call(said: Said, index: int, call: ToolCall) -> Json:
    return {
        "id": f"fc_{index}_{said.id}",
        "type": "function_call",
        "status": "completed",
        "arguments": call.arguments,
        "call_id": call.id,
        "name": call.name,
    }


def _item_events(said: Said, index: int, item: Json) -> list[Json]:
    match item["type"]:
        case "reasoning":
            empty: Json = {"summary": []}
            inner = _summary_events(said, item)
        case "message":
            empty = {"content": [], "status": "in_progress"}
            inner = _content_events(said, item["content"][0])
        case _:
            empty = {"arguments": "", "status": "in_progress"}
            inner = _run("response.function_call_arguments", said, "arguments", item["arguments"])
    where = {"item_id": item["id"], "output_index": index}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": item | empty},
        *(event | where for event in inner),
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _summary_events(said: Said, item: Json) -> list[Json]:
    found: list[Json] = []
    for number, part in enumerate(item["summary"]):
        inner = [
            {"type": "response.reasoning_summary_part.added", "part": part | {"text": ""}},
            *_run("response.reasoning_summary_text", said, "text", part["text"]),
            {"type": "response.reasoning_summary_part.done", "part": part},
        ]
        found.extend(event | {"summary_index": number} for event in inner)
    return found


def _content_events(said: Said, content: Json) -> list[Json]:
    name, extra = ("text", {"logprobs": list[Any]()}) if content["type"] == "output_text" else ("refusal", {})
    inner = [
        {"type": "response.content_part.added", "part": content | {name: ""}},
        *(event | extra for event in _run(f"response.{content['type']}", said, name, content[name])),
        {"type": "response.content_part.done", "part": content},
    ]
    return [event | {"content_index": 0} for event in inner]


def _run(kind: str, said: Said, name: str, text: str) -> list[Json]:
    """A text's deltas, and the event that says it whole."""
    return [
        *({"type": f"{kind}.delta", "delta": delta} for delta in said.deltas(text)),
        {"type": f"{kind}.done", name: text},
    ]


def _failure_event(body: Json, number: int) -> Json:
    error = body["error"]
    shown = {"code": error["code"], "message": error["message"], "param": error["param"]}
    return {"type": "error", **shown, "sequence_number": number}


WIRE = Wire(
    name="responses",
    path="/responses",
    request_id_header="x-request-id",
    whole=whole,
    events=events,
    failure=openai_failure,
    failure_event=_failure_event,
    noise=({"type": "response.some_future_event", "sequence_number": 0, "novelty": {"depth": 1}},),
)
