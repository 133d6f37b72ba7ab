"""Held-out examples, with fixed seeds, and how many of them the network answers exactly."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer

from aiapp.transformer.tasks.calls import Calls
from aiapp.transformer.tasks.chat import few_shot, last_answer, lookup, quotation, short_answer, topics
from aiapp.transformer.tasks.examples import END, REFUSAL, Example
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.tasks.records import Records
from aiapp.transformer.tasks.vocabulary import Vocabulary
from aiapp.transformer.train import corpora
from aiapp.transformer.train.batches import collate, encode
from aiapp.transformer.train.mixture import MIXTURE
from aiapp.transformer.train.network import Network

SEED = 20261121


def held_out_sets(data: Path, count: int) -> dict[str, list[Example]]:
    """Name of a set -> `count` examples that training never saw, each with one answer."""
    parts = tomllib.loads(MIXTURE.read_text(encoding="utf-8"))["parts"]
    draw = random.Random(SEED)
    prose = corpora.prose(data / parts["prose"]["file"])
    reviews = corpora.Reviews(data / parts["reviews"]["file"], held=True)
    words = Passages(draw, prose, unseen=True)
    families = Passages(draw, prose, unseen=True, new_families=True)
    vocabulary = Vocabulary(draw, unseen=True)
    records, calls = Records(draw, prose, unseen=True), Calls(draw, unseen=True)
    labelled = topics(vocabulary, held=True)

    def some(make: Callable[[], Example], *, refused: bool = False) -> list[Example]:
        found: list[Example] = []
        while len(found) < count:
            example = make()
            if len(example) > 2 and (example[2][0] == REFUSAL + END) != refused:
                continue
            found.append(example)
        return found

    return {
        "key-value lookup, unseen words": some(lambda: lookup(vocabulary)[:3], refused=False),
        "answers from sentences, unseen names and phrasings": some(lambda: short_answer(words.sentences())),
        "answers from documents, unseen names and phrasings": some(lambda: short_answer(words.passage())),
        "answers from documents, unseen kinds of facts": some(lambda: short_answer(families.passage())),
        "unanswerable questions": some(lambda: short_answer(words.passage()), refused=True),
        "quotations, unseen names and phrasings": some(lambda: quotation(words.passage())),
        "quotations, held-out reviews": some(lambda: quotation(reviews.passage(draw, 1))),
        "JSON extraction, unseen words": some(lambda: records.record().example()),
        "tool calls, unseen tools": some(lambda: calls.example(4)[:2]),
        "few-shot labels, unseen topics": some(lambda: last_answer(few_shot(labelled, draw))),
    }


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
