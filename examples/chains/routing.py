"""Routing: each message to the chain that is made for it, so that every prompt can be about one thing only.

The bundled sentence encoder decides, by meaning. Where that is too coarse, let a model decide:
`route(ask(client, output=Literal["billing", "shipping"]), ...)`.
"""

from __future__ import annotations

from aiapp import Client, Prompt
from aiapp.chains import Chain, StepBegan, ask, chain, route

ABOUT = {
    "billing": "invoices, payments, prices and refunds",
    "shipping": "where a parcel is and when an order is delivered",
    "repairs": "a product is broken, does not work, or needs to be repaired",
}
KNOWN = {
    "billing": "Refunds are paid within 10 days. Invoices are sent on the first day of the month.",
    "shipping": "Delivery of an order takes 3 days. A parcel is insured for 500 euros.",
    "repairs": "A repair takes 14 days. Repairs are done by the workshop in Leeds.",
}
NEAR = 0.3
"""Cosine below which a message is about none of them."""

client, encoder = Client(), Client("local")


async def subject(message: str) -> str:
    """What a message is about: the description that is nearest to it in meaning."""
    vectors = (await encoder.aembed([message, *ABOUT.values()])).vectors
    cosines = [sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors[1:]]
    nearest = max(range(len(cosines)), key=cosines.__getitem__)
    return [*ABOUT][nearest] if cosines[nearest] >= NEAR else "none"


def desk(name: str) -> Chain[str, str]:
    """The chain for one subject, with what that desk knows."""
    prompt = Prompt("Passage:\n" + KNOWN[name] + "\n\nAnswer briefly: {{question}}", name=f"{name} prompt")
    return chain(prompt, ask(client, name=f"{name} desk"))


def by_hand(message: str) -> str:
    return "a person will answer"


support = route(subject, {name: desk(name) for name in ABOUT}, otherwise=by_hand)

for message in (
    "How many days until my refund is paid?",
    "How long does delivery of my order take?",
    "My kettle is broken, how long does a repair take?",
    "Do you like poems?",
):
    stream = support.stream(message)
    taken = [happened.step for happened in stream if isinstance(happened, StepBegan)]
    print(f"{message}\n  {taken[-1]}: {stream.output}")
print(f"\n{support.draw().mermaid}")
