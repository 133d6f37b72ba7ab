"""What litellm answers, as our events; its answers and chunks are read as plain dicts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiapp.core.errors import InvalidResponse
from aiapp.core.events import (
    Altered,
    Event,
    Finish,
    PartEnd,
    Served,
    Started,
    TextDelta,
    ThinkingDelta,
    UsageReport,
)
from aiapp.providers.chat import FINISHES, Calls, as_chunk
from aiapp.providers.litellm import NAME
from aiapp.providers.litellm.usage import decode_usage
from aiapp.providers.messages_usage import decode_service
from aiapp.providers.reading import as_label, as_text, fields
from aiapp.providers.tiers import served_tier


def decode(answer: Mapping[str, Any], model: str) -> Iterator[Event]:
    """The events of a whole answer: it is a stream of one chunk."""
    choices: Sequence[Mapping[str, Any]] = answer.get("choices") or ()
    if not choices or not isinstance(choices[0].get("message"), Mapping):
        raise InvalidResponse("the answer has no message", provider=NAME, model=model)
    decoder = StreamDecoder(model)
    yield from decoder.decode(as_chunk(answer))
    yield from decoder.end()


class StreamDecoder:
    """Turns chunks into our events, one at a time; `end` says what only the end of the stream tells."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._started = self._refused = False
        self._id = ""
        self._thoughts: list[dict[str, Any]] = []
        self._thinking = self._speaking = self._said = False
        self._calls = Calls(NAME, kept=("provider_specific_fields",))
        self._finish: str | None = None
        self._usage: Mapping[str, Any] | None = None

    def decode(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        """Our events for one chunk."""
        if not self._started:
            self._started, self._id = True, str(chunk.get("id") or "")
            yield Started(as_label(chunk.get("model")) or self._model, as_label(chunk.get("id")))
        for choice in (chunk.get("choices") or ())[:1]:
            yield from self._delta(choice.get("delta") or {})
            self._finish = choice.get("finish_reason") or self._finish
        usage = fields(chunk.get("usage"))
        if (served := _served(chunk, usage)) is not None:
            yield served
        self._usage = usage or self._usage

    def end(self, *, whole: bool = True, counted: bool = True, told: bool = True) -> Iterator[Event]:
        """The stream is over: the end of the parts, what it took if the provider `counted`, and why it ended.

        One that is not `whole` broke off; where nothing came at all, there was no stream. Unless refusals are `told`,
        an answer of nothing may be one.
        """
        silent = not self._said
        if not whole and not (self._calls.called or self._thinking or self._speaking):
            raise InvalidResponse("the answer is not a stream of events", provider=NAME, model=self._model)
        yield from self._end_thinking()
        yield from self._end_text()
        yield from self._calls.end(self._id)
        if not whole:
            return
        if counted and self._usage is not None:
            yield UsageReport(decode_usage(self._usage))
        if self._finish is not None:
            if silent and not told and self._finish == "stop":
                yield Altered("answer", "no text came; litellm keeps back a refusal that is streamed, so it may be one")
                yield Finish("unknown", self._finish)
            else:
                yield self._finished(str(self._finish))

    def _finished(self, raw: str) -> Finish:
        if self._refused and raw == "stop":
            raw = "refusal"
        uncalled = raw in ("tool_calls", "function_call") and not self._calls.called
        return Finish("stop" if uncalled else FINISHES.get(raw, "unknown"), raw)

    def _delta(self, delta: Mapping[str, Any]) -> Iterator[Event]:
        yield from self._think(delta)
        text = as_text(delta.get("content") or delta.get("refusal"))
        self._refused |= bool(delta.get("refusal"))
        if text:
            yield from self._end_thinking()
            self._speaking = self._said = True
            yield TextDelta(text)
        for call in delta.get("tool_calls") or ():
            yield from self._end_thinking()
            yield from self._end_text()
            self._said = True
            yield from self._calls.add(call)

    def _think(self, delta: Mapping[str, Any]) -> Iterator[Event]:
        blocks: Sequence[Mapping[str, Any]] = delta.get("thinking_blocks") or ()
        said = as_text(delta.get("reasoning_content")) or "".join(str(block.get("thinking") or "") for block in blocks)
        if blocks or said:
            self._thinking = True
        for block in blocks:
            last = self._thoughts[-1] if self._thoughts else {}
            if last.get("type") == block.get("type") == "thinking" and not last.get("signature"):
                last["thinking"] = (last.get("thinking") or "") + (block.get("thinking") or "")
                last["signature"] = block.get("signature")
            else:
                self._thoughts.append(dict(block))
        if said:
            yield from self._end_text()
            yield ThinkingDelta(said)

    def _end_thinking(self) -> Iterator[Event]:
        if self._thinking:
            yield PartEnd({NAME: self._thoughts})
        self._thinking, self._thoughts = False, []

    def _end_text(self) -> Iterator[Event]:
        if self._speaking:
            yield PartEnd()
        self._speaking = False


def _served(chunk: Mapping[str, Any], usage: Mapping[str, Any]) -> Served | None:
    """The tier stands beside the usage or, passed on from Anthropic, in it, with the region."""
    served = decode_service(usage) or Served()
    tier = served.tier or served_tier(chunk.get("service_tier"))
    return Served(tier=tier, region=served.region) if tier or served.region else None
