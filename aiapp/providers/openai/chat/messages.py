"""Messages as Chat Completions takes them, with what its vendors differ in. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from aiapp.core.messages import Message
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.response import Change
from aiapp.providers.answering import is_aside
from aiapp.providers.attached import NOT_HERE, chat_block, chat_place
from aiapp.providers.openai.items import LONGEST_NAME, MARK
from aiapp.providers.openai.vendors import Vendor
from aiapp.providers.tools import called
from aiapp.providers.wording import said

_NO_ADDRESS = "Chat Completions takes a file's bytes, not its address"
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Messages:
    """Builds the messages of one request; `changes` grows on the way."""

    def __init__(self, vendor: Vendor, changes: list[Change], *, images: bool, files: bool, marks: bool) -> None:
        self._vendor, self._changes = vendor, changes
        self._readable = {"image": images, "file": files}
        self._marks = marks

    def of(self, messages: Iterable[Message]) -> list[dict[str, Any]]:
        """The messages of all turns, in order."""
        return [made for message in messages for made in self._message(message)]

    def _message(self, message: Message) -> list[dict[str, Any]]:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        made: list[dict[str, Any]] = [self._result(result) for result in results]
        rest: list[Part] = [part for part in message.parts if not isinstance(part, ToolResult)]
        rest += [part for result in results for part in self._attached(result)]
        if message.role == "assistant":
            turn = self._assistant(rest)
        else:
            content = self._content(rest)
            role = {"system": self._vendor.system, "tool": "user"}.get(message.role, message.role)
            turn = {"role": role, "content": content} if content or not results else None
        made += [turn] if turn is not None else []
        if message.cache:
            self._mark(made)
        return made

    def _assistant(self, parts: Sequence[Part]) -> dict[str, Any] | None:
        name = self._vendor.name
        said = [part for part in parts if isinstance(part, Text) or is_aside(part, name)]
        refused = [part for part in said if part.metadata.get(name, {}).get("refusal")]
        text = "".join(part.text for part in said if part not in refused)
        turn: dict[str, Any] = {"role": "assistant", "content": text or None}
        if refused:
            turn["refusal"] = "".join(part.text for part in refused)
        calls = [part for part in parts if isinstance(part, ToolCall)]
        if calls:
            turn["tool_calls"] = [self._call(call) for call in calls]
        self._reason([part for part in parts if isinstance(part, Thinking) and not is_aside(part, name)], turn)
        for part in parts:
            if isinstance(part, Image | File):
                self._left_out(part.kind, f"an assistant's turn takes no {part.kind}")
            elif isinstance(part, Citation):
                self._unnamed(part)
        return turn if len(turn) > 2 or text else None

    def _reason(self, thoughts: Sequence[Thinking], turn: dict[str, Any]) -> None:
        """Reasoning goes back to the vendor that gave it, where it wants it."""
        name, echo = self._vendor.name, self._vendor.echo
        own = [part for part in thoughts if name in part.metadata]
        if len(own) < len(thoughts):
            self._left_out("thinking", "reasoning of another provider cannot be replayed")
        if not own:
            return
        if echo == "reasoning_content":
            turn[echo] = "".join(part.text for part in own)
        elif echo == "reasoning_details":
            details = [one for part in own for one in part.metadata[name].get(echo, ())]
            turn.update({echo: details} if details else {})
        else:
            reason = "this wire does not take reasoning back; left out"
            self._changes.append(Change("messages.thinking", reason, lost=False))

    def _unnamed(self, citation: Citation) -> None:
        """No vendor takes a source back, so with its own nothing is lost that could have been sent."""
        reason = "the text that it supports is sent without the source's name"
        self._changes.append(Change("messages.citation", reason, lost=self._vendor.name not in citation.metadata))

    def _call(self, call: ToolCall) -> dict[str, Any]:
        name = called(call.name, LONGEST_NAME, self._changes) if self._vendor.tool_rules else call.name
        function = {"name": name, "arguments": call.arguments}
        return {"id": self._call_id(call.id), "type": "function", "function": function}

    def _result(self, result: ToolResult) -> dict[str, Any]:
        content = f"Error: {result.content}" if result.is_error else result.content
        return {"role": "tool", "tool_call_id": self._call_id(result.call_id), "content": content}

    def _attached(self, result: ToolResult) -> list[Part]:
        """A tool's turn is text alone, so what belongs to it follows as a turn of the user."""
        if not result.attachments:
            return []
        reason = "a tool's turn takes text alone; sent as a turn of the user after it"
        self._changes.append(Change("messages.tool_result.attachments", reason, lost=False))
        return [Text(said("tool-attachments", call=self._call_id(result.call_id))), *result.attachments]

    def _call_id(self, given: str) -> str:
        """The id in the form that the vendor accepts: the same for a call and its result."""
        length = self._vendor.call_id_length
        if not length or (len(given) == length and all(letter in _ALPHABET for letter in given)):
            return given
        digest = hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest()
        return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:length])

    def _content(self, parts: Sequence[Part]) -> str | list[dict[str, Any]]:
        """One text where there is nothing but text: not every server reads more."""
        blocks = [block for part in parts if (block := self._block(part)) is not None]
        if all(block["type"] == "text" for block in blocks):
            return "".join(block["text"] for block in blocks)
        return blocks

    def _block(self, part: Part) -> dict[str, Any] | None:
        match part:
            case Text(text) | Citation(quote=text):
                return {"type": "text", "text": text}
            case Image() | File() if not self._readable[part.kind]:
                self._left_out(part.kind, f"this wire, or the model, takes no {part.kind}s")
            case Image() | File():
                return self._held(part)
            case _:
                self._left_out(part.kind, "only an assistant's turn has it")
        return None

    def _held(self, part: Image | File) -> dict[str, Any] | None:
        by_address = isinstance(part, File) and part.url is not None
        block = chat_block(part, None if by_address else chat_place(part), self._vendor.name)
        if block is None:
            self._left_out(part.kind, _NO_ADDRESS if by_address else NOT_HERE)
        return block

    def _left_out(self, kind: str, reason: str) -> None:
        self._changes.append(Change(f"messages.{kind}", f"{reason}; left out"))

    def _mark(self, made: list[dict[str, Any]]) -> None:
        """The end of what stays the same, for the prompt cache."""
        if not self._marks:
            self._changes.append(
                Change("messages.cache", "no mark is sent; a cache, if any, works by itself", lost=False)
            )
            return
        for turn in reversed(made):
            content = turn["content"]
            if content and turn["role"] != "assistant":
                blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
                turn["content"] = [*blocks[:-1], {**blocks[-1], "prompt_cache_breakpoint": MARK}]
                return
