"""What optimising a prompt gives on the bundled model: `python tests/benchmarks/optimise.py --data DIR`.

`DIR` is the folder of `few_shot.py` beside this. A prompt that says nothing but "Label the text." is optimised on 60
cases of each set, with all its other cases to take examples from, and judged on 200 others: once with examples that
stand in the prompt file, and once with those that go with the query, too. The bundled model writes no instructions, so
none are proposed. Intervals are 95 %: of Wilson for shares, percentile bootstrap for the paired gain.

`--gepa` prints what the package gepa does beside it on two made-up problems, where it is installed: how far it passes
its own limit of calls, and how often it calls something better where a model answers by the toss of a coin.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiapp import Budget, Choice, Client, Example, Prompt, Request
from aiapp.evals.metrics import exact
from aiapp.evals.optimise import Effort, Optimised, optimise
from aiapp.evals.statistics import Interval
from aiapp.prompts.fewshot.example import labels_of
from aiapp.testing import ScriptedModel

SEARCHED, JUDGED, SEEDS = 60, 200, 12
PROMPT = Prompt('{{role "system"}}Label the text.{{role "user"}}{{text}}', name="label")
Labelled = Example[str, str]


def main() -> None:
    """Print one row for each set and kind of search, or the two problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--gepa", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.data is None and not given.gepa:
        parser.error("--data FOLDER, --gepa, or both")
    if given.data is not None:
        sets(given.data, given.seed)
    if given.gepa:
        beside_gepa()


def sets(folder: Path, seed: int) -> None:
    """What the search finds on each set, and what it is worth on cases that it did not see."""
    tasks: Any = import_module("few_shot").tasks
    began = time.process_time()
    heads = ("set", "labels", "examples", "original", "best found", "gain", "shown better", "calls (expected)")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for task in tasks(folder, JUDGED, seed):
        searched = random.Random(seed).sample(task.pool, SEARCHED)
        for kind, fixed in (("in the file", True), ("for each query, too", False)):
            found = search(searched, task.pool, task.asked, fixed=fixed, seed=seed)
            print(f"| {' | '.join([task.name, str(len(labels_of(task.pool))), kind, *row(found)])} |", flush=True)
    print(f"\n{time.process_time() - began:.0f} s of CPU time; seed {seed}")


def search(
    searched: Sequence[Labelled], pool: Sequence[Labelled], judged: Sequence[Labelled], *, fixed: bool, seed: int
) -> Optimised:
    """One search; examples of the pool that are among the judged cases are left out."""
    known = {" ".join(example.input.casefold().split()) for example in judged}
    apart = [example for example in pool if " ".join(example.input.casefold().split()) not in known]
    train = [example for example in searched if example in apart]
    options = Choice(labels_of(tuple(pool)))
    return optimise(
        PROMPT, train, exact, Budget(calls=5_000), client=Client("local"), pool=apart, held_out=judged, fixed=fixed,
        format=options, effort=Effort(rounds=0, batch=20, seed=seed),
    )  # fmt: skip


def row(found: Optimised) -> list[str]:
    """The cells of a search."""
    best = found.best
    gain = "none" if best.gain is None else told(best.gain, "+")
    counts = f"{found.spent.calls} ({found.forecast.expected.calls})"
    named = f"{best.name}: {told(best.quality)}"
    return [told(found.original.quality), named, gain, "yes" if found.better else "no", counts]


def told(interval: Interval, sign: str = "") -> str:
    """An interval in words."""
    return f"{interval.mean:{sign}.3f} [{interval.low:{sign}.3f}, {interval.high:{sign}.3f}]"


def beside_gepa() -> None:
    """Both packages on the two problems."""
    if find_spec("gepa") is None:
        print("gepa is not installed: python -m pip install gepa")
        return
    program = "import sys, time; t = time.process_time(); import {}; print(time.process_time() - t)"
    print("| | gepa | aiapp.evals.optimise |\n|---|---|---|")
    times = [
        min(float(subprocess.check_output([sys.executable, "-c", program.format(name)])) for _ in range(5))
        for name in ("gepa", "aiapp.evals.optimise")
    ]
    print(f"| import, best of 5, CPU time | {times[0] * 1000:.0f} ms | {times[1] * 1000:.0f} ms |")
    for limit in (10, 60, 100, 150):
        print(f"| calls of the model where {limit} are allowed | {gepa_calls(limit)} | {own_calls(limit)} |")
    theirs, ours = [gepa_luck(seed) for seed in range(SEEDS)], [own_luck(seed) for seed in range(SEEDS)]
    print(f"| better than a coin, by its own report, of {SEEDS} | {sum(theirs)} | {sum(ours)} |")


def gepa_calls(limit: int) -> int:
    """How often gepa asks a model where so many calls are its limit: 20 cases to learn from, 40 to choose by."""
    asked = 0

    def score(instruction: str, case: str) -> float:
        nonlocal asked
        asked += 1
        return float("capitals" in instruction and hash_of(case) % 3 > 0)

    gepa_run(score, [f"c{n}" for n in range(20)], [f"h{n}" for n in range(40)], limit, 0)
    return asked


def own_calls(limit: int) -> str:
    """The same here; the judged cases are 40, too."""

    def answer(asked: Request) -> str:
        right = "capitals" in asked.messages[0].text and hash_of(asked.messages[-1].text) % 3 > 0
        return asked.messages[-1].text if right else "no"

    train, judged = (
        [Example(f"{kind}{n}", f"{kind}{n}") for n in range(count)] for kind, count in (("c", 20), ("h", 40))
    )
    model, turns = ScriptedModel(answer), iter(range(10_000))
    writer = ScriptedModel(lambda _: written(next(turns), "in capitals"))
    try:
        optimise(
            PROMPT, train, exact, Budget(calls=limit), client=Client(provider=model),
            proposer=Client(provider=writer), held_out=judged, few_shots=(), effort=Effort(batch=3),
        )  # fmt: skip
    except ValueError:
        return f"{len(model.requests)}: refused, for it takes more"
    return str(len(model.requests) + len(writer.requests))


def gepa_luck(seed: int) -> bool:
    """Whether gepa reports something better where every answer is right by the toss of a coin."""

    def score(instruction: str, case: str) -> float:
        return float(hash_of(instruction + case) % 2)

    cases = [f"q{seed}-{n}" for n in range(60)]
    found = gepa_run(score, cases[:30], cases[30:], 400, seed)
    return bool(found.val_aggregate_scores[found.best_idx] > found.val_aggregate_scores[0])


def own_luck(seed: int) -> bool:
    """The same here."""

    def answer(asked: Request) -> str:
        text = asked.messages[-1].text
        return text if hash_of("".join(message.text for message in asked.messages)) % 2 else "no"

    turns = iter(range(10_000))
    writer = ScriptedModel(lambda _: written(next(turns), f"of {seed}"))
    train = [Example(f"q{seed}-{n}", f"q{seed}-{n}") for n in range(60)]
    return optimise(
        PROMPT, train, exact, Budget(calls=400), client=Client(provider=ScriptedModel(answer)), few_shots=(),
        proposer=Client(provider=writer), effort=Effort(batch=3, rounds=50, patience=50, seed=seed),
    ).better  # fmt: skip


def written(number: int, text: str) -> str:
    """A proposal."""
    return json.dumps({"diagnosis": "none", "instructions": f"Variant {number} {text}."})


def hash_of(text: str) -> int:
    """A number that looks random, the same each time."""
    return hashlib.sha256(text.encode()).digest()[0]


def gepa_run(score: Any, learned: list[str], judged: list[str], limit: int, seed: int) -> Any:
    """A search by gepa with a scripted writer."""
    gepa: Any = import_module("gepa")

    class Adapter:
        propose_new_texts = None

        def evaluate(self, batch: Any, candidate: Any, capture_traces: bool = False) -> Any:
            scores = [score(candidate["instruction"], case) for case in batch]
            traces = [{"score": one} for one in scores] if capture_traces else None
            return gepa.EvaluationBatch(outputs=scores, scores=scores, trajectories=traces)

        def make_reflective_dataset(self, _candidate: Any, evaluated: Any, components: Any) -> Any:
            return {name: [{"Feedback": str(one)} for one in evaluated.trajectories] for name in components}

    turns = iter(range(10_000))

    def reflect(_prompt: Any) -> str:
        return f"```\nVariant {next(turns)} in capitals {seed}\n```"

    with contextlib.redirect_stdout(io.StringIO()):
        return gepa.optimize(
            {"instruction": "say it"}, learned, judged, adapter=Adapter(), max_metric_calls=limit, seed=seed,
            reflection_lm=reflect,
        )  # fmt: skip


if __name__ == "__main__":
    main()
