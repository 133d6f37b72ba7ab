"""Prompt chaining: a task as small steps, one call each, with a check between them that a model cannot talk round.

A customer's message becomes a typed claim, the claim a question to the terms of sale, and both a reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from aiapp import Client, Prompt
from aiapp.chains import ask, chain, extend, parallel
from aiapp.core.errors import StepFailed

TERMS = "The Nimbus kettle has a warranty of 24 months. The Corvo lamp has a warranty of 36 months."

EXTRACT = Prompt('{{role "system"}}Extract the record from the text.{{role "user"}}{{message}}', name="extract")
LOOK_UP = Prompt("Passage:\n{{terms}}\n\nAnswer briefly: How long is the warranty on the {{product}}?", name="look up")


@dataclass(frozen=True)
class Claim:
    """What a customer's message says."""

    customer: str
    product: str
    order_id: str


def checked(given: dict[str, Any]) -> dict[str, Any]:
    """The gate: a small model puts something into every field; what is no order number of this message was made up."""
    order_id = given["claim"].order_id
    if not re.fullmatch(r"[A-Z]-\d{4}", order_id) or order_id not in given["message"]:
        raise ValueError(f"{order_id!r} is no order number of the message")
    return given


def product(given: dict[str, Any]) -> dict[str, str]:
    return {"terms": TERMS, "product": given["claim"].product}


def reply(given: dict[str, Any]) -> str:
    claim, warranty = given["claim"], given["warranty"]
    return f"Dear {claim.customer}, your {claim.product} has a warranty of {warranty} (order {claim.order_id})."


client = Client()
answer = chain(
    parallel(message=str, claim=EXTRACT | ask(client, output=Claim, name="claim")),
    checked,
    extend(warranty=chain(product, LOOK_UP, ask(client, name="warranty"))),
    reply,
)

for message in (
    "Hello, my name is Ada Brook. I bought a Nimbus kettle. Order number K-4821. It has stopped working, please help.",
    "Hello, my name is Tom Reed. I bought a Corvo lamp. It does not switch on.",
):
    try:
        print(answer.run(message))
    except StepFailed as failed:
        print(f"To a person, for {failed}")
        print(f"  known so far: {failed.results['parallel > claim']}")
print(f"\n{answer.draw().mermaid}")
