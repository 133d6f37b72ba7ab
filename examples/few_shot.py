"""Zero, one and few examples on a task of your own, and what is wrong with them. All on the bundled model."""

from __future__ import annotations

from dataclasses import replace

from aiapp import Choice, Client, Example, FewShot, Message, Request, user
from aiapp.prompts.fewshot import Balanced, Nearest


def tickets(**texts: str) -> list[Example[str, str]]:
    return [Example(text.strip(), label) for label, lines in texts.items() for text in lines.splitlines()]


EXAMPLES = tickets(
    billing="""I was charged twice this month
        Where can I find my invoice
        Please refund the payment of last week
        My card was declined at checkout
        Can I pay by bank transfer""",
    login="""I forgot my password
        The sign-in page says my account is locked
        No code arrives on my phone when I sign in
        How do I change the email of my account
        My password reset link has expired""",
    delivery="""My parcel has not arrived yet
        The box was damaged when it came
        Can you send it to another address
        How long does shipping to Norway take
        Tracking shows no movement for days""",
)
ASKED = tickets(
    billing="""There are two charges on my statement
        The invoice shows the wrong amount
        When will I get my refund
        Do you take credit cards""",
    login="""I cannot sign in since yesterday
        My account was locked after three tries
        I never got the reset link
        The code on my phone does not work""",
    delivery="""My parcel is at the wrong address
        The courier never came
        When does the parcel arrive
        The package is broken""",
)
client = Client("local")


def right(turns: tuple[Message, ...], asked: Example[str, str]) -> bool:
    """One call: does the model choose the right label after these turns?"""
    request = Request((*turns, user(asked.input)), format=Choice(("billing", "login", "delivery")))
    return client.complete(request).text == asked.output


balanced = FewShot(EXAMPLES, k=6, builder=Balanced())
nearest = FewShot(EXAMPLES, k=6, builder=Nearest(client))
print(f"{'':10}  tokens  right of {len(ASKED)}")
for name, few_shot in {
    "zero-shot": replace(balanced, k=0),
    "one-shot": replace(balanced, k=1),
    "6 balanced": balanced,
    "6 nearest": nearest,
}.items():
    prompts = [few_shot.select(asked.input) for asked in ASKED]
    score = sum(right(prompt.turns, asked) for prompt, asked in zip(prompts, ASKED, strict=True))
    print(f"{name:10}  {sum(prompt.tokens for prompt in prompts) / len(prompts):6.0f}  {score}")

asked = "The refund has not arrived"
print(f"\n{asked!r}, after {[turn.text for turn in nearest.turns(asked)][-4:]}")

print("\nWhat is wrong with the six that are balanced?")
print(balanced.check(ASKED, metric=right))
print("\nWhich of them earn their tokens? To know takes", balanced.ablation(ASKED))
print(balanced.ablate(right, ASKED, at_most=100))
