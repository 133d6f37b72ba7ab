"""What examples do for the bundled model: `OMP_NUM_THREADS=1 python tests/benchmarks/few_shot.py --data FOLDER`.

The folder holds, as they were published, `banking77/` (Casanueva et al. 2020), `clinc150/` (Larson et al. 2019, those
in scope), `snips/` (Coucke et al. 2018), `sentence_classification/` (customer reviews: Hu and Liu 2004) and
`anthropic_classification/` (the insurance tickets of Anthropic's cookbook). Where a set comes without a test part, the
queries are drawn from all of it, and the rest is chosen from.

The label is chosen by the bundled model, by a `Choice` of all labels: without examples, with `K` drawn for each query
anew, and with the `K` nearest to it. Beside it stand votes without a model: of the same nearest, and of the nearest by
BM25, each weighed by its nearness. The queries are the same in every column, so that the difference is paired.
Intervals are 95 %: of Wilson for shares, percentile bootstrap for the difference. Published results are of other
models, on whole test sets, and trained on all examples unless it says otherwise.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import math
import random
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aiapp import Choice, Client, Example, FewShot, Message, Request, user
from aiapp.prompts.fewshot import BM25, Nearest, Random, Selection
from aiapp.prompts.fewshot.measuring import Interval

K, BUDGET, SEED = 8, 700, 0
"""The bundled model reads 1,024 tokens: so many are left to the examples."""
Labelled = Example[str, str]


@dataclass(frozen=True, slots=True)
class Task:
    """Texts to choose from and texts to ask about, none of which is among the others."""

    name: str
    pool: list[Labelled]
    asked: list[Labelled]
    published: str


def main() -> None:
    """Print one row for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=200, help="the most queries of a set")
    parser.add_argument("--seed", type=int, default=SEED, help="draws queries, test parts and random examples")
    given = parser.parse_args()
    client, began = Client("local"), time.process_time()
    print(f"| set | labels | examples | n | zero-shot | {K} random | {K} nearest | nearest less random |", end="")
    print(" encoder kNN, no model | BM25 kNN, no model | published |\n|" + "---|" * 11, flush=True)
    for task in tasks(given.data, given.queries, given.seed):
        print(f"| {' | '.join(row(client, task, given.seed))} |", flush=True)
    print(f"\n{time.process_time() - began:.0f} s of CPU time; seed {given.seed}")


def row(client: Client, task: Task, seed: int) -> list[str]:
    """All methods on the same queries."""

    def count(text: str) -> int:
        return client.count_tokens(text).tokens

    nearest = FewShot(task.pool, K, Nearest(client), budget=BUDGET, count=count)
    lexical = FewShot(task.pool, K, BM25(), budget=BUDGET, count=count)
    drawn = [replace(nearest, builder=Random(seed + place)).turns() for place in range(len(task.asked))]
    near = [nearest.select(example.input) for example in task.asked]
    options = Choice(nearest.labels)
    bare = right(client, options, [()] * len(task.asked), task.asked)
    by_chance = right(client, options, drawn, task.asked)
    by_nearness = right(client, options, [selection.turns for selection in near], task.asked)
    gain = [one - other for one, other in zip(by_nearness, by_chance, strict=True)]
    by_vote = [vote(selection) == example.output for selection, example in zip(near, task.asked, strict=True)]
    by_words = [vote(lexical.select(example.input)) == example.output for example in task.asked]
    columns = [share(scores) for scores in (bare, by_chance, by_nearness)]
    voted = [share(scores) for scores in (by_vote, by_words)]
    sizes = [f"{len(nearest.labels)}", f"{len(task.pool):,}", f"{len(task.asked)}"]
    return [task.name, *sizes, *columns, difference(gain), *voted, task.published]


def right(
    client: Client, options: Choice, turns: Sequence[tuple[Message, ...]], asked: Sequence[Labelled]
) -> list[bool]:
    """Whether the model chooses the right label for each query after its examples."""
    requests = [
        Request((*shots, user(example.input)), format=options) for shots, example in zip(turns, asked, strict=True)
    ]
    answers = [client.complete(request).text for request in requests]
    return [answer == example.output for answer, example in zip(answers, asked, strict=True)]


def vote(selection: Selection[str, str]) -> str:
    """The label with the most nearness behind it; of equal ones that of the nearest example."""
    weight: defaultdict[str, float] = defaultdict(float)
    for shot in sorted(selection.shots, key=lambda shot: -(shot.pick.nearness or 0.0)):
        weight[shot.example.output] += shot.pick.nearness or 0.0
    return max(weight, key=weight.__getitem__)


def share(right: Sequence[bool]) -> str:
    """How often it was right, with the interval of Wilson (1927)."""
    count, mean, z = len(right), statistics.fmean(right), 1.96
    middle = (mean + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(mean * (1 - mean) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{mean:.3f} [{max(0.0, middle - reach):.3f}, {min(1.0, middle + reach):.3f}]"


def difference(gain: Sequence[float]) -> str:
    """The mean of paired differences, with its interval."""
    found = Interval.of(gain, seed=SEED)
    return "unknown" if found is None else f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def tasks(folder: Path, queries: int, seed: int) -> list[Task]:
    """The five sets, with at most so many queries each."""
    clinc = json.loads(gzip.decompress((folder / "clinc150" / "data_small.json.gz").read_bytes()))
    banking = table(gzip.decompress((folder / "banking77" / "train.csv.gz").read_bytes()), ",", "category")
    known, tickets = (
        table((folder / "anthropic_classification" / f"{part}.tsv").read_bytes(), "\t", "label")
        for part in ("train", "test")
    )

    def task(name: str, pool: list[Labelled], asked: list[Labelled], published: str) -> Task:
        """With queries drawn from those that are there, or else from the pool."""
        draw = random.Random(seed)
        if not asked:
            draw.shuffle(pool)
            asked, pool = pool[:queries], pool[queries:]
        return Task(name, pool, draw.sample(asked, min(queries, len(asked))), published)

    return [
        task("banking77", banking, [], "0.934 (USE+ConveRT), 0.852 from 10 a label"),
        task("clinc150", pairs(clinc["train"]), pairs(clinc["test"]), "0.962 (BERT), 0.910 (SVM)"),
        task("snips, intents", snips(folder / "snips"), [], "none in its README"),
        task("customer reviews", reviews(folder / "sentence_classification"), [], "0.850 (CNN), 0.818 (NB-SVM)"),
        task("insurance tickets", known, tickets, "Claude Haiku: 0.706 zero-shot, 0.941 with 5 nearest"),
    ]


def table(data: bytes, delimiter: str, label: str) -> list[Labelled]:
    """The rows of a table with a column `text`."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8")), delimiter=delimiter)
    return pairs([(row["text"], row[label]) for row in rows])


def pairs(rows: Sequence[Sequence[str]]) -> list[Labelled]:
    """Texts with their labels in words."""
    return [Example(text, label.replace("_", " ")) for text, label in rows]


def snips(folder: Path) -> list[Labelled]:
    """All texts of the seven intents."""
    found: list[Labelled] = []
    for file in sorted(folder.glob("train_*_full.json.gz")):
        for intent, entries in json.loads(gzip.decompress(file.read_bytes()).decode("utf-8", "replace")).items():
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", intent).lower()
            found += [Example("".join(piece["text"] for piece in entry["data"]).strip(), words) for entry in entries]
    return found


def reviews(folder: Path) -> list[Labelled]:
    """Sentences of customer reviews, negative or positive."""
    lines = gzip.decompress((folder / "custrev.all.gz").read_bytes()).decode("utf-8", "replace").splitlines()
    return [Example(line[2:], "positive" if line[0] == "1" else "negative") for line in lines if line]


if __name__ == "__main__":
    main()
