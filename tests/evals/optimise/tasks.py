"""A task that a scripted model learns from its prompt: words are wanted in capitals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from aiapp import Client, Example, Prompt, Request, Retry
from aiapp.core.usage import Usage
from aiapp.providers.counting import Count
from aiapp.testing import Said, ScriptedModel

PROMPT = Prompt('{{role "system"}}Repeat the word.{{role "user"}}{{word}}', name="repeat")
GOOD = "Repeat the word in CAPITALS."
RATE_IN, RATE_OUT = 2, 10
"""US dollars for a million tokens of openai:gpt-6-sol."""


class Priced(ScriptedModel):
    """A scripted model that is billed as a hosted one."""

    name = "openai"
    model = "gpt-6-sol"

    def count_tokens(self, request: Request) -> Count:
        """About as many as it has words."""
        words = sum(len(message.text.split()) for message in request.messages)
        return Count("words", words, exact=False, source="words")

    async def acount_tokens(self, request: Request) -> Count:
        """The same."""
        return self.count_tokens(request)


def cases(count: int, start: int = 0) -> list[Example[Any, Any]]:
    return [Example(f"word{number}", f"WORD{number}") for number in range(start, start + count)]


def obedient(asked: Request) -> str:
    """Answers in capitals where its instructions say so."""
    told = any("CAPITALS" in message.text for message in asked.messages if message.role == "system")
    word = asked.messages[-1].text
    return word.upper() if told else word


def imitating(asked: Request) -> str:
    """Answers in capitals where an example shows it."""
    shown = [message.text for message in asked.messages if message.role == "assistant"]
    word = asked.messages[-1].text
    return word.upper() if shown and all(text.isupper() for text in shown) else word


def writing(*texts: str) -> Callable[[Request], str]:
    """A proposer that writes these instructions in turn, and the last for ever."""
    left = list(texts)

    def write(asked: Request) -> str:
        text = left.pop(0) if len(left) > 1 else left[0]
        return json.dumps({"diagnosis": f"it did not say how: {len(asked.messages)}", "instructions": text})

    return write


def client(script: Any, **how: Any) -> tuple[Client, ScriptedModel]:
    model = ScriptedModel(script)
    return Client(provider=model, retry=Retry(attempts=1), **how), model


def said(text: str, heard: int, spoken: int) -> Said:
    return Said(text, usage=Usage(heard, spoken, 0, 0, 0), model=Priced.model)


def asked_of(models: Sequence[ScriptedModel]) -> str:
    """All that some models were asked, as one text."""
    return "\n".join(message.text for model in models for one in model.requests for message in one.messages)
