"""JSON that fits a schema, by constrained decoding: the form is certain, the content as good as the model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from aiapp import Client, Request, Schema, user


class Ticket(BaseModel):
    """How to file a message to the help desk."""

    kind: Literal["question", "complaint", "order"]
    urgency: Annotated[int, Field(ge=1, le=5)]
    reply_by: Literal["email", "phone"]


schema = Schema(Ticket)
request = Request((user("My order is late and nobody answers the phone. File this ticket."),), format=schema.format())
client = Client("local")  # or Client("openai:NAME"), Client("anthropic:NAME")
response = client.complete(request)
print(response.text)
print(repr(schema.parse(response.text)))
