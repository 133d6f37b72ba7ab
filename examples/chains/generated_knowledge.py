"""Generated knowledge: have a model say what it knows that bears on a question, then answer with that in view.

Offline the answers are a script; set AIAPP_MODEL, such as `openai:NAME`, for a real model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from aiapp import Client, Prompt
from aiapp.chains import StepEnded, ask, chain, parallel
from aiapp.testing import ScriptedModel

ANSWERS = [
    """{"value": ["In golf, each stroke counts as one point.", "The player who needs the fewest strokes wins.",
                  "A score below par is a good score."]}""",
    '{"answer": "no", "because": "The player who needs the fewest strokes wins."}',
]

RECALL = Prompt(
    "List two to five facts that one needs to answer the question below: common knowledge, a sentence each.\n"
    "Do not answer the question.\n\nQuestion: {{question}}",
    name="recall",
)
ANSWER = Prompt(
    "Facts:\n{{#each facts}}- {{this}}\n{{/each}}\n"
    "Question: {{question}}\nAnswer it, and quote the fact that decides it.",
    name="answer",
)


@dataclass(frozen=True)
class Answer:
    """A verdict with what it rests on."""

    answer: Literal["yes", "no"]
    because: str


client = Client() if "AIAPP_MODEL" in os.environ else Client(provider=ScriptedModel(ANSWERS))
facts = RECALL | ask(client, output=list[str], name="knowledge")
informed = chain(parallel(question=str, facts=facts), ANSWER, ask(client, output=Answer, name="verdict"))

question = "Is it part of golf to try to get more points than the others?"
stream = informed.stream(question)
ended = {event.step: event.value for event in stream if isinstance(event, StepEnded)}
print(question, *(f"  {fact}" for fact in ended["parallel > facts"]), stream.output, sep="\n")
