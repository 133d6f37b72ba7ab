r"""Better instructions and examples for a prompt, within a budget: forecast, search, and what held-out cases show.

The same on the command line, without a proposer; `--dry-run` is the forecast alone, `--out FILE` writes what is better:

    aiapp prompts optimise examples/label.prompt --train examples/optimise_prompt.jsonl --metric choice --calls 600
"""

from __future__ import annotations

import json
from pathlib import Path

from aiapp import Budget, Choice, Client, Example, Prompt, Request
from aiapp.evals.dataset import read_rows
from aiapp.evals.metrics import choice
from aiapp.evals.optimise import Effort, forecast_optimise, optimise
from aiapp.testing import ScriptedModel

TRAIN = [Example(row.input, row.expected) for row in read_rows(Path(__file__).with_suffix(".jsonl"))]
LABELS = Choice(("billing", "login", "delivery"))
PROMPT = Prompt.load("label", Path(__file__).parent)
WRITTEN = iter(
    ["Answer billing for money, login for accounts, delivery for parcels.", "Choose one label.", "Label it."]
)


def propose(asked: Request) -> str:
    """Plays the model that writes instructions, from the wrong answers that `asked` shows it; in earnest: a client."""
    return json.dumps({"diagnosis": "the labels were not explained", "instructions": next(WRITTEN)})


client, proposer = Client("local"), Client(provider=ScriptedModel(propose))
effort = Effort(rounds=3)
print("Before anything is asked:")
print(forecast_optimise(PROMPT, TRAIN, choice, client=client, proposer=proposer, format=LABELS, effort=effort))

found = optimise(
    PROMPT, TRAIN, choice, Budget(calls=600), client=client, proposer=proposer, format=LABELS, effort=effort
)
print("\nTried (mean on the first questions, and the parent's on the same; then on all of the search):")
for trial in found.trials:
    what = " ".join(filter(None, [trial.instructions, trial.examples])) or "the original"
    first = "" if trial.batch is None or trial.against is None else f"{trial.batch:.2f} against {trial.against:.2f}"
    search = "" if trial.search is None else f"{trial.search:.2f}"
    print(f"{trial.number:3} from {trial.parent if trial.parent is not None else '-'}  {first:17} {search:4}  {what}")

print("\nOn the held-out cases:")
for one in found.finalists:
    star = "front" if one.front else ""
    print(
        f"  {one.quality.mean:.2f} ({one.quality.low:.2f} to {one.quality.high:.2f})  {one.tokens:4.0f} tokens", end=""
    )
    print(f"  {star:5}  {one.name}")
print(f"\n{found}\n{found.spent.calls} calls were made, of {found.forecast.expected.calls} that were expected")
request = found.chosen.request({"text": "Where is my parcel?"})
print(f"a request of {found.chosen.name}:", " ".join(message.role for message in request.messages))
