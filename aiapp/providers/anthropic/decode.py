"""What the Messages API answers, as our events. Pure; unknown blocks and events are passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.core.errors import InvalidResponse, Overloaded, ProviderError, RateLimited, Unavailable
from aiapp.core.events import (
    Event,
    Finish,
    FinishReason,
    PartEnd,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from aiapp.core.usage import Usage
from aiapp.providers.anthropic.encode import NAME

_FINISHES: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
}
_FAILURES: dict[str, type[ProviderError]] = {"overloaded_error": Overloaded, "rate_limit_error": RateLimited}


def decode(response: Mapping[str, Any], model: str) -> Iterator[Event]:
    """The events of a whole message."""
    if "content" not in response:
        raise InvalidResponse("the answer has no content", provider=NAME, model=model)
    yield Started(response.get("model", model), response.get("id"))
    for index, block in enumerate(response["content"]):
        yield from _block(index, block)
    yield UsageReport(decode_usage(response.get("usage") or {}))
    reason = response.get("stop_reason")
    if reason is not None:
        yield Finish(_FINISHES.get(reason, "unknown"), reason)


def _block(index: int, block: Mapping[str, Any]) -> Iterator[Event]:
    match block.get("type"):
        case "text":
            if block["text"]:
                yield TextDelta(block["text"])
            yield PartEnd()
        case "thinking":
            if block["thinking"]:
                yield ThinkingDelta(block["thinking"])
            yield PartEnd({NAME: dict(block)})
        case "redacted_thinking":
            yield PartEnd({NAME: dict(block)})
        case "tool_use":
            yield ToolCallStart(index, block["id"], block["name"])
            yield ToolCallDelta(index, json.dumps(block["input"], ensure_ascii=False))
            yield PartEnd(index=index)
        case _:
            pass


class StreamDecoder:
    """Turns the API's stream events into ours, one at a time."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._blocks: dict[int, dict[str, Any]] = {}
        self._usage: dict[str, Any] = {}

    def decode(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Our events for one of theirs."""
        match event.get("type"):
            case "message_start":
                message = event["message"]
                self._usage = {**(message.get("usage") or {}), "output_tokens": None}  # a placeholder until the end
                yield Started(message.get("model", self._model), message.get("id"))
            case "content_block_start":
                block = self._blocks[event["index"]] = dict(event["content_block"])
                if block["type"] == "tool_use":
                    yield ToolCallStart(event["index"], block["id"], block["name"])
                elif block.get("text"):
                    yield TextDelta(block["text"])
            case "content_block_delta":
                yield from self._delta(event["index"], event["delta"])
            case "content_block_stop":
                yield from self._end(event["index"])
            case "message_delta":
                # Counts are cumulative: a later one replaces, and is never added to, an earlier one.
                later: Mapping[str, Any] = event.get("usage") or {}
                self._usage |= {name: count for name, count in later.items() if count is not None}
                yield UsageReport(decode_usage(self._usage))
                reason = event["delta"].get("stop_reason")
                if reason is not None:
                    yield Finish(_FINISHES.get(reason, "unknown"), reason)
            case "error":
                error: Mapping[str, Any] = event.get("error") or {}
                kind = _FAILURES.get(str(error.get("type")), Unavailable)
                raise kind(str(error.get("message") or "the stream failed"), provider=NAME, model=self._model)
            case _:
                pass

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[Event]:
        match delta.get("type"):
            case "text_delta":
                yield TextDelta(delta["text"])
            case "thinking_delta":
                block = self._blocks[index]
                block["thinking"] = block.get("thinking", "") + delta["thinking"]
                yield ThinkingDelta(delta["thinking"])
            case "signature_delta":
                block = self._blocks[index]
                block["signature"] = block.get("signature", "") + delta["signature"]
            case "input_json_delta":
                if delta["partial_json"]:
                    yield ToolCallDelta(index, delta["partial_json"])
            case _:
                pass

    def _end(self, index: int) -> Iterator[Event]:
        block = self._blocks[index]
        match block["type"]:
            case "text":
                yield PartEnd()
            case "thinking" | "redacted_thinking":
                yield PartEnd({NAME: block})
            case "tool_use":
                yield PartEnd(index=index)
            case _:
                pass


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Inclusive totals: the API counts input that was read from or written to the cache apart."""
    fresh, output = usage.get("input_tokens"), usage.get("output_tokens")
    cached, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
    details: Mapping[str, Any] = usage.get("output_tokens_details") or {}
    total = None if fresh is None else fresh + (cached or 0) + (written or 0)
    return Usage(total, output, cached, written, details.get("thinking_tokens"))
