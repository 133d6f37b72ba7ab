"""What of Chat Completions is the same for whoever speaks it: why an answer ends, and its tool calls. Pure.

A call's id and name come once and its arguments in pieces, told apart by `index`, and the pieces of parallel calls may
interleave. Gateways also send every call at index 0, each with an id of its own, leave the index or the id out, repeat
id and name with every piece, or give the arguments as an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiapp.core.events import Event, FinishReason, PartEnd, ToolCallDelta, ToolCallStart
from aiapp.core.parts import Metadata

FINISHES: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "refusal",
}


def as_chunk(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A whole answer as a stream of one chunk, so that the two cannot be read differently."""
    choices: list[dict[str, Any]] = []
    for choice in answer.get("choices") or ():
        message = dict(choice.get("message") or {})
        calls: Sequence[Mapping[str, Any]] = message.get("tool_calls") or ()
        message["tool_calls"] = [{**call, "index": index} for index, call in enumerate(calls)]
        choices.append({**choice, "delta": message})
    return {**answer, "choices": choices}


@dataclass(slots=True)
class _Call:
    """A call as far as it came; it is told once its id and name are known."""

    number: int
    id: str = ""
    name: str = ""
    pending: str = ""
    begun: bool = False
    own: dict[str, Any] = field(default_factory=dict[str, Any])


class Calls:
    """The calls of one answer.

    What a call has under a name of `kept` goes back with it to the provider `name`.
    """

    def __init__(self, name: str, *, kept: Sequence[str] = ()) -> None:
        self._name, self._kept = name, kept
        self._calls: list[_Call] = []
        self._at: dict[Any, _Call] = {}
        self._last: _Call | None = None

    @property
    def called(self) -> bool:
        """Whether any tool was called."""
        return bool(self._calls)

    def add(self, delta: Mapping[str, Any]) -> Iterator[Event]:
        """Our events for one delta."""
        call = self._which(delta)
        function: Mapping[str, Any] = delta.get("function") or {}
        call.id = call.id or str(delta.get("id") or "")
        call.name = call.name or str(function.get("name") or "")
        call.own |= {name: delta[name] for name in self._kept if delta.get(name)}
        arguments: Any = function.get("arguments")
        call.pending += arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""
        if call.name and call.id:
            yield from self._told(call)

    def end(self, answer_id: str) -> Iterator[Event]:
        """What is left when the answer ends: a call without an id gets one."""
        for call in self._calls:
            call.id = call.id or f"{answer_id or 'call'}_{call.number}"
            yield from self._told(call)
        for call in self._calls:
            metadata: Metadata = {self._name: call.own} if call.own else {}
            yield PartEnd(metadata, call.number)

    def _which(self, delta: Mapping[str, Any]) -> _Call:
        """The call that a delta belongs to: by a known id, by its index unless the id is a new one, else the last."""
        index, given = delta.get("index"), delta.get("id")
        call = next((one for one in self._calls if given and one.id == given), None)
        if call is None:
            call = self._last if index is None else self._at.get(index)
            if call is None or (given and call.id):
                call = _Call(len(self._calls))
                self._calls.append(call)
        self._at[index] = self._last = call
        return call

    def _told(self, call: _Call) -> Iterator[Event]:
        if not call.begun:
            yield ToolCallStart(call.number, call.id, call.name)
        call.begun = True
        if call.pending:
            yield ToolCallDelta(call.number, call.pending)
        call.pending = ""
