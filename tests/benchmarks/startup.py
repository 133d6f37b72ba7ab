"""How long a fresh process takes, and how much memory: `python tests/benchmarks/startup.py`.

Wall and CPU seconds and peak resident memory of whole processes, warm bytecode; the median of five runs.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook"
RUNS = 5


def measure(program: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak megabytes of one run."""
    began = time.perf_counter()
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    process = os.posix_spawn(program[0], program, os.environ, file_actions=silent)
    usage = os.wait4(process, 0)[2]
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Print one row for each program."""
    with tempfile.TemporaryDirectory() as folder:
        question = "How many days of parental leave do I get?"
        ask = "from aiapp.cli.main import main; main()"
        words = ["ask", question, str(HANDBOOK), "--index", f"{folder}/bench.idx"]
        programs = {
            "python itself": [sys.executable, "-c", ""],
            "`import aiapp`": [sys.executable, "-c", "import aiapp"],
            "`aiapp ask`, handbook indexed": [sys.executable, "-c", ask, *words],
        }
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for name, program in programs.items():
            measure(program)
            runs = [measure(program) for _ in range(RUNS)]
            wall, cpu, memory = (statistics.median(column) for column in zip(*runs, strict=True))
            print(f"| {name} | {wall:.2f} s wall, {cpu:.2f} s CPU, {memory:.0f} MB |")


if __name__ == "__main__":
    main()
