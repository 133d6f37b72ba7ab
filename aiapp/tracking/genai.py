"""The names of OpenTelemetry's conventions for generative AI, all in this one place, and what they say of a span.

The conventions are in development: they have no release of their own, and names still change. Where one does, it
changes here alone. What they have no name for stands under `aiapp.`; sums of several calls are nowhere under
`gen_ai.usage`, where a reader would add them to the calls once more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aiapp.tracking.span import Span

CONVENTIONS = "opentelemetry-semantic-conventions 0.66b2, 2026-10-29"
OPERATIONS: Mapping[str, str] = {
    "call": "chat",
    "embedding": "embeddings",
    "run": "invoke_workflow",
    "agent": "invoke_agent",
    "tool": "execute_tool",
    "retrieval": "retrieval",
}
"""`gen_ai.operation.name` for each kind of span that has one."""
NAMES: Mapping[str, Callable[[Span], Any]] = {
    "gen_ai.operation.name": lambda span: OPERATIONS.get(span.kind),
    "gen_ai.provider.name": lambda span: span.model and span.model.partition(":")[0],
    "gen_ai.request.model": lambda span: span.model and (span.model.partition(":")[2] or span.model),
    "gen_ai.request.max_tokens": lambda span: span.settings.get("max_tokens"),
    "gen_ai.request.temperature": lambda span: span.settings.get("temperature"),
    "gen_ai.request.top_p": lambda span: span.settings.get("top_p"),
    "gen_ai.request.top_k": lambda span: span.settings.get("top_k"),
    "gen_ai.request.seed": lambda span: span.settings.get("seed"),
    "gen_ai.request.stop_sequences": lambda span: span.settings.get("stop"),
    "gen_ai.response.model": lambda span: span.served,
    "gen_ai.response.id": lambda span: span.response_id,
    "gen_ai.response.finish_reasons": lambda span: span.finish and [span.finish],
    "gen_ai.response.time_to_first_chunk": lambda span: span.first_token,
    "gen_ai.usage.input_tokens": lambda span: _taken(span, "input_tokens"),
    "gen_ai.usage.output_tokens": lambda span: _taken(span, "output_tokens"),
    "gen_ai.usage.cache_read.input_tokens": lambda span: _taken(span, "cached_tokens"),
    "gen_ai.usage.cache_creation.input_tokens": lambda span: _taken(span, "cache_write_tokens"),
    "gen_ai.usage.reasoning.output_tokens": lambda span: _taken(span, "reasoning_tokens"),
    "gen_ai.prompt.name": lambda span: span.prompt_name,
    "gen_ai.agent.name": lambda span: _named(span, "agent"),
    "gen_ai.tool.name": lambda span: _named(span, "tool"),
    "gen_ai.workflow.name": lambda span: _named(span, "run"),
    "gen_ai.tool.call.arguments": lambda span: _named(span, "tool") and _json(span.input),
    "gen_ai.tool.call.result": lambda span: _named(span, "tool") and _json(span.output),
    "gen_ai.input.messages": lambda span: _json(_asked(span)),
    "gen_ai.output.messages": lambda span: _json(_answered(span)),
    "error.type": lambda span: span.error,
}
OURS: Mapping[str, Callable[[Span], Any]] = {
    "aiapp.kind": lambda span: span.kind,
    "aiapp.id": lambda span: span.id,
    "aiapp.run": lambda span: span.trace,
    "aiapp.step": lambda span: span.step,
    "aiapp.tags": lambda span: span.tags,
    "aiapp.prompt": lambda span: span.prompt,
    "aiapp.cached": lambda span: span.cached or None,
    "aiapp.attempts": lambda span: len(span.attempts) or None,
    "aiapp.tier": lambda span: span.tier,
    "aiapp.request_id": lambda span: span.request_id,
    "aiapp.cost.usd": lambda span: None if span.cost is None else float(span.cost),
    "aiapp.cost.at_least_usd": lambda span: None if span.invoice is None else float(span.invoice.at_least),
    "aiapp.cost.unknown": lambda span: span.invoice and span.invoice.unknown,
}


def name_of(name: str, kind: str) -> str:
    """What the conventions call a span: `chat MODEL`, `execute_tool NAME`, or just its name."""
    if kind not in OPERATIONS:
        return name
    return f"{OPERATIONS[kind]} {name.partition(':')[2] or name}"


def attributes(span: Span) -> dict[str, Any]:
    """What is known of a span, by its names; what is not known has none."""
    known = ((name, read(span)) for name, read in (*NAMES.items(), *OURS.items()))
    return {name: value for name, value in known if value not in (None, "", (), [])}


def _taken(span: Span, count: str) -> int | None:
    """Tokens that were taken now: an answer from the cache took none."""
    return None if span.usage is None or span.cached else getattr(span.usage, count)


def _named(span: Span, kind: str) -> str | None:
    return span.name if span.kind == kind else None


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _asked(span: Span) -> list[Any] | None:
    if span.kind != "call" or span.input is None:
        return None
    return [
        {"role": message["role"], "parts": [*_parts(message["parts"])]} for message in span.input.get("messages", ())
    ]


def _answered(span: Span) -> list[Any] | None:
    if span.kind != "call" or span.output is None:
        return None
    return [{"role": "assistant", "parts": [*_parts(span.output)], "finish_reason": span.finish or "error"}]


def _parts(parts: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Our parts in the conventions' words; an attachment is named and not sent along."""
    for part in parts:
        match part["kind"]:
            case "text":
                yield {"type": "text", "content": part["text"]}
            case "thinking":
                yield {"type": "reasoning", "content": part["text"]}
            case "tool_call":
                yield {"type": "tool_call", "id": part["id"], "name": part["name"], "arguments": part["arguments"]}
            case "tool_result":
                yield {"type": "tool_call_response", "id": part["call_id"], "response": part["content"]}
            case kind:
                yield {"type": kind}
