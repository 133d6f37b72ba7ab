"""Fit the weights with which `aiapp.retrieval` ranks passages and decides what to quote, and say how well they do.

    python tests/benchmarks/retrieval/fit.py             # each set scored with weights fitted to the others
    python tests/benchmarks/retrieval/fit.py --write     # and `support.json` written from all of them

Three logits follow on each other: which unit holds the answer among those of all candidates (its weights rank the
passages), which one of the five best passages once the model was asked about them, and whether any does. Only the
library's own search, examination and model are used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from aiapp import Client, Index
from aiapp.retrieval.documents import Hit
from aiapp.retrieval.evidence import FEATURES, Evidence, Examiner
from aiapp.retrieval.quotation import NEARLY, Reading, opinion, readings
from aiapp.retrieval.support import (
    ANSWERABLE,
    CHOICE,
    WEIGHTS,
    Opinion,
    answerable_features,
    chances_of,
    choice_features,
)
from aiapp.transformer.encoder import Encoder

HERE = Path(__file__).resolve().parent
SETS = ("ostrel", "quillstack", "havensea", "mirefield")
CANDIDATES, PASSAGES = 20, 5
RIDGE = 2.0
"""How strongly the weights of standardised features are held near 0; the bias is not."""
STEPS, RATE = 1500, 0.03
REFUSED = 0.1
"""The share of answerable questions that may be refused for the sake of refusing the others."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass
class Passage:
    """A candidate: its evidence, which of its units hold the answer, and whether all of it does."""

    reading: Reading
    evidence: Evidence
    gold: Flags
    holds: bool
    opinion: Opinion | None = None


@dataclass
class Case:
    """A question and the passages that a search brings."""

    question: str
    answerable: bool
    elsewhere: bool
    """Whether it is about something else than the documents."""
    passages: list[Passage]


@dataclass(frozen=True)
class Options:
    """One choice: a row of features for each option, and which are right; where none is, refusing is."""

    features: Floats
    right: Flags


@dataclass
class Tally:
    """How often something held, by its name."""

    seen: dict[str, list[bool]] = field(default_factory=dict[str, list[bool]])

    def add(self, name: str, held: bool) -> None:
        self.seen.setdefault(name, []).append(held)

    def means(self) -> dict[str, float]:
        return {name: float(np.mean(values)) for name, values in self.seen.items()}


def cases(name: str) -> list[Case]:
    rows: list[dict[str, Any]] = json.loads((HERE / name / "questions.json").read_text(encoding="utf-8"))
    rows += [{"question": question, "answerable": False} for question in elsewhere(name)]
    with TemporaryDirectory() as folder, Index.open(Path(folder) / "fit.idx") as index:
        index.add(HERE / name / "documents")
        return [case(row, index.search(row["question"], k=CANDIDATES)) for row in rows]


def elsewhere(name: str) -> list[str]:
    """This set's share of the questions about something else."""
    questions: list[str] = json.loads((HERE / "elsewhere.json").read_text(encoding="utf-8"))
    return questions[SETS.index(name) :: len(SETS)]


def case(row: dict[str, Any], hits: list[Hit]) -> Case:
    readable = readings(row["question"], hits)
    examiner = Examiner(row["question"], Encoder.load())
    evidence = examiner.examine([(reading.chunk, reading.places) for reading in readable])
    passages = [
        Passage(
            reading,
            one,
            np.array([holds(row, one.chunk.source, unit.text) for unit in one.units]),
            holds(row, one.chunk.source, one.chunk.text),
        )
        for reading, one in zip(readable, evidence, strict=True)
    ]
    return Case(row["question"], row["answerable"], "source" not in row, passages)


def holds(row: dict[str, Any], source: str, text: str) -> bool:
    if not row["answerable"] or not f"/{Path(source).as_posix()}".endswith(f"/{row['source']}"):
        return False
    return " ".join(row["answer"].split()) in " ".join(text.split())


def fitted(choices: Sequence[Options], names: Sequence[str], *, refusable: bool) -> Floats:
    """The weights of a conditional logit, by Adam on standardised features: (names,)."""
    pooled = np.concatenate([choice.features for choice in choices])
    penalty = np.array([0.0 if name == "bias" else RIDGE for name in names])
    scale = np.where(penalty == 0, 1.0, pooled.std(axis=0) + 1e-9)
    most = max(len(choice.right) for choice in choices) + 1
    features = np.zeros((len(choices), most, len(names)))  # the last option is to refuse
    right = np.zeros((len(choices), most))
    offered = np.full((len(choices), most), -np.inf)
    offered[:, -1] = 0.0 if refusable else -np.inf
    for number, choice in enumerate(choices):
        count = len(choice.right)
        features[number, :count], right[number, :count] = choice.features / scale, choice.right
        right[number, -1], offered[number, :count] = not choice.right.any(), 0.0
    weights, first, second = np.zeros(len(names)), np.zeros(len(names)), np.zeros(len(names))
    for step in range(1, STEPS + 1):
        scores = features @ weights + offered
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        wanted = chances * right
        wanted /= wanted.sum(axis=1, keepdims=True)
        slope = np.einsum("cof,co->f", features, chances - wanted) + 2 * penalty * weights
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weights = weights - RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-9)
    return weights / scale


def fitted_relevance(train: Sequence[Case]) -> Floats:
    choices = [Options(*pooled(case.passages)) for case in train if any(one.gold.any() for one in case.passages)]
    return fitted(choices, FEATURES, refusable=False)


def pooled(passages: Sequence[Passage]) -> tuple[Floats, Flags]:
    features = np.concatenate([one.evidence.features for one in passages]).astype(np.float64)
    return features, np.concatenate([one.gold for one in passages])


def best(case: Case, weights: Floats) -> list[Passage]:
    """The passages that an answer is sought in, as the search would rank them; the model is asked about each once."""
    ranked = sorted(case.passages, key=lambda one: -float(np.logaddexp.reduce(one.evidence.features @ weights)))[
        :PASSAGES
    ]
    for one in ranked:
        if one.opinion is None:
            one.opinion = opinion(CLIENT.complete(one.reading.request), one.evidence)
    return ranked


def choice_rows(case: Case, weights: Floats) -> tuple[Floats, list[Passage]]:
    ranked = best(case, weights)
    scores = [(one.evidence.features @ weights).astype(np.float32) for one in ranked]
    return choice_features(scores, opinions(ranked)).astype(np.float64), ranked


def opinions(passages: Sequence[Passage]) -> list[Opinion]:
    return [one.opinion for one in passages if one.opinion is not None]


def fitted_choice(train: Sequence[Case], weights: Floats) -> Floats:
    options: list[Options] = []
    for one in train:
        features, ranked = choice_rows(one, weights)
        right = np.concatenate([passage.gold for passage in ranked])
        if right.any():
            options.append(Options(features, right))
    return fitted(options, CHOICE, refusable=False)


def answerable_row(case: Case, weights: Floats, choosing: Floats) -> tuple[Floats, Floats, list[Passage]]:
    """The features that tell whether to answer, the chances of the units, and the passages that they stand in."""
    features, ranked = choice_rows(case, weights)
    chances = chances_of(features.astype(np.float32), choosing.astype(np.float32))
    row = answerable_features(chances, [one.evidence for one in ranked], opinions(ranked))
    return row.astype(np.float64), chances.astype(np.float64), ranked


def fitted_answerable(train: Sequence[Case], weights: Floats, choosing: Floats) -> Floats:
    rows = [(answerable_row(one, weights, choosing)[0], one.answerable) for one in train]
    options = [Options(row[None], np.array([answerable])) for row, answerable in rows]
    weights = fitted(options, ANSWERABLE, refusable=True)
    weights[-1] -= np.quantile([row @ weights for row, answerable in rows if answerable], REFUSED)
    return weights


def score(held: Sequence[Case], weights: Floats, choosing: Floats, answering: Floats) -> dict[str, float]:
    tally = Tally()
    for one in held:
        row, chances, ranked = answerable_row(one, weights, choosing)
        gold = np.concatenate([passage.gold for passage in ranked])
        answered = float(row @ answering) > 0
        if one.elsewhere:
            tally.add("refused, elsewhere", not answered)
            continue
        tally.add("refusal accuracy", answered == one.answerable)
        if not one.answerable:
            tally.add("refused, near miss", not answered)
            continue
        order = np.argsort(-chances)[:2]
        near = order[chances[order] >= NEARLY * chances[order[0]]]
        tally.add("hit@5", any(passage.holds for passage in ranked))
        tally.add("best unit", bool(gold[order[0]]))
        tally.add("best units", bool(gold[near].any()))
        tally.add("quoted", answered and bool(gold[near].any()))
        tally.add("refused wrongly", not answered)
        tally.add("two quotes", len(near) > 1)
    return tally.means()


def named(values: Floats, names: Sequence[str]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights of retrieval and quotation.")
    parser.add_argument("--write", action="store_true", help="write support.json with weights fitted to all sets")
    options = parser.parse_args()
    found = {name: cases(name) for name in SETS}
    results: list[dict[str, float]] = []
    for name in SETS:
        train = [one for other in SETS if other != name for one in found[other]]
        results.append(score(found[name], *fitted_all(train)))
    print(f"{'':18}" + "".join(f"{name:>12}" for name in (*SETS, "mean")))
    for measure in sorted(results[0]):
        values = [result[measure] for result in results]
        print(f"{measure:18}" + "".join(f"{value:12.3f}" for value in (*values, float(np.mean(values)))))
    weights, choosing, answering = fitted_all([one for name in SETS for one in found[name]])
    written = {
        "relevance": named(weights, FEATURES),
        "choice": named(choosing, CHOICE),
        "answerable": named(answering, ANSWERABLE),
    }
    print(json.dumps(written, indent=2))
    if options.write:
        WEIGHTS.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def fitted_all(train: Sequence[Case]) -> tuple[Floats, Floats, Floats]:
    weights = fitted_relevance(train)
    choosing = fitted_choice(train, weights)
    return weights, choosing, fitted_answerable(train, weights, choosing)


CLIENT = Client("local")

if __name__ == "__main__":
    main()
