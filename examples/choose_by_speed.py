"""A latency is a need like others: what is known of it comes from your own calls, and of all other models nothing is.

The same on the command line, from any ledger: aiapp models choose --latency interactive --ledger usage.db
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from aiapp import Client, Ledger, Needs, choose, track
from aiapp.catalog.traffic import Traffic
from aiapp.tracking.speeds import speeds

with TemporaryDirectory() as folder:
    ledger = Ledger(Path(folder) / "usage.db")
    client = Client("local")
    with track(ledger=ledger):
        for question in ("Hello!", "What is a pangram?", "Say something short."):
            for _ in client.stream(question):
                pass
    measured = speeds(ledger)

needs = Needs(traffic=Traffic(input_tokens=300, output_tokens=100), latency="interactive", vendors=("local", "openai"))
ranking = choose(needs, measured=measured)
for candidate in (*ranking.fitting, *ranking.possible[:2]):
    print(f"{candidate.offer.id}: {'fits' if candidate.fits else 'nobody knows'}")
    for check in candidate.checks:
        if check.need.startswith("latency"):
            print(f"  {check.need}: {check.found or 'unknown'}, {check.verdict} ({check.source})")
