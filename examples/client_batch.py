"""Many requests at once: in order, a few at a time, with failures as values and a limit that all of them share."""

from __future__ import annotations

from aiapp import Client, RateLimit, Request, Response
from aiapp.core.errors import BadRequest
from aiapp.testing import Answer, ScriptedModel


def answer(request: Request) -> Answer:
    """A model that can count letters, but not in French."""
    word = request.messages[0].text
    if word == "mot":
        return BadRequest("not in English", provider="scripted", model="scripted")
    return f'{{"value": {len(word)}}}'


client = Client(provider=ScriptedModel(answer), concurrency=4, rate_limit=RateLimit(requests=500, tokens=200_000))
words = ["one", "three", "mot", "eleven"]
results = client.batch(words, output=int, on_progress=lambda done, total: print(f"{done} of {total}"))
for word, result in zip(words, results, strict=True):
    print(word, result.output if isinstance(result, Response) else f"failed: {result}")
