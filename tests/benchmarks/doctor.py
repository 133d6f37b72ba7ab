"""How long `aiapp doctor` takes over a tree of 2,000 files: this package's own modules and settings, again and again.

python tests/benchmarks/doctor.py
"""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

from aiapp.doctor.examination import examine
from aiapp.doctor.options import Options

FILES = 2_000
PACKAGE = Path(__file__).parents[2] / "aiapp"


def main() -> None:
    sources = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("abilities/*.toml")])
    with tempfile.TemporaryDirectory() as name:
        lines = 0
        for number, source in enumerate(itertools.islice(itertools.cycle(sources), FILES)):
            text = source.read_text(encoding="utf-8")
            lines += text.count("\n")
            (Path(name) / f"{number:04}{source.suffix}").write_text(text, encoding="utf-8")
        wall, cpu = time.perf_counter(), time.process_time()
        seen = examine([Path(name)], Options(environment=False))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{seen.files:,} files, {lines:,} lines: {wall:.1f} s wall, {cpu:.1f} s CPU; {seen.models:,} models seen")


if __name__ == "__main__":
    main()
