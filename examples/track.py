"""What a run took: every call in scope, added up by step, model and tag; steps nest, and unknown is never 0."""

from __future__ import annotations

from aiapp import Client, span, track
from aiapp.testing import ScriptedModel

question = "Passage:\nThe hall seats 40 people and has a stage.\n\nQuestion: How many people does the hall seat?"
local = Client("local")  # in earnest: Client("openai:NAME")
priced = Client(provider=ScriptedModel("Forty people.", free=False))  # a model whose price nobody knows

with track("answer a question", tags=["demo"]) as t:
    with span("plan"):
        local.complete("Hello! Who are you?")
    with span("write", tags=["draft"]):
        with span("draft"):
            for _ in local.stream(question):
                pass
        with span("polish"):
            priced.complete("Say it in two words.")

print(t.tree())
for by in ("model", "step", "tag"):
    print(f"\n{t.table(by)}")
total = t.totals
print(f"\ncost: {t.cost}, at least {total.at_least}; not known: {'; '.join(total.unknown)}")
print(f"half of the calls took less than {total.seconds.p50:.3f} s, nearly all less than {total.seconds.p95:.3f} s")
