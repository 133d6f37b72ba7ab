"""What the Responses API answers, as our events. Pure; events that are not known are passed over.

A whole answer is decoded as a stream of which only the ends of its items came, so the two cannot differ.

A message whose phase is `commentary` is what the model says on its way and no part of the answer: OpenAI's SDK does not
parse it either. It becomes thinking, which `text` and a typed answer leave out, and goes back as the message it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiapp.core.errors import InvalidResponse
from aiapp.core.events import (
    Altered,
    Cited,
    Event,
    Finish,
    FinishReason,
    PartEnd,
    Served,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from aiapp.core.parts import Citation
from aiapp.providers.codes import failure
from aiapp.providers.openai.items import NAME
from aiapp.providers.openai.usage import decode_usage
from aiapp.providers.reading import as_label, as_name, as_place, as_text
from aiapp.providers.tiers import served_tier

_INCOMPLETE: dict[str, FinishReason] = {
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "max_messages": "pause",
    "steered": "pause",
}


def decode(response: Mapping[str, Any], model: str) -> Iterator[Event]:
    """The events of a whole response."""
    if not isinstance(response.get("output"), list):
        if response.get("error"):
            raise failure(response["error"], NAME, model)
        raise InvalidResponse("the answer has no output", provider=NAME, model=model)
    decoder = StreamDecoder(model)
    yield from decoder.decode({"type": "response.created", "response": response})
    for index, item in enumerate(response["output"]):
        yield from decoder.decode({"type": "response.output_item.done", "output_index": index, "item": item})
    yield from decoder.decode({"type": "response.completed", "response": response})


@dataclass(slots=True)
class _Item:
    """How much of an output item was told already; `aside` is a message that is not the answer."""

    kind: str = "message"
    aside: bool = False
    said: bool = False
    place: int = 0
    cited: int = 0


class StreamDecoder:
    """Turns the API's stream events into ours, one at a time."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._items: dict[int, _Item] = {}
        self._called = self._refused = self.done = False

    def end(self) -> Iterable[Event]:
        """Nothing waits here."""
        return ()

    def decode(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Our events for one of theirs."""
        index: int = event.get("output_index", 0)
        match event.get("type"):
            case "response.created":
                response = event["response"]
                yield Started(as_label(response.get("model")) or self._model, as_label(response.get("id")))
            case "response.output_item.added":
                yield from self._begin(index, event["item"])
            case "response.output_text.delta" | "response.refusal.delta":
                self._refused = self._refused or event["type"] == "response.refusal.delta"
                yield from self._say(index, event["delta"])
            case "response.reasoning_summary_text.delta":
                yield from self._think(index, event["delta"], event.get("summary_index", 0))
            case "response.reasoning_text.delta":
                yield from self._think(index, event["delta"], event.get("content_index", 0))
            case "response.function_call_arguments.delta" if self._is_call(index):
                yield from self._argue(index, event["delta"])
            case "response.output_text.annotation.added":
                self._item(index).cited += 1
                yield from _cited(event.get("annotation"))
            case "response.output_item.done":
                yield from self._end(index, event["item"])
            case "response.completed" | "response.incomplete" | "response.failed":
                self.done = True
                yield from self._finish(event["response"])
            case "error":
                raise failure(event.get("error") or event, NAME, self._model)
            case None if "error" in event:  # from gateways, which name no type
                raise failure(event["error"], NAME, self._model)
            case _:
                pass

    def _item(self, index: int) -> _Item:
        return self._items.setdefault(index, _Item())

    def _is_call(self, index: int) -> bool:
        item = self._items.get(as_place(index))
        return item is not None and item.kind == "function_call"

    def _begin(self, index: int, item: Mapping[str, Any]) -> Iterator[Event]:
        kind = str(item.get("type"))
        self._items[index] = _Item(kind, aside=item.get("phase") == "commentary")
        if kind == "function_call":
            self._called = True
            yield ToolCallStart(as_place(index), as_name(item["call_id"]), as_name(item["name"]))

    def _say(self, index: int, text: str) -> Iterator[Event]:
        if text:
            item = self._item(index)
            item.said, text = True, as_text(text)
            yield ThinkingDelta(text) if item.aside else TextDelta(text)

    def _think(self, index: int, text: str, place: int) -> Iterator[Event]:
        """More of a summary; the parts of one stand apart."""
        item, text = self._item(index), as_text(text)
        yield ThinkingDelta(f"\n\n{text}" if item.said and place != item.place else text)
        item.said, item.place = True, place

    def _argue(self, index: int, text: str) -> Iterator[Event]:
        if text:
            item = self._items[index]
            item.said = True
            yield ToolCallDelta(index, as_text(text))

    def _end(self, index: int, item: Mapping[str, Any]) -> Iterator[Event]:
        """What was not told of an item yet, and what is echoed back; only here is what was encrypted whole."""
        match item.get("type"):
            case "message":
                yield from self._end_message(index, item)
            case "reasoning":
                if not self._item(index).said:
                    for place, one in enumerate(item.get("summary") or item.get("content") or ()):
                        yield from self._think(index, one["text"], place)
                yield PartEnd({NAME: dict(item)})
            case "function_call":
                if not self._is_call(index):
                    yield from self._begin(index, item)
                if not self._items[index].said:
                    yield from self._argue(index, item.get("arguments") or "")
                named = ("type", "call_id", "name", "arguments")
                own = {name: value for name, value in item.items() if name not in named and value is not None}
                yield PartEnd({NAME: own} if own else {}, index=index)
            case None:
                pass
            case _:  # a search, a compaction: it goes back in its place, or the reasoning before it is refused
                yield PartEnd({NAME: dict(item)})

    def _end_message(self, index: int, item: Mapping[str, Any]) -> Iterator[Event]:
        contents: list[Mapping[str, Any]] = list(item.get("content") or ())
        state = self._items.setdefault(index, _Item(aside=item.get("phase") == "commentary"))
        refused = any(content.get("type") == "refusal" for content in contents)
        self._refused = self._refused or refused
        if not state.said:
            for content in contents:
                yield from self._say(index, content.get("text") or content.get("refusal") or "")
        sources = [source for content in contents for source in content.get("annotations") or ()]
        for source in sources[state.cited :]:
            yield from _cited(source)
        if not state.said:
            return
        if state.aside:
            yield PartEnd({NAME: dict(item)})
            return
        own = {name: item[name] for name in ("id", "phase", "status") if item.get(name) is not None}
        if refused or sources or len(contents) > 1:
            own["content"] = [{name: one[name] for name in one if name != "logprobs"} for one in contents]
        yield PartEnd({NAME: own} if own else {})

    def _finish(self, response: Mapping[str, Any]) -> Iterator[Event]:
        for dropped in response.get("input_transformations") or ():
            what = f"{dropped.get('type')} {dropped.get('id')} was {dropped.get('action')} by OpenAI"
            yield Altered("messages.thinking", f"{what}: {dropped.get('reason')}")
        if (tier := served_tier(response.get("service_tier"))) is not None:
            yield Served(tier=tier)
        if response.get("usage") is not None:
            yield UsageReport(decode_usage(response))
        status = response.get("status", "completed")
        if status == "failed":
            raise failure(response.get("error") or {}, NAME, self._model)
        if status == "incomplete":
            details: Mapping[str, Any] = response.get("incomplete_details") or {}
            raw = str(details.get("reason") or status)
            yield Finish(_INCOMPLETE.get(raw, "unknown"), raw)
        elif status != "completed":
            yield Finish("unknown", str(status))
        elif self._refused:
            yield Finish("refusal", "refusal")
        else:
            yield Finish("tool_calls" if self._called else "stop", status)


def _cited(source: Mapping[str, Any] | None) -> Iterator[Event]:
    """A source that the provider names. Its places are those of the answer, not of the source, so they stay unread."""
    if source is not None:
        name = source.get("url") or source.get("filename") or source.get("file_id") or ""
        yield Cited(Citation(str(name), None, None, "", metadata={NAME: dict(source)}))
