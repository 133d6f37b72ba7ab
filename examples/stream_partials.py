"""A typed answer while it is written: the value as far as it is known, and the whole one, checked, at the end."""

from __future__ import annotations

from dataclasses import dataclass

from aiapp import Client
from aiapp.testing import ScriptedModel


@dataclass
class Recipe:
    """What the answer is a value of; a pydantic model, a TypedDict or an enum would do as well."""

    name: str
    minutes: int
    steps: list[str]


model = ScriptedModel('{"name": "Pancakes", "minutes": 20, "steps": ["Mix.", "Fry."]}')
stream = Client(provider=model).stream("A recipe, please.", output=Recipe)  # or Client("openai:NAME")
for partial in stream.partials():
    print(partial)
print(stream.response.output)
