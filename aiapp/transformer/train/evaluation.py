"""Held-out examples, with fixed seeds, and how many of them the network answers exactly."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import torch
from tokenizers import Tokenizer

from aiapp.transformer.train import corpora
from aiapp.transformer.train.batches import collate, encode
from aiapp.transformer.train.network import Network
from aiapp.transformer.train.passages import Passage, Passages
from aiapp.transformer.train.tasks import MIXTURE, Example, lookup, quotation
from aiapp.transformer.train.vocabulary import Vocabulary

SEED = 20261121


def held_out_sets(data: Path, count: int) -> dict[str, list[Example]]:
    """Name of a set -> examples that training never saw, one question each."""
    parts = tomllib.loads(MIXTURE.read_text(encoding="utf-8"))["parts"]
    draw = random.Random(SEED)
    prose = corpora.prose(data / parts["prose"]["file"])
    reviews = corpora.Reviews(data / parts["reviews"]["file"], held=True)
    words = Passages(draw, prose, unseen=True)
    families = Passages(draw, prose, unseen=True, new_families=True)
    made = [words.passage() for _ in range(count)]
    real = [reviews.passage(draw, 1) for _ in range(2 * count)]
    return {
        "key-value lookup, unseen words": [_first_turn(lookup(Vocabulary(draw, unseen=True))) for _ in range(count)],
        "made documents, unseen words and phrasings": [quotation(p) for p in made if _answerable(p)],
        "the same, unanswerable": [quotation(p) for p in made if not _answerable(p)],
        "made documents, unseen kinds of facts": [quotation(families.passage()) for _ in range(count)],
        "reviews, held-out paragraphs": [quotation(p) for p in real if _answerable(p)][:count],
        "reviews, unanswerable": [quotation(p) for p in real if not _answerable(p)],
    }


def _answerable(passage: Passage) -> bool:
    return passage.questions[0].unit is not None


def _first_turn(example: Example) -> Example:
    return example[:3]


@torch.no_grad()
def exact_match(network: Network, tokenizer: Tokenizer, examples: list[Example]) -> float:
    """The share of examples whose whole answer is what greedy decoding writes."""
    network.eval()
    limit = network.shape.positions
    rows = sorted((encode(tokenizer, example, limit) for example in examples), key=lambda row: len(row[0]))
    right = 0
    for start in range(0, len(rows), 16):
        ids, weights = collate(rows[start : start + 16])
        with torch.autocast("cpu", torch.bfloat16):
            hidden = network(ids)[:, :-1]
            kept = weights[:, 1:] > 0
            guesses = network.logits(hidden[kept]).argmax(-1)
        correct = torch.ones_like(kept)
        correct[kept] = guesses == ids[:, 1:][kept]
        right += int(correct.all(1).sum())
    network.train()
    return right / max(1, len(rows))
