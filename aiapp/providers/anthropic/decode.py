"""What the Messages API answers, as our events. Pure; unknown blocks, deltas and events are passed over.

A whole block and a streamed one end in the same function, so that a stream adds up to the whole answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiapp.core.errors import InvalidResponse
from aiapp.core.events import (
    Altered,
    Cited,
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
from aiapp.providers.anthropic import NAME
from aiapp.providers.anthropic.citations import decode_citation
from aiapp.providers.anthropic.failures import streamed_failure
from aiapp.providers.anthropic.signed import SIGNED, kept
from aiapp.providers.messages_usage import decode_service, decode_usage
from aiapp.providers.reading import as_label, as_name, as_place, as_text, fields

_FINISHES: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
}
_SERVER_CALLS = ("server_tool_use", "mcp_tool_use")
_CALL = ("type", "id", "name", "input")


def decode(response: Mapping[str, Any], model: str) -> Iterator[Event]:
    """The events of a whole message."""
    if not isinstance(response.get("content"), list):
        raise InvalidResponse("the answer has no content", provider=NAME, model=model)
    served = as_label(response.get("model")) or model
    yield Started(served, as_label(response.get("id")))
    for index, block in enumerate(response["content"]):
        yield from _said(index, block)
        if block.get("type") == "tool_use":
            yield ToolCallDelta(index, _arguments(block))
        yield from _ended(index, block, (model, served))
    yield from _counted(fields(response.get("usage")))
    yield from _altered(response)
    yield from _finish(response)


class StreamDecoder:
    """Turns the API's stream events into ours, one at a time."""

    def __init__(self, model: str) -> None:
        self._model = self._served = model
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: dict[int, str] = {}
        self._usage: dict[str, Any] = {}
        self.done = False

    def end(self) -> Iterable[Event]:
        """Nothing waits here."""
        return ()

    def decode(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Our events for one of theirs."""
        match event.get("type"):
            case "message_start":
                yield from self._start(event.get("message") or {})
            case "content_block_start":
                index, block = as_place(event["index"]), dict(event["content_block"])
                self._blocks[index] = block
                yield from _said(index, block)
            case "content_block_delta" if as_place(event["index"]) in self._blocks:
                yield from self._delta(event["index"], event["delta"])
            case "content_block_stop" if as_place(event["index"]) in self._blocks:
                yield from self._stop(event["index"])
            case "message_delta":
                yield from self._end(event)
            case "message_stop":
                self.done = True
            case "error":
                raise streamed_failure(event, self._model)
            case _:
                pass

    def _start(self, message: Mapping[str, Any]) -> Iterator[Event]:
        # The output counts are placeholders until the end; the input is known, should the stream be cut.
        begun = fields(message.get("usage"))
        self._usage = {**begun, "output_tokens": None, "output_tokens_details": None}
        self._usage.pop("iterations", None)
        self._served = as_label(message.get("model")) or self._model
        yield Started(self._served, as_label(message.get("id")))
        if begun:
            yield from _counted(self._usage)

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[Event]:
        block = self._blocks[index]
        match delta.get("type"), block.get("type"):
            case "text_delta", "text":
                block["text"] = as_text(block.get("text")) + delta["text"]
                yield TextDelta(delta["text"])
            case "thinking_delta", "thinking":
                block["thinking"] = as_text(block.get("thinking")) + delta["thinking"]
                yield ThinkingDelta(delta["thinking"])
            case "signature_delta", "thinking":
                block["signature"] = as_text(block.get("signature")) + delta["signature"]
            case "citations_delta", "text":
                block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
            case "input_json_delta", kind:
                piece = delta["partial_json"]
                self._inputs[index] = self._inputs.get(index, "") + piece
                if piece and kind == "tool_use":
                    yield ToolCallDelta(index, piece)
            case _:
                pass

    def _stop(self, index: int) -> Iterator[Event]:
        block, arguments = self._blocks.pop(index), self._inputs.pop(index, "")
        if block.get("type") == "tool_use":
            if not arguments:
                yield ToolCallDelta(index, _arguments(block))
        elif arguments:
            try:
                block["input"] = json.loads(arguments)
            except ValueError:
                return
        yield from _ended(index, block, (self._model, self._served))

    def _end(self, event: Mapping[str, Any]) -> Iterator[Event]:
        # Counts are cumulative: a later one replaces, and is never added to, an earlier one.
        later = fields(event.get("usage"))
        self._usage |= {name: count for name, count in later.items() if count is not None}
        yield from _counted(self._usage)
        yield from _altered(event)
        yield from _finish(event.get("delta") or {})


def _said(index: int, block: Mapping[str, Any]) -> Iterator[Event]:
    """What a block says, or has said when it starts."""
    match block.get("type"):
        case "text" if block.get("text"):
            yield TextDelta(as_text(block["text"]))
        case "thinking" if block.get("thinking"):
            yield ThinkingDelta(as_text(block["thinking"]))
        case "tool_use":
            yield ToolCallStart(index, as_name(block["id"]), as_name(block["name"]))
        case _:
            pass


def _ended(index: int, block: Mapping[str, Any], made_by: Sequence[str]) -> Iterator[Event]:
    """The end of a whole block, with what the API wants back, and what its text cites; `made_by` names the model."""
    kind = str(block.get("type"))
    if kind == "text":
        cited: list[Mapping[str, Any]] = block.get("citations") or []
        if block.get("text"):
            yield PartEnd({NAME: {"citations": cited}} if cited else {})
        for citation in cited:
            yield Cited(decode_citation(citation))
    elif kind == "tool_use":
        more = {name: value for name, value in block.items() if name not in _CALL and value is not None}
        yield PartEnd({NAME: more} if more else {}, index=index)
    elif kind in (*SIGNED, *_SERVER_CALLS) or kind.endswith("_tool_result"):
        # What the API's own tools did stands in the answer like encrypted reasoning: it goes back as it came.
        yield PartEnd({NAME: kept(block, made_by)})


def _arguments(block: Mapping[str, Any]) -> str:
    """The arguments as JSON text; what the API could not parse itself it gives as text."""
    value: Any = block.get("input")
    return value if isinstance(value, str) else json.dumps(value or {}, ensure_ascii=False)


def _counted(usage: Mapping[str, Any]) -> Iterator[Event]:
    yield UsageReport(decode_usage(usage))
    if (served := decode_service(usage)) is not None:
        yield served


def _altered(answer: Mapping[str, Any]) -> Iterator[Event]:
    """What of the request the API took away, or let pass all the same; it tells where its beta is asked for."""
    for one in answer.get("input_transformations") or ():
        reason = f"{one.get('type')} at {one.get('path')}: {one.get('reason')}"
        yield Altered("messages.thinking", reason, lost=one.get("type") == "thinking_dropped")


def _finish(ending: Mapping[str, Any]) -> Iterator[Event]:
    if ending.get("stop_reason") is not None:
        reason, details = str(ending["stop_reason"]), fields(ending.get("stop_details"))
        detail = as_label(details.get("category")) or as_label(details.get("explanation"))
        yield Finish(_FINISHES.get(reason, "unknown"), reason, detail)
