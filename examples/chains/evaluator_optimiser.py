"""Evaluator and optimiser: one call writes, another judges by a rubric, and the advice goes back until it passes.

Offline the answers are a script; set AIAPP_MODEL, such as `openai:NAME`, for a real model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from aiapp import Client, Prompt
from aiapp.chains import StepEnded, ask, chain, extend, loop
from aiapp.testing import ScriptedModel

ANSWERS = [
    "We are experiencing degraded performance of the reminders-out queue due to a poisoned message.",
    '{"passes": false, "advice": "Say what a clinic notices, not what a queue does. Say when you write again."}',
    "Reminders to patients have been going out late since 08:40; bookings are not affected. We write again by 10:00.",
    '{"passes": true, "advice": ""}',
]

WRITE = Prompt(
    "Write a status message for our customers, who run clinics and are no engineers. At most 30 words, no excuses.\n\n"
    "What happened: {{incident}}"
    "{{#if draft}}\n\nYour last draft: {{draft}}\nWhat the editor wants changed: {{advice}}{{/if}}",
    name="write",
)
JUDGE = Prompt(
    "You edit status messages. This one passes where a receptionist understands it and it says what works, what does\n"
    "not, and when the next message comes. Where it does not pass, advise the writer in one sentence.\n\n"
    "What happened: {{incident}}\n\nMessage: {{draft}}",
    name="judge",
)


@dataclass(frozen=True)
class Review:
    """What the editor thinks of a draft."""

    passes: bool
    advice: str


def advice(given: dict[str, Any]) -> str:
    review: Review = given["review"]
    return review.advice


def passes(given: dict[str, Any]) -> bool:
    review: Review = given["review"]
    return review.passes


client = Client() if "AIAPP_MODEL" in os.environ else Client(provider=ScriptedModel(ANSWERS))
written = extend(draft=WRITE | ask(client, name="writer"))
judged = extend(review=JUDGE | ask(client, output=Review, name="editor"))
polish = loop(chain(written, judged, extend(advice=advice), name="round"), until=passes, at_most=3)

incident = "The queue reminders-out is blocked by a poisoned message since 08:40. Fix expected in an hour."
stream = polish.stream({"incident": incident, "draft": "", "advice": ""})
for happened in stream:
    if isinstance(happened, StepEnded) and happened.step.count(" > ") == 1:
        print(f"{happened.step}\n  draft: {happened.value['draft']}\n  advice: {happened.value['advice'] or 'none'}")
    elif isinstance(happened, StepEnded) and happened.reason:
        print(f"ended by: {happened.reason}")
print(f"\n{polish.draw().mermaid}")
