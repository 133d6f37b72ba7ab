"""An answer of a type of yours: constrained decoding makes its form certain, and its content is the model's best."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from aiapp import Client


class Ticket(BaseModel):
    """How to file a message to the help desk."""

    kind: Literal["question", "complaint", "order"]
    urgency: Annotated[int, Field(ge=1, le=5)]
    reply_by: Literal["email", "phone"]


client = Client("local")  # or Client("openai:NAME"), Client("anthropic:NAME")
response = client.complete("My order is late and nobody answers the phone. File this ticket.", output=Ticket)
print(response.text)
print(repr(response.output))
print(client.complete("Is the shop open on Sunday? Answer yes or no.", output=bool).output)
