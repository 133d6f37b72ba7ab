"""Orchestrator and workers: one call splits a task into parts that nobody knew before, one call each does them.

Offline the answers are a script; set AIAPP_MODEL, such as `openai:NAME`, for a real model.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from operator import itemgetter

from aiapp import Client, Prompt
from aiapp.chains import StepEnded, ask, chain, each, extend, parallel, step
from aiapp.testing import ScriptedModel

ANSWERS = [
    """{"value": [{"title": "Ties", "brief": "What ties us to the vendor: contract, sender ids, templates."},
                  {"title": "Delivery", "brief": "Where we send to, and how delivery rates compare there."},
                  {"title": "Money", "brief": "What a message costs, now and with the new vendor, at our volume."}]}""",
    "The contract ends on 31 March with two months' notice. Eleven sender ids must be registered again: 3 weeks.",
    "We send to Germany and Austria alone. Both vendors deliver 98 % there; only the new one reports failures.",
    "400,000 messages a month: 5.9 cents each now; 4.8 cents and 900 euros a month there. That saves 3,500 euros.",
    "Change on 31 March, which saves 3,500 euros a month at equal delivery. Give notice by 31 January, and register "
    "the eleven sender ids in February.",
]

PLAN = Prompt(
    "Split this task into two to five parts that can be worked on without each other's results. Give each a title and\n"
    "a brief of one sentence that says what to find out.\n\nTask: {{task}}",
    name="split",
)
WORK = Prompt(
    "You work on one part of a larger question. Report in at most two sentences, with figures where you have them.\n\n"
    "{{title}}: {{brief}}",
    name="brief",
)
COMBINE = Prompt(
    "Task: {{task}}\n\nWhat was found:\n{{#each reports}}- {{this}}\n{{/each}}\n"
    "Recommend in two sentences what to do, and by when. Use only what was found.",
    name="combine",
)


@dataclass(frozen=True)
class Part:
    """A part of the task, for one worker."""

    title: str
    brief: str


client = Client() if "AIAPP_MODEL" in os.environ else Client(provider=ScriptedModel(ANSWERS))
orchestrator = PLAN | ask(client, output=list[Part], name="orchestrator")
worker = chain(asdict, WORK, ask(client, name="worker"), name="part")
recommend = chain(
    parallel(task=str, parts=orchestrator),
    extend(reports=chain(step(itemgetter("parts"), name="parts"), each(worker, concurrency=4))),
    COMBINE,
    ask(client, name="recommend"),
)

stream = recommend.stream("Should we change the vendor that sends our text messages?")
for happened in stream:
    if isinstance(happened, StepEnded) and happened.step.endswith("orchestrator"):
        print("\n".join(f"{part.title}: {part.brief}" for part in happened.value))
    elif isinstance(happened, StepEnded) and happened.step.endswith("worker"):
        print(f"  {happened.step}\n    {happened.value}")
print(stream.output)
