"""What tracking costs: CPU time of a call that nobody tracks, and of one that is tracked, in each way.

Run it as `python tests/benchmarks/tracking.py`. The model is a script, so that a call takes little else; the rows take
turns, so that a busy machine slows all of them.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aiapp import Client, Ledger, span, track
from aiapp.client.call import Call
from aiapp.client.recording import record
from aiapp.core.request import Request
from aiapp.testing import ScriptedModel
from aiapp.tracking.json_lines import JsonLines
from aiapp.tracking.otel import OpenTelemetry
from aiapp.tracking.scope import here

ROUNDS, CALLS, ENTRIES = 15, 300, 100_000
MODEL = ScriptedModel("Fifty words, more or less.")
CLIENT = Client(provider=MODEL)
REQUEST = Request.of("Say fifty words.")


def seconds_of(work: Callable[[], None], count: int) -> float:
    """CPU seconds of one of `count`."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / count


def calls_inside(block: Callable[[], AbstractContextManager[object]]) -> Callable[[], float]:
    """CPU seconds of a call inside of a block, with its beginning and end."""

    async def work() -> None:
        MODEL.requests.clear()
        with block():
            for _ in range(CALLS):
                await CLIENT.acomplete(REQUEST)

    return lambda: seconds_of(lambda: asyncio.run(work()), CALLS)


def checks() -> None:
    """All that tracking adds to a call which nobody tracks."""
    call = Call(REQUEST, MODEL)
    for _ in range(CALLS):
        with record(call, here()):
            pass


def steps() -> None:
    """Steps that nobody tracks."""
    for _ in range(CALLS):
        with span("step"):
            pass


def main() -> None:
    """Print the table."""
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    with tempfile.TemporaryDirectory() as folder:
        ledger, lines = Ledger(Path(folder) / "usage.db"), JsonLines(Path(folder) / "spans.jsonl")
        telemetry = OpenTelemetry(provider)
        rows: dict[str, Callable[[], float]] = {
            "a call that nobody tracks": calls_inside(nullcontext),
            "... of which for tracking": lambda: seconds_of(checks, CALLS),
            "a step that nobody tracks": lambda: seconds_of(steps, CALLS),
            "a call in `track()`": calls_inside(track),
            "... with content": calls_inside(lambda: track(content=True)),
            "... to a ledger": calls_inside(lambda: track(ledger=ledger)),
            "... to JSON lines": calls_inside(lambda: track(exporters=[lines])),
            "... to OpenTelemetry": calls_inside(lambda: track(exporters=[telemetry])),
        }
        times: dict[str, list[float]] = {name: [] for name in rows}
        for _ in range(ROUNDS):
            for name, measure in rows.items():
                times[name].append(measure())
            memory.clear()
        print("| | CPU time |\n|---|---|")
        for name, taken in times.items():
            print(f"| {name} | {sorted(taken)[ROUNDS // 5] * 1e6:,.1f} us |")
        read_back(Ledger(Path(folder) / "large.db"))


def read_back(ledger: Ledger) -> None:
    """How long a report takes to read a large ledger."""
    with track() as t:
        CLIENT.complete(REQUEST)
    (one,) = t.calls
    for number in range(ENTRIES):
        ledger.ended(replace(one, id=f"{number:016x}"))
    ledger.flush()
    began = time.process_time()
    entries = ledger.entries()
    print(f"| read {len(entries):,} calls of a ledger | {time.process_time() - began:.2f} s |")


if __name__ == "__main__":
    main()
