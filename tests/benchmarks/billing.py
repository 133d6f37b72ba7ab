"""What pricing one response takes: `python tests/benchmarks/billing.py`. CPU time, the median of several rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from aiapp.catalog.catalogue import catalogue
from aiapp.core.usage import Iteration, Usage
from aiapp.tracking.billing import bill

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROUNDS, CALLS = 7, 2_000
OPENAI, ANTHROPIC = "openai:gpt-6-sol", "anthropic:claude-opus-5-5"
CACHED = Usage(300_000, 1_000, 200_000, 3_000, 500, long_cache_write_tokens=1_000, uses={"web_search": 2})
COMPACTED = Usage(
    203_000,
    4_500,
    iterations=(Iteration("compaction", Usage(180_000, 3_500, 0, 0)), Iteration("message", Usage(23_000, 1_000, 0, 0))),
)


def microseconds(price: Callable[[], object]) -> float:
    """One call's CPU time."""
    price()
    rounds = list[float]()
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            price()
        rounds.append((time.process_time() - began) / CALLS * 1e6)
    return statistics.median(rounds)


def main() -> None:
    """Print the table."""
    find = catalogue().find
    cases: dict[str, Callable[[], object]] = {
        "two lines": lambda: bill(Usage(1_000, 100, 0, 0), OPENAI, find, at=NOON, served="gpt-6-sol"),
        "cached, both lifetimes, over the step, searches": lambda: bill(CACHED, OPENAI, find, at=NOON, tier="flex"),
        "a compaction, in one region": lambda: bill(COMPACTED, ANTHROPIC, find, at=NOON, region="us"),
        "a dated snapshot": lambda: bill(Usage(1_000, 100, 0, 0), OPENAI, find, at=NOON, served="gpt-6-sol-2026-09-22"),
        "unknown model": lambda: bill(Usage(1_000, 100), "openai:nobody", find, at=NOON),
        "the total of the second": lambda: whole.total,
    }
    whole = bill(CACHED, OPENAI, find, at=NOON, tier="flex")
    table = Table("pricing a response", f"median of {ROUNDS}, CPU time")
    for name, price in cases.items():
        table.add_row(name, f"{microseconds(price):.1f} us")
    Console().print(table)


if __name__ == "__main__":
    main()
