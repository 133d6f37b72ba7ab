"""Map and reduce: a document that is longer than you want to send, section by section, then the sections' summaries.

Offline the answers are a script; set AIAPP_MODEL, such as `openai:NAME`, for a real model.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from aiapp import Client, Prompt, track
from aiapp.chains import ask, chain, each
from aiapp.testing import ScriptedModel

RUNBOOK = Path(__file__).parents[1] / "handbook" / "engineering" / "incident-runbook.md"
ANSWERS = [
    "What to do when something is broken for customers; follow it from the top.",
    "SEV1 (down, or data lost) is answered in 10 minutes at any hour, SEV2 in 20; in doubt, take the higher level.",
    "The first engineer who answers leads and does not type; others fix, write down and speak to customers.",
    "Acknowledge within 5 minutes, open a channel, roll back any release of the last two hours, then look for causes.",
    "`planctl rollback --to previous` takes six minutes and keeps sessions; if it fails, drain the region.",
    "Late reminders: skip the poisoned message. Sign-in: look at the certificate. A data leak is always SEV1: delete "
    "nothing and call the data protection officer.",
    "An incident ends after 30 normal minutes; SEV1 and SEV2 are reviewed within five working days, without blame.",
    "Judge the severity, in doubt the higher one: SEV1 is answered within 10 minutes, and a data leak is always one. "
    "The first to answer leads. Roll back a release of the last two hours before looking for causes. It ends after 30 "
    "normal minutes; SEV1 and SEV2 are reviewed within five working days.",
]

MAP = Prompt(
    "Summarise this section of a longer document in at most 30 words. Keep figures and commands; add nothing.\n\n"
    "{{section}}",
    name="summarise a section",
)
REDUCE = Prompt(
    "These are summaries of a document's sections, in order. Make one summary of them, of at most 60 words, for a\n"
    "reader who has to act on it tonight. Add nothing.\n\n{{#each summaries}}- {{this}}\n{{/each}}",
    name="summarise the summaries",
)


def sections(text: str) -> list[str]:
    """The text parted before each heading of the second level."""
    return re.split(r"\n(?=## )", text)


client = Client() if "AIAPP_MODEL" in os.environ else Client(provider=ScriptedModel(ANSWERS))
summary = chain(sections, each(MAP | ask(client, name="section"), concurrency=4), REDUCE, ask(client, name="whole"))

document = RUNBOOK.read_text(encoding="utf-8")
print(f"{len(document.split())} words in {len(sections(document))} sections\n")
with track() as t:
    print(summary.run(document))
print(f"\n{t.table('step')}\n\n{summary.draw().mermaid}")
