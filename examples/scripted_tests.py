"""Test your own code without a model: the script answers, and complains about what was not asked."""

from __future__ import annotations

from aiapp import Client
from aiapp.core.errors import RateLimited
from aiapp.testing import ScriptedModel, block_network


def headline(client: Client, story: str) -> str:
    """Your code: ask for a headline and tidy it."""
    return client.complete(f"Write a headline for: {story}").text.strip().title()


model = ScriptedModel([RateLimited("busy", provider="scripted", model="scripted", retry_after=0.01), " cat saves dog "])
with block_network():
    print(headline(Client(provider=model), "A cat saved a dog."))
model.assert_done()
print("attempts asked of the model:", len(model.requests))
