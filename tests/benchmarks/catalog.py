"""What the catalogue costs to load and to ask: `python tests/benchmarks/catalog.py`.

Each row in a fresh process, the median of nine runs: CPU time, so that a busy machine does not count.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 9
_TIMED = """
import time
{before}
began = time.process_time()
{timed}
print((time.process_time() - began) / {times})
"""
IMPORT = "from aiapp.catalog.catalogue import catalogue"
ROWS = {
    "import the catalogue": ("", IMPORT, 1),
    "find the first offer (reads one vendor)": (IMPORT, "catalogue().find('openai:gpt-6-sol')", 1),
    "make every offer and model": (IMPORT, "k = catalogue(); list(k.offers.values()), list(k.models.values())", 1),
    "find an offer again": (
        f"{IMPORT}; k = catalogue(); k.find('openai:gpt-6-sol')",
        "for _ in range(10_000): k.find('openai:gpt-6-sol')",
        10_000,
    ),
    "find a snapshot that nobody listed": (
        f"{IMPORT}; k = catalogue(); k.find('openai:gpt-6-sol')",
        "for _ in range(10_000): k.find('openai:gpt-6-sol-2026-10-01')",
        10_000,
    ),
    "the rates of a request on a day": (
        f"{IMPORT}; import datetime; o = catalogue().find('openai:gpt-6-sol'); d = datetime.date(2026, 11, 21)",
        "for _ in range(10_000): o.price(d).rates(300_000, 'batch')",
        10_000,
    ),
}


def main() -> None:
    """Print one row for each thing that is done."""
    for name, (before, timed, times) in ROWS.items():
        program = _TIMED.format(before=before, timed=timed, times=times)
        runs = [
            float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
            for _ in range(RUNS)
        ]
        seconds = statistics.median(runs)
        shown = f"{seconds * 1000:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} us"
        print(f"| {name} | {shown} |")


if __name__ == "__main__":
    main()
