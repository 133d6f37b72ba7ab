"""Self-consistency: the same question several times, with dice, and the answer that comes most often.

How many agree says how far to trust it: below a share of your choice, ask a person or a larger model. With a model that
reasons in words, ask for its steps and compare the last line alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from aiapp import Client, Prompt, Settings, track
from aiapp.chains import ask, chain, parallel

TERMS = """Terms of sale
The Nimbus kettle has a warranty of 24 months. The Corvo lamp has a warranty of 36 months.
Returns of the Nimbus kettle are accepted for 30 days. Returns of the Corvo lamp are accepted for 14 days.
Delivery of the Corvo lamp takes 9 days. The Corvo lamp costs 85 euros."""
SAMPLES = 7

QUESTION = Prompt("Passage:\n{{terms}}\n\nAnswer briefly: {{question}}", name="question")


@dataclass(frozen=True)
class Agreed:
    """An answer, and the share of the samples that gave it."""

    answer: str
    share: float


def agreed(samples: tuple[str, ...]) -> Agreed:
    answer, count = Counter(samples).most_common(1)[0]
    return Agreed(answer, count / len(samples))


clients = [Client(settings=Settings(temperature=1.0, seed=seed)) for seed in range(SAMPLES)]
answer = chain(QUESTION, parallel(*[ask(client, name=f"sample {n}") for n, client in enumerate(clients, 1)]), agreed)

QUESTIONS = (
    "How long is the warranty on the Corvo lamp?",
    "How many days do I have to return the Corvo lamp?",
    "I do not like my Corvo lamp, how long can I give it back?",
)
with track() as t:
    for question in QUESTIONS:
        found = answer.run({"terms": TERMS, "question": question})
        verdict = found.answer if found.share > 0.5 else f"not sure, perhaps {found.answer}"
        print(f"{question}\n  {verdict} ({found.share:.0%} of {SAMPLES})")
print(f"{len(QUESTIONS)} questions took {t.totals.calls} calls, {t.usage.input_tokens} tokens, US dollars: {t.cost}")
