"""A support assistant as it was written a year ago. Look at it with: aiapp doctor examples/doctor"""

from __future__ import annotations

import os
from datetime import datetime

import anthropic
from openai import OpenAI
from pydantic import BaseModel

MODEL = os.environ.get("SUPPORT_MODEL", "gpt-4o")
RECORDED_WITH = "openai:gpt-4"  # aiapp: ignore[AI101]


class Ticket(BaseModel):
    subject: str
    urgency: int
    fields: dict[str, str]


def ticket(mail: str) -> Ticket | None:
    return OpenAI().responses.parse(model="gpt-5", input=mail, temperature=0, text_format=Ticket).output_parsed


def answer(manual: str, question: str) -> anthropic.types.Message:
    return anthropic.Anthropic().messages.create(
        model="claude-opus-5-5",
        max_tokens=4_000,
        tool_choice={"type": "any"},
        system=[
            {"type": "text", "text": f"Today is {datetime.now():%d %B %Y}."},
            {"type": "text", "text": manual, "cache_control": {"type": "ephemeral"}},
        ],
        messages=[{"role": "user", "content": question}],
    )
