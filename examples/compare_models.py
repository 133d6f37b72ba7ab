r"""The same cases through several models: quality with its error, cost, latency, and which are worth their price.

The same on the command line, with a page and a picture of the frontier:

    aiapp models compare examples/compare_models.jsonl --models "local,local?temperature=1.5" --metric contains \
        --html frontier.html
"""

from __future__ import annotations

from pathlib import Path

from aiapp import Client
from aiapp.evals.compare import compare, variants
from aiapp.evals.dataset import read_items
from aiapp.evals.metrics import contains
from aiapp.testing import ScriptedModel

CASES = Path(__file__).with_suffix(".jsonl")

items = read_items(CASES)
clients = variants(["local", "local?temperature=1.5"])  # in earnest: "openai:NAME", "anthropic:NAME"
clients["parrot"] = Client(provider=ScriptedModel(lambda asked: asked.messages[0].text.split(".")[0], free=False))

found = compare(items, clients, contains)
for one in found.standings:
    quality, cost = one.quality, "unknown" if one.per_thousand is None else f"${one.per_thousand}"
    print(f"{one.model}: {quality.mean:.2f} ({quality.low:.2f} to {quality.high:.2f}), {cost} for 1,000 cases")
    if one.behind is not None:
        verdict = "worse than" if one.apart else "by so few cases not distinguishable from"
        print(
            f"  {verdict} {found.best.model}: {one.behind.mean:+.2f} ({one.behind.low:+.2f} to {one.behind.high:+.2f})"
        )
    if one.per_thousand is None:
        print(f"  its cost is not known: {'; '.join(one.totals.unknown)}")
