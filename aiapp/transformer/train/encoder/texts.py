"""The texts that the encoder learns from: sentences, questions, paragraphs, single words and pairs of words."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiapp.transformer.tasks.examples import held_out
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.train import corpora
from aiapp.transformer.train.corpora import read, sentences, tidy

# file -> how many of its sentences are taken; `strings` of a row rather than its sentences where a row is short
_SENTENCES = {
    "us_gov_blogs_pd": 60_000,
    "flan_cot": 45_000,
    "t0_permissive_dedup": 40_000,
    "nltk_pd_masc_text": 25_000,
    "openstax_ccby": 60_000,
    "ud_ewt_ccbysa": 8_000,
    "wiki_split_ccbysa": 20_000,
    "factbook_pd": 15_000,
    "standard_ebooks_cc0": 10_000,
}
_STRINGS = {
    "common_voice_en_cc0": 40_000,
    "sgd_train": 40_000,
    "taskmaster4_raw": 15_000,
    "nltk_sentiment_ccby": 15_000,
    "chatterbot_en_bsd": 4_000,
}
_PARAGRAPHS = {"us_gov_blogs_pd": 12_000, "openstax_ccby": 12_000}
_WORDS, _PAIRS, _COMMONEST_PAIRS = 24_000, 40_000, 200
_LONGEST = 420


def training_texts(data: Path, passages: int = 16_000, seed: int = 7) -> list[str]:
    """Every text, once, in a fixed random order; about 600,000 of them, some from made passages."""
    draw = random.Random(seed)
    found: dict[str, None] = {}

    def take(texts: Iterable[str], count: int, longest: int = _LONGEST) -> None:
        kept = dict.fromkeys(" ".join(text.split()) for text in texts if 8 <= len(text) <= longest)
        found.update(dict.fromkeys(draw.sample(list(kept), min(count, len(kept)))))

    def rows(name: str) -> Iterator[dict[str, Any]]:
        return read(data / f"{name}.jsonl.gz")

    for name, count in _SENTENCES.items():
        take((sentence for row in rows(name) for text in strings(row) for sentence in sentences(text)), count)
    for name, count in _STRINGS.items():
        take((text for row in rows(name) for text in strings(row)), count)
    for name, count in _PARAGRAPHS.items():
        pieces = (piece for row in rows(name) for text in strings(row) for piece in re.split(r"\n\s*\n", text))
        take((piece for piece in pieces if len(piece) > 200), count, 900)
    pairs = list(rows("squad_q_sentence_ccbysa"))
    take((tidy(row["q"]) for row in pairs), 30_000)
    take((tidy(row["sentence"]) for row in pairs), 30_000)
    shifts = [row for row in rows("squadshifts_train") if not held_out(row["context"])]
    take((pair["q"] for row in shifts for pair in row["qas"]), 30_000)
    take((sentence for row in shifts for sentence in sentences(row["context"])), 40_000)
    take((row["context"] for row in shifts), 4_000, 1000)
    glossary = list(rows("openstax_glossary_ccby"))
    take((f"{row['term']}: {row['meaning']}" for row in glossary), 8_000)
    take([*(f"What is {row['term']}?" for row in glossary[::3]), *(row["meaning"] for row in glossary)], 10_000)
    made = Passages(draw, corpora.prose(data / "us_gov_blogs_pd.jsonl.gz"))
    documents = [made.passage(4) for _ in range(passages)]
    questions = [question for document in documents for question in document.questions]
    take((question.text for question in questions), 20_000)
    take((question.unit for question in questions if question.unit), 20_000)
    take((document.text for document in documents), 5_000, 1200)
    texts = list(found)
    texts += [phrase for phrase in _phrases(texts) if phrase not in found]
    draw.shuffle(texts)
    return texts


def _phrases(texts: Iterable[str]) -> list[str]:
    """The commonest words, and the commonest pairs of neighbours but for those of function words."""
    words: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for text in texts:
        found = re.findall(r"[a-z][a-z'-]+", text.lower())
        words.update(found)
        pairs.update(pairwise(found))
    common = [" ".join(pair) for pair, _ in pairs.most_common(_PAIRS)]
    return [word for word, _ in words.most_common(_WORDS)] + common[_COMMONEST_PAIRS:]


def strings(value: Any) -> Iterator[str]:
    """Every text of more than one word in a JSON value."""
    if isinstance(value, str):
        if " " in value:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
