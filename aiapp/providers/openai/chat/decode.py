"""What Chat Completions answers, as our events. Pure.

A whole answer is decoded as a stream of one piece, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiapp.core.errors import InvalidResponse
from aiapp.core.events import (
    Cited,
    Event,
    Finish,
    PartEnd,
    Served,
    Started,
    TextDelta,
    ThinkingDelta,
    UsageReport,
)
from aiapp.core.parts import Citation
from aiapp.core.usage import Usage
from aiapp.providers.chat import FINISHES, Calls, as_chunk
from aiapp.providers.codes import failure
from aiapp.providers.openai.chat.truncation import truncated
from aiapp.providers.openai.chat.usage import decode_usage
from aiapp.providers.openai.vendors import Vendor
from aiapp.providers.reading import as_label, as_text, fields
from aiapp.providers.tiers import served_tier


def decode(answer: Mapping[str, Any], model: str, vendor: Vendor, characters: int | None = None) -> Iterator[Event]:
    """The events of a whole answer; `characters` is the length of a prompt that the vendor may have cut."""
    if not answer.get("choices") and not answer.get("error"):
        raise InvalidResponse("the answer has no choices", provider=vendor.name, model=model)
    yield from StreamDecoder(model, vendor, characters).decode(as_chunk(answer))


class StreamDecoder:
    """Turns chunks into our events, one at a time."""

    done = False
    """No chunk is the last: `[DONE]` says that."""

    def __init__(self, model: str, vendor: Vendor, characters: int | None = None) -> None:
        self._model, self._vendor, self._characters = model, vendor, characters
        self._calls = Calls(vendor.name)
        self._open = ""
        self._started = self._refused = self._finished = self._cut = self._counting = False
        self._details: list[dict[str, Any]] = []
        self._tier: str | None = None
        self._usage: Mapping[str, Any] | None = None

    def end(self) -> Iterable[Event]:
        """Nothing waits here."""
        return ()

    def decode(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Our events for one chunk. Only the first choice is read."""
        if event.get("error"):
            raise failure(event["error"], self._vendor.name, self._model)
        choices: Sequence[Mapping[str, Any]] = event.get("choices") or ()
        if not self._started and (event.get("model") or choices):  # Azure opens with a chunk that has neither
            self._started = True
            yield Started(as_label(event.get("model")) or self._model, as_label(event.get("id")))
        tier = served_tier(event.get("service_tier"))
        if tier is not None and tier != self._tier:
            self._tier = tier
            yield Served(tier=tier)
        for choice in choices:
            if not choice.get("index"):
                yield from self._choice(choice, str(event.get("id") or ""))
        if event.get("usage"):
            self._usage = fields(event["usage"]) or self._usage
        yield from self._count()

    def _count(self) -> Iterator[Event]:
        """Some servers count in every chunk: before the answer is whole, only what they say of the input is a total."""
        if self._usage is None or (self._counting and not self._finished):
            return
        usage = decode_usage(self._usage, self._vendor)
        if not self._finished:
            self._counting = True
            yield UsageReport(_input_of(usage))
            return
        self._usage = None
        yield UsageReport(usage)
        if self._characters is not None:
            altered = truncated(self._characters, usage, at_the_limit=self._cut)
            yield from () if altered is None else (altered,)

    def _choice(self, choice: Mapping[str, Any], answer_id: str) -> Iterator[Event]:
        if choice.get("error"):
            raise failure(choice["error"], self._vendor.name, self._model)
        delta: Mapping[str, Any] = choice.get("delta") or {}
        self._detail(delta.get("reasoning_details") or ())
        thinking, text = _contents(delta.get("content"))
        thinking = str(delta.get("reasoning_content") or delta.get("reasoning") or "") + thinking
        if thinking:
            yield from self._turn("thinking")
            yield ThinkingDelta(thinking)
        if text:
            yield from self._turn("text")
            yield TextDelta(text)
        if refusal := delta.get("refusal"):
            self._refused = True
            yield from self._turn("refusal")
            yield TextDelta(as_text(refusal))
        for source in delta.get("annotations") or ():
            yield from self._cited(source)
        calls: Sequence[Mapping[str, Any]] = delta.get("tool_calls") or ()
        if calls:
            yield from self._turn("calls")
            for call in calls:
                yield from self._calls.add(call)
        if (raw := choice.get("finish_reason")) and not self._finished:
            yield from self._finish(str(raw), answer_id)

    def _turn(self, kind: str) -> Iterator[Event]:
        """What was open ends, with whose it was, before another kind begins."""
        if self._open and self._open != kind:
            name = self._vendor.name
            ends = {"thinking": {name: {"reasoning": True}}, "refusal": {name: {"refusal": True}}}
            if self._open != "calls":
                yield PartEnd(ends.get(self._open, {}))
        self._open = kind

    def _finish(self, raw: str, answer_id: str) -> Iterator[Event]:
        self._finished = True
        yield from self._turn("")
        yield from self._calls.end(answer_id)
        if self._details and self._vendor.echo == "reasoning_details":
            yield PartEnd({self._vendor.name: {"reasoning_details": self._details}})
        reason = FINISHES.get(raw, "unknown")
        self._cut = reason == "length"
        if raw == "error":
            raise failure({"message": "the answer broke off at the vendor"}, self._vendor.name, self._model)
        if reason in ("stop", "tool_calls"):
            reason = "refusal" if self._refused else "tool_calls" if self._calls.called else "stop"
        yield Finish(reason, raw)

    def _cited(self, source: Mapping[str, Any]) -> Iterator[Event]:
        """A source that the vendor names. Its places are those of the answer, not of the source."""
        said: Mapping[str, Any] = source.get("url_citation") or source
        if address := said.get("url"):
            yield Cited(Citation(str(address), None, None, "", metadata={self._vendor.name: dict(source)}))

    def _detail(self, pieces: Sequence[Mapping[str, Any]]) -> None:
        """Pieces of reasoning that a vendor wants back whole: consecutive ones of one kind and place are one."""
        for piece in pieces:
            last = self._details[-1] if self._details else None
            if last is None or any(last.get(key) != piece.get(key) for key in ("type", "index")):
                self._details.append(dict(piece))
                continue
            for key, value in piece.items():
                joined = key in ("text", "summary", "data") and isinstance(last.get(key), str)
                if value is not None:
                    last[key] = last[key] + value if joined else value


def _input_of(usage: Usage) -> Usage:
    return replace(
        usage,
        output_tokens=None,
        reasoning_tokens=None,
        audio_output_tokens=None,
        image_output_tokens=None,
        uses={},
    )


def _contents(content: Any) -> tuple[str, str]:
    """Reasoning and text of a content; Mistral sends lists of typed chunks."""
    if not isinstance(content, list):
        return "", as_text(content)
    thinking: list[str] = []
    text: list[str] = []
    blocks: list[Any] = content  # pyright: ignore[reportUnknownVariableType]
    for block in map(fields, blocks):
        if block.get("type") == "thinking":
            inner = block.get("thinking") or ()
            thinking.append(inner if isinstance(inner, str) else _contents(inner)[1])
        else:
            text.append(block.get("text") or "")
    return "".join(thinking), "".join(text)
