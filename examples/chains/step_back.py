"""Step back: ask first for the principle behind a question, then answer the question from the principle.

Offline the answers are a script; set AIAPP_MODEL, such as `openai:NAME`, for a real model.
"""

from __future__ import annotations

import os

from aiapp import Client, Prompt
from aiapp.chains import ask, chain, extend, parallel
from aiapp.testing import ScriptedModel

ANSWERS = [
    "How are the pressure, the volume and the temperature of an ideal gas related?",
    "By the ideal gas law: P V = n R T. With the amount of gas fixed, P is proportional to T / V.",
    "P is proportional to T / V. T is doubled and V is eight times as large, so P becomes 2 / 8 = 1/4 of what it was.",
]

STEP_BACK = Prompt(
    "Put a more general question, whose answer is a principle, rule or definition that settles the question below.\n"
    "Reply with that question alone.\n\nQuestion: {{question}}",
    name="step back",
)
PRINCIPLE = Prompt(
    "Answer in at most three sentences, with formulas where there are any.\n\n{{general}}", name="principle"
)
ANSWER = Prompt(
    "Principle: {{principle}}\n\nQuestion: {{question}}\n\nApply the principle step by step, then state the result.",
    name="apply",
)

client = Client() if "AIAPP_MODEL" in os.environ else Client(provider=ScriptedModel(ANSWERS))
answer = chain(
    parallel(question=str, general=STEP_BACK | ask(client, name="general question")),
    extend(principle=PRINCIPLE | ask(client, name="general answer")),
    ANSWER,
    ask(client, name="answer"),
)

question = "What happens to the pressure of an ideal gas if its temperature doubles and its volume grows eightfold?"
print("What would be sent; an answer that nobody has given yet stands in brackets:\n")
print(answer.explain(question))
print(f"\n{question}\n{answer.run(question)}")
