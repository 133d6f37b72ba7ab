"""What the Responses API answers, as our events. Pure; unknown items and events are passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.core.errors import InvalidResponse, Overloaded, RateLimited, Unavailable
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
from aiapp.providers.openai.encode import NAME

_INCOMPLETE: dict[str, FinishReason] = {"max_output_tokens": "length", "content_filter": "content_filter"}
_FAILURES = {"rate_limit_exceeded": RateLimited, "server_error": Unavailable, "server_overloaded": Overloaded}


def decode(response: Mapping[str, Any], model: str) -> Iterator[Event]:
    """The events of a whole response."""
    if "output" not in response:
        raise InvalidResponse("the answer has no output", provider=NAME, model=model)
    yield Started(response.get("model", model), response.get("id"))
    for index, item in enumerate(response["output"]):
        yield from _item(index, item)
    yield from _ending(response, _has_call(response), _refused(response), model)


class StreamDecoder:
    """Turns the API's stream events into ours, one at a time."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._called = self._refused = False

    def decode(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Our events for one of theirs."""
        match event.get("type"):
            case "response.created":
                response = event["response"]
                yield Started(response.get("model", self._model), response.get("id"))
            case "response.output_item.added" if event["item"]["type"] == "function_call":
                self._called = True
                yield ToolCallStart(event["output_index"], event["item"]["call_id"], event["item"]["name"])
            case "response.output_text.delta":
                yield TextDelta(event["delta"])
            case "response.refusal.delta":
                self._refused = True
                yield TextDelta(event["delta"])
            case "response.reasoning_summary_text.delta":
                yield ThinkingDelta(event["delta"])
            case "response.function_call_arguments.delta":
                yield ToolCallDelta(event["output_index"], event["delta"])
            case "response.output_item.done":
                yield from _item_end(event["output_index"], event["item"])
            case "response.completed" | "response.incomplete" | "response.failed":
                yield from _ending(event["response"], self._called, self._refused, self._model)
            case "error":
                raise _failure(event, self._model)
            case _:
                pass


def _item(index: int, item: Mapping[str, Any]) -> Iterator[Event]:
    """One output item, as the deltas that a stream would have brought it in."""
    match item.get("type"):
        case "message":
            for content in item["content"]:
                text = content.get("text") or content.get("refusal") or ""
                if text:
                    yield TextDelta(text)
        case "reasoning":
            for summary in item.get("summary", ()):
                yield ThinkingDelta(summary["text"])
        case "function_call":
            yield ToolCallStart(index, item["call_id"], item["name"])
            yield ToolCallDelta(index, item["arguments"])
        case _:
            return
    yield from _item_end(index, item)


def _item_end(index: int, item: Mapping[str, Any]) -> Iterator[Event]:
    match item.get("type"):
        case "message":
            own = {name: item[name] for name in ("id", "phase") if item.get(name) is not None}
            yield PartEnd({NAME: own} if own else {})
        case "reasoning":
            yield PartEnd({NAME: dict(item)})
        case "function_call":
            yield PartEnd(index=index)
        case _:
            pass


def _ending(response: Mapping[str, Any], called: bool, refused: bool, model: str) -> Iterator[Event]:
    if (usage := response.get("usage")) is not None:
        yield UsageReport(decode_usage(usage))
    status = response.get("status", "completed")
    if status == "failed":
        raise _failure(response.get("error") or {}, model)
    if status == "incomplete":
        details: Mapping[str, Any] = response.get("incomplete_details") or {}
        raw = str(details.get("reason") or status)
        yield Finish(_INCOMPLETE.get(raw, "unknown"), raw)
    elif refused:
        yield Finish("refusal", "refusal")
    else:
        yield Finish("tool_calls" if called else "stop", status)


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Counts as OpenAI gives them are inclusive already."""
    inputs: Mapping[str, Any] = usage.get("input_tokens_details") or {}
    outputs: Mapping[str, Any] = usage.get("output_tokens_details") or {}
    return Usage(
        usage.get("input_tokens"),
        usage.get("output_tokens"),
        inputs.get("cached_tokens"),
        inputs.get("cache_write_tokens"),
        outputs.get("reasoning_tokens"),
    )


def _has_call(response: Mapping[str, Any]) -> bool:
    return any(item.get("type") == "function_call" for item in response["output"])


def _refused(response: Mapping[str, Any]) -> bool:
    return any(
        content.get("type") == "refusal"
        for item in response["output"]
        if item.get("type") == "message"
        for content in item["content"]
    )


def _failure(error: Mapping[str, Any], model: str) -> Exception:
    kind = _FAILURES.get(str(error.get("code")), Unavailable)
    return kind(str(error.get("message") or "the response failed"), provider=NAME, model=model)
