"""A ledger to report on: four calls on three days, and a run with what was said in it."""

from __future__ import annotations

from pathlib import Path

from aiapp import Client, Ledger, Retry, span, system, track, user
from aiapp.core.errors import Unavailable
from aiapp.testing import ScriptedModel
from tests.tracking.spans import call

DAY = 24 * 3600.0
SPITEFUL = '<script>alert("x")</script> & <b>bold</b>'


def ledger_of(folder: Path) -> Ledger:
    """Calls that were made on 15, 16 and 19 November 2026."""
    ledger = Ledger(folder / "usage.db")
    for days, cost, model in ((0, "0.5", "openai:a"), (0, "0.25", "openai:a"), (1, "1", "b"), (4, None, "b")):
        ledger.ended(
            call(cost, after=(days - 5) * DAY, model=model, tags=("search",), prompt="9f8a3b", first_token=0.25)
        )
    ledger.flush()
    return ledger


def add_run(ledger: Ledger, name: str = f"run {SPITEFUL}") -> None:
    """A run whose last call fails."""
    down = Unavailable(f"down {SPITEFUL}", provider="scripted", model="scripted", status=503)
    model = ScriptedModel([f"answer {SPITEFUL}", down], free=False)
    client = Client(provider=model, retry=Retry(attempts=1))
    try:
        with track(name, ledger=ledger, content=True, tags=[SPITEFUL]), span(f"plan {SPITEFUL}", kind="agent"):
            with span(f"tool {SPITEFUL}", kind="tool") as step:
                step.record(input={"key": SPITEFUL}, output=SPITEFUL)
            client.complete([system("Be brief."), user(f"asked {SPITEFUL}")])
            client.complete("again")
    except Unavailable:
        pass
