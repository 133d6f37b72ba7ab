"""How well the bundled embeddings find texts: `python tests/benchmarks/embeddings.py --data FOLDER`.

The folder holds `scifact/` (claims and abstracts; Wadden et al. 2020, in the files of BEIR) and `squadshifts/`
(questions and paragraphs; Miller et al. 2020). For each embedding, as one vector a text and as one a sentence where the
nearest sentence counts: nDCG@10 on SciFact; on SquadShifts the share of questions whose paragraph comes first, and
among the first five. The encoder learnt from SquadShifts paragraphs, so only those that it never saw are asked about,
among all.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aiapp.retrieval.embedding import Embedder
from aiapp.transformer import Encoder, HashEmbedding
from aiapp.transformer.tasks.examples import held_out

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
SHIFTS = ("amazon_reviews_v1.0.json.gz", "reddit_v1.0.json.gz")
BATCH = 256


@dataclass(frozen=True, slots=True)
class Task:
    """Texts as lists of sentences, and for each query the texts that are relevant."""

    texts: list[list[str]]
    queries: list[str]
    relevant: list[set[int]]


def main() -> None:
    """Print one row for each embedding and grain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder: Path = parser.parse_args().data
    scifact, shifts = read_scifact(folder / "scifact"), read_shifts(folder / "squadshifts")
    print("| embedding | a vector for each | SciFact nDCG@10 | SquadShifts R@1 | R@5 |\n|---|---|---|---|---|")
    for embedder in (HashEmbedding.load(), Encoder.load()):
        for grain in ("text", "sentence"):
            found, asked = ranked(embedder, scifact, grain), ranked(embedder, shifts, grain)
            gain = np.mean([ndcg(row, right) for row, right in zip(found, scifact.relevant, strict=True)])
            recalls = [
                np.mean([bool(right & set(row[:k])) for row, right in zip(asked, shifts.relevant, strict=True)])
                for k in (1, 5)
            ]
            print(f"| {embedder.name} | {grain} | {gain:.3f} | {recalls[0]:.3f} | {recalls[1]:.3f} |", flush=True)


def read_scifact(folder: Path) -> Task:
    """The 300 test claims against all abstracts."""
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    place = {row["_id"]: number for number, row in enumerate(rows)}
    with gzip.open(folder / "topics.beir-v1.0.0-scifact.test.tsv.gz", "rt", encoding="utf-8") as lines:
        topics = dict(line.rstrip("\n").split("\t", 1) for line in lines)
    relevant: dict[str, set[int]] = {topic: set() for topic in topics}
    for line in (folder / "qrels.beir-v1.0.0-scifact.test.txt").read_text(encoding="utf-8").splitlines():
        topic, _, document, grade = line.split()
        if int(grade) > 0:
            relevant[topic].add(place[document])
    return Task([[row["title"], *row["sentences"]] for row in rows], list(topics.values()), list(relevant.values()))


def read_shifts(folder: Path) -> Task:
    """One question of each held-out paragraph, against all paragraphs."""
    paragraphs = [
        paragraph
        for name in SHIFTS
        for article in json.loads(gzip.decompress((folder / name).read_bytes()))["data"]
        for paragraph in article["paragraphs"]
    ]
    asked = [number for number, paragraph in enumerate(paragraphs) if held_out(paragraph["context"])]
    return Task(
        [SENTENCE_END.split(paragraph["context"]) for paragraph in paragraphs],
        [paragraphs[number]["qas"][0]["question"] for number in asked],
        [{number} for number in asked],
    )


def ranked(embedder: Embedder, task: Task, grain: str) -> list[list[int]]:
    """For each query the ten nearest texts."""
    pieces = task.texts if grain == "sentence" else [[" ".join(text)] for text in task.texts]
    owners = np.repeat(np.arange(len(pieces)), [len(text) for text in pieces])
    vectors = embedded(embedder, [piece for text in pieces for piece in text])
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    queries = embedded(embedder, task.queries)
    best = (np.maximum.reduceat(vectors @ query, starts) for query in queries)
    return [np.argsort(-scores, kind="stable")[:10].tolist() for scores in best]


def embedded(embedder: Embedder, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """(len(texts), dimensions)."""
    return np.concatenate([embedder.embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)])


def ndcg(found: Sequence[int], right: set[int]) -> float:
    """The discounted gain of the first ten, as a share of the best possible (binary grades)."""
    gain = sum(1 / math.log2(place + 2) for place, text in enumerate(found) if text in right)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(10, len(right))))


main()
