"""Chain of verification: a draft, questions that check its facts one by one, and an answer that keeps what holds.

Each check is asked without the draft in view, so that the draft's mistakes are not repeated. Offline the answers are a
script; set AIAPP_MODEL, such as `openai:NAME`, for a real model.
"""

from __future__ import annotations

import os

from aiapp import Client, Prompt
from aiapp.chains import StepEnded, ask, chain, each, extend, parallel
from aiapp.testing import ScriptedModel

ANSWERS = [
    "The Vistula, the Oder and the Elbe.",
    """{"value": ["Into which sea does the Vistula flow?", "Into which sea does the Oder flow?",
                  "Into which sea does the Elbe flow?"]}""",
    "Into the Baltic Sea.",
    "Into the Baltic Sea.",
    "Into the North Sea.",
    "The Vistula and the Oder.",
]

DRAFT = Prompt("Answer in one sentence.\n\n{{question}}", name="draft")
PLAN = Prompt(
    "Question: {{question}}\nDraft answer: {{draft}}\n\n"
    "For each fact in the draft write one question that checks it. It must make sense to someone who has not seen the\n"
    "draft, and must not suggest an answer.",
    name="plan",
)
CHECK = Prompt("Answer in one short sentence; say `unknown` where you are not sure.\n\n{{check}}", name="check")
REVISE = Prompt(
    "Question: {{question}}\nDraft answer: {{draft}}\n\n"
    "Checks:\n{{#each checks}}- {{this.asked}} {{this.found}}\n{{/each}}\n"
    "Write the answer again. Leave out whatever a check contradicts or does not know, and add nothing.",
    name="revise",
)

client = Client() if "AIAPP_MODEL" in os.environ else Client(provider=ScriptedModel(ANSWERS))
check = parallel(asked=str, found=CHECK | ask(client, name="checked")).named("check")
verified = chain(
    parallel(question=str, draft=DRAFT | ask(client, name="drafted")),
    extend(checks=chain(PLAN, ask(client, output=list[str], name="planned"), each(check))),
    REVISE,
    ask(client, name="revised"),
)

question = "Which rivers that rise in or flow through Poland or Czechia flow into the Baltic Sea? Name up to three."
stream = verified.stream(question)
found = {event.step: event.value for event in stream if isinstance(event, StepEnded)}
print("draft:", found["parallel > draft"])
for one in found["extend"]["checks"]:
    print("  check:", one["asked"], one["found"])
print("answer:", stream.output)
