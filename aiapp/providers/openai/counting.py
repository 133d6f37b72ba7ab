"""How many tokens a request takes at OpenAI's models, as far as this machine can tell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from aiapp.core.formats import JsonSchema
from aiapp.core.parts import Citation, File, Image, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Request
from aiapp.core.tokens import CHARACTERS_PER_TOKEN
from aiapp.providers.counting import Count
from aiapp.providers.openai.tokens import ENCODINGS, count_tokens

OLDER = ("gpt-4-", "gpt-3.5", "text-embedding", "ft:gpt-3.5")
"""Models of the older encoding; `gpt-4` itself is another."""


def count_request(request: Request, model: str, family: str, *, of_openai: bool = True) -> Count:
    """The tokens of a request's texts and tools; what a chat adds to them, images and files are not counted."""
    texts = list(texts_of(request))
    if of_openai:
        older = model == "gpt-4" or model.startswith(OLDER)
        encoding = ENCODINGS[-1] if older else ENCODINGS[0]
        counts = [count_tokens(encoding, text) for text in texts]
        known = [count for count in counts if count is not None]
        if len(known) == len(counts):
            return Count(family, sum(known), False, f"tiktoken, {encoding.name}, of the texts and tools alone")
    tokens = math.ceil(sum(map(len, texts)) / CHARACTERS_PER_TOKEN)
    return Count(family, tokens, False, f"estimate: characters / {CHARACTERS_PER_TOKEN}")


def texts_of(request: Request) -> Iterator[str]:
    """Every text that the model reads."""
    for message in request.messages:
        for part in message.parts:
            match part:
                case Text(text) | Thinking(text):
                    yield text
                case ToolCall(name=name, arguments=arguments):
                    yield f"{name}{arguments}"
                case ToolResult(content=content):
                    yield content
                case Citation(quote=quote):
                    yield quote
                case Image() | File():
                    pass
    for tool in request.tools:
        yield f"{tool.name} {tool.description} {json.dumps(dict(tool.parameters))}"
    if isinstance(request.format, JsonSchema):
        yield json.dumps(dict(request.format.schema))
