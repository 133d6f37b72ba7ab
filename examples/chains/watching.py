"""Watching a chain: what each step gives, and what its models say while they say it; nothing of the chain changes."""

from __future__ import annotations

from aiapp import Client, Prompt
from aiapp.chains import Chain, ChainStream, StepBegan, StepEnded, StepSaid, ask, chain, parallel, tap
from aiapp.core.events import TextDelta

TERMS = "The Nimbus kettle has a warranty of 24 months. The Corvo lamp has a warranty of 36 months."
prompt = Prompt("Passage:\n{{terms}}\n\nAnswer briefly: {{question}}", name="question")
seen: list[str] = []  # a tap is a step that only looks: for logs, metrics, a cache of your own


def about(product: str) -> Chain[str, str]:
    """From the terms to the answer for one product."""
    asked = f"How long is the warranty on the {product}?"
    answer = ask(Client("local"), name="answer")
    return chain(lambda terms: {"terms": terms, "question": asked}, prompt, answer, tap(seen.append), name=product)


both = parallel(kettle=about("Nimbus kettle"), lamp=about("Corvo lamp"))

stream: ChainStream[dict[str, str]] = both.stream(TERMS)
for happened in stream:
    match happened:
        case StepBegan(step) if step.endswith("answer"):
            print(f"{step} begins")
        case StepSaid(step, TextDelta(text)):
            print(f"{step} says {text!r}")
        case StepEnded(step, value) if step.endswith("answer"):
            print(f"{step} gives {value!r}")
        case _:  # the other steps
            pass
print(stream.output)
print("the taps saw", sorted(seen))
