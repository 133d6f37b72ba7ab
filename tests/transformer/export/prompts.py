"""Prompts of several kinds, made from fixed seeds."""

from __future__ import annotations

import json
import random

from aiapp.transformer.template import call_text, system_text, tool_line
from aiapp.transformer.tokenizer import Role, Tokenizer

TEXT = (
    "the office opens at nine; leave of 16 weeks, Zürich and 東京 are cities: ask Ada! (twice) or read page 42 again 😀"
)
WORDS = TEXT.split()
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"enum": ["C", "F"]}},
    "required": ["city"],
}


def prompts(tokenizer: Tokenizer, count: int) -> list[list[int]]:
    """So many prompts as ids: chats, JSON, prose and tools in turn."""
    return [_prompt(tokenizer, seed) for seed in range(count)]


def _prompt(tokenizer: Tokenizer, seed: int) -> list[int]:
    draw = random.Random(seed)

    def text(most: int = 20) -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(1, most)))

    record = {word: draw.choice([draw.randint(0, 999), text(4), None, [True]]) for word in draw.sample(WORDS, 4)}
    tools = [tool_line(f"tool_{number}", text(6), PARAMETERS) for number in range(draw.randint(1, 3))]
    call = call_text("tool_0", {"city": draw.choice(WORDS), "days": draw.randint(1, 9)})
    chats: list[list[tuple[Role, str]]] = [
        [("system", text()), ("user", text()), ("assistant", text()), ("user", text())],
        [("system", system_text("", (), PARAMETERS)), ("user", json.dumps(record, ensure_ascii=False))],
        [],
        [("system", system_text(text(), tools, None)), ("user", text()), ("call", call), ("tool", json.dumps(record))],
    ]
    chat = chats[seed % len(chats)]
    return tokenizer.chat_ids(chat) if chat else [tokenizer.bos, *tokenizer.encode(text(80))]
