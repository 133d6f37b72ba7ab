"""Messages as instructions and alternating turns, with the marks of the prompt cache. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiapp.core.messages import Message
from aiapp.core.request import Caching
from aiapp.core.response import Change
from aiapp.providers.anthropic.blocks import Blocks

MARKS = 4
"""The most cache marks that a request may carry; asking for the cache as a whole is one of them."""
LIFETIMES: dict[Caching, str] = {"short": "5m", "long": "1h"}
_MARKABLE = ("text", "image", "document", "tool_use", "tool_result")


@dataclass(slots=True)
class Turns:
    """`system` blocks and `messages`, and in `marked` the blocks that end what stays the same, in order."""

    system: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    marked: list[dict[str, Any]]


def turns_of(messages: tuple[Message, ...], blocks: Blocks, changes: list[Change]) -> Turns:
    """Turns that alternate: tool results are the user's and come first, neighbours of one role become one turn."""
    turns = Turns([], [], [])
    for message in messages:
        contents = [block for part in message.parts if (block := blocks.of(part, message.role)) is not None]
        if message.role == "system":
            contents = _instructions(contents, turns, changes)
        if message.cache:
            _mark(contents, turns, changes)
        if message.role == "system":
            turns.system.extend(contents)
        elif contents:
            _say("assistant" if message.role == "assistant" else "user", contents, turns)
    if not turns.messages and turns.system:
        turns.messages.append({"role": "user", "content": turns.system})
        turns.system = []
        changes.append(Change("messages", "instructions alone are sent as what the user says", lost=False))
    for turn in turns.messages:
        turn["content"].sort(key=_is_no_result)
    return turns


def set_cache(payload: dict[str, Any], turns: Turns, caching: Caching | None, changes: list[Change]) -> None:
    """Ask for the cache as a whole where the settings do, and at the marks of the messages."""
    if caching == "off":
        return
    control = {"type": "ephemeral", "ttl": LIFETIMES[caching or "short"]}
    if caching is not None:
        payload["cache_control"] = control
    room = MARKS if caching is None else MARKS - 1
    left_out = turns.marked[:-room]
    if left_out:
        reason = f"a request may have {MARKS} marks; the first {len(left_out)} of {len(turns.marked)} left out"
        changes.append(Change("messages.cache", reason))
    for block in turns.marked[-room:]:
        block["cache_control"] = control


def _instructions(contents: list[dict[str, Any]], turns: Turns, changes: list[Change]) -> list[dict[str, Any]]:
    texts = [block for block in contents if block["type"] == "text"]
    if len(texts) < len(contents):
        changes.append(Change("messages.system", "instructions can hold text only; the rest left out"))
    if texts and turns.messages:
        changes.append(Change("messages.system", "later instructions stand before the conversation", lost=False))
    return texts


def _mark(contents: list[dict[str, Any]], turns: Turns, changes: list[Change]) -> None:
    last = next((block for block in reversed(contents) if block["type"] in _MARKABLE), None)
    if last is None:
        changes.append(Change("messages.cache", "nothing in the message can carry the mark; left out"))
    else:
        turns.marked.append(last)


def _say(role: str, contents: list[dict[str, Any]], turns: Turns) -> None:
    if turns.messages and turns.messages[-1]["role"] == role:
        turns.messages[-1]["content"].extend(contents)
    else:
        turns.messages.append({"role": role, "content": contents})


def _is_no_result(block: dict[str, Any]) -> bool:
    return bool(block["type"] != "tool_result")
