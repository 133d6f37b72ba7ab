"""Cases to measure models on: a JSON Lines file, an object a line.

    {"input": "What is the capital of France?", "expected": "Paris", "id": "q1", "tags": ["geography"]}
    {"input": [{"role": "system", "text": "Be brief."}, {"role": "user", "text": "..."}], "expected": "..."}
    {"input": {"question": "..."}, "expected": "..."}

An object as the input holds the variables of a prompt, which is then given. A case without `id` is called by its line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.formats import Choice
from aiapp.core.messages import Message, Role
from aiapp.core.parts import Text
from aiapp.core.request import Request
from aiapp.core.serialisation import to_plain
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.values import is_array, is_object

_KEYS = frozenset(("id", "input", "expected", "tags"))


@dataclass(frozen=True, slots=True)
class Item:
    """One case: what is asked, and what a good answer is."""

    id: str
    request: Request
    expected: Any
    tags: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Of what is asked: an answer that was kept is one to this."""
        plain = json.dumps(to_plain(self.request), sort_keys=True, default=str)
        return hashlib.sha256(plain.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, before anything is made of its input; `where` names the line."""

    where: str
    id: str
    input: Any
    expected: Any
    tags: tuple[str, ...] = ()


def read_items(path: str | Path, prompt: Prompt | None = None) -> tuple[Item, ...]:
    """The cases of a file; a line that is wrong is named by its number."""
    return tuple(_item(row, prompt) for row in read_rows(path))


def read_rows(path: str | Path) -> tuple[Row, ...]:
    """The lines of a file as they are, which a prompt may be given one by one."""
    found = dict[str, Row]()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("cases", str(path), f"a file of JSON lines that can be read ({error})") from None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = _row(f"{path}:{number}", number, line)
        if row.id in found:
            raise InvalidInput(f"{path}:{number} id", row.id, "an id that no other line has")
        found[row.id] = row
    if not found:
        raise InvalidInput("cases", str(path), "a file with at least one case")
    return tuple(found.values())


def with_choices(items: Sequence[Item]) -> tuple[Item, ...]:
    """The same, each a choice among everything that is expected of any."""
    labels = tuple(dict.fromkeys(str(item.expected) for item in items))
    if len(labels) < 2:
        raise InvalidInput("expected", labels, "at least two labels in the file, to choose from")
    return tuple(replace(item, request=replace(item.request, format=Choice(labels))) for item in items)


def _item(row: Row, prompt: Prompt | None) -> Item:
    try:
        request = _request(row.input, prompt)
    except AiappError as error:
        raise InvalidInput(f"{row.where} input", row.input, str(error)) from None
    return Item(row.id, request, row.expected, row.tags)


def _row(where: str, number: int, line: str) -> Row:
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(where, line[:60], f"a JSON object ({error})") from None
    if not is_object(row) or "input" not in row or "expected" not in row:
        raise InvalidInput(where, line[:60], "an object with input and expected")
    if strange := [name for name in row if name not in _KEYS]:
        raise InvalidInput(where, strange[0], ", ".join(sorted(_KEYS)))
    tags = row.get("tags", [])
    if not is_array(tags) or not all(isinstance(tag, str) for tag in tags):
        raise InvalidInput(f"{where} tags", tags, "a list of texts")
    return Row(where, str(row.get("id", number)), row["input"], row["expected"], tuple(tags))


def _request(given: Any, prompt: Prompt | None) -> Request:
    if is_object(given):
        if prompt is None:
            raise InvalidInput("prompt", None, "a prompt for input that holds variables")
        return prompt.request(given)
    if prompt is not None:
        raise InvalidInput("input", given, f"an object with the variables of the prompt {prompt.name}")
    return Request.of(given) if isinstance(given, str) else Request.of(tuple(_messages(given)))


def _messages(given: Any) -> Iterator[Message]:
    for one in given if is_array(given) else [given]:
        fits = is_object(one) and set(one) == {"role", "text"} and isinstance(one["text"], str)
        if not fits or one["role"] not in get_args(Role):
            raise InvalidInput("message", one, f"an object with text and role: {', '.join(get_args(Role))}")
        yield Message(one["role"], (Text(one["text"]),))
