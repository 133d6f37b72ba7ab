"""How fast the bundled models run, on one core: `OMP_NUM_THREADS=1 python tests/benchmarks/models.py`.

Loading is timed in fresh processes without the import of its libraries; the rest in one process, the median of seven.
Seconds are those of the CPU, which other processes disturb least.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded

from aiapp.transformer import Encoder, Sampling, Transformer

RUNS = 7
PROMPT, WRITTEN = 512, 128
TEXTS, TEXT_PROMPT, TEXT_WRITTEN = 16, 100, 64
SENTENCE = "Every new parent gets 120 days of leave at full pay, whether or not they gave birth."
LOADING = """
import time
import numpy, tokenizers, llguidance
from aiapp.transformer import {name}
{name}
began = time.process_time()
{name}.load()
print(time.process_time() - began)
"""


def median(run: Callable[[], None]) -> float:
    run()
    seconds: list[float] = []
    for _ in range(RUNS):
        began = time.process_time()
        run()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def loading(name: str) -> float:
    """Seconds until the weights are ready, the libraries being there."""
    program = [sys.executable, "-c", LOADING.format(name=name)]
    runs = (subprocess.run(program, capture_output=True, text=True, check=True).stdout for _ in range(RUNS))
    return statistics.median(map(float, runs))


def main() -> None:
    """Print one row for each measure."""
    model, encoder = Transformer.load(), Encoder.load()
    ids = (model.tokenizer.chat_ids([("user", SENTENCE * 40)]) * 2)[:PROMPT]
    varied = iter(range(100, 4000))

    def prefill() -> None:  # a first token of its own, so that nothing is reused
        next(model.generate([next(varied), *ids[1:]], max_tokens=1))

    def write() -> None:
        bias = {model.tokenizer.end: -100.0}  # it may not stop
        sampling = Sampling(temperature=1.0, seed=1, logit_bias=bias)
        for _ in model.generate(ids[:16], sampling, max_tokens=WRITTEN):
            pass

    def texts() -> list[list[int]]:  # with first tokens of their own
        return [[next(varied), *ids[1:TEXT_PROMPT]] for _ in range(TEXTS)]

    never_end = Sampling(logit_bias={model.tokenizer.end: -100.0})

    def one_by_one() -> None:
        for prompt in texts():
            for _ in model.generate(prompt, never_end, max_tokens=TEXT_WRITTEN):
                pass

    def together() -> None:
        model.generate_batch(texts(), never_end, max_tokens=TEXT_WRITTEN)

    sentences = [f"{SENTENCE} {number}" for number in range(256)]
    print(f"| language model: load | {loading('Transformer') * 1000:.0f} ms |")
    print(f"| language model: read {PROMPT} tokens | {median(prefill) * 1000:.0f} ms |")
    print(f"| language model: write | {WRITTEN / median(write):,.0f} tokens/s |")
    for name, run in (("one by one", one_by_one), ("in a batch", together)):
        speed = TEXTS * TEXT_WRITTEN / median(run)
        measure = f"{TEXTS} texts {name}, {TEXT_PROMPT} tokens read for {TEXT_WRITTEN} written"
        print(f"| language model: {measure} | {speed:,.0f} tokens/s |")
    print(f"| encoder: load | {loading('Encoder') * 1000:.0f} ms |")
    print(f"| encoder: embed | {len(sentences) / median(lambda: void(encoder.embed(sentences))):,.0f} sentences/s |")
    compared = len(sentences) / median(lambda: void(encoder.compare("How long is parental leave?", sentences)))
    print(f"| encoder: compare with a question | {compared:,.0f} sentences/s |")


def void(_value: object) -> None:
    """Drop a result."""


if __name__ == "__main__":
    main()
