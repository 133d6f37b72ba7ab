"""JSON that fits a schema, by constrained decoding: always valid, whatever the model knows."""

from __future__ import annotations

from dataclasses import dataclass

from aiapp import Client, Request, Schema, user


@dataclass
class Invitation:
    """What to read out of a message."""

    name: str
    guests: int


schema = Schema(Invitation)
request = Request((user("name: Ada Byrd\nguests: 12\n\nGive me name and guests as JSON."),), format=schema.format())
print(schema.parse(Client("local").complete(request).text))
