"""How many tokens a request takes at OpenAI's models, as far as this machine can tell."""

from __future__ import annotations

from aiapp.core.request import Request
from aiapp.providers.counting import Count, estimate, texts_of
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
    return estimate(request, family)
