"""A data folder in miniature: every file that training reads, in its own format, made here."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

SUBJECTS = (
    "The river",
    "A teacher",
    "This lamp",
    "Our train",
    "The old harbour",
    "A small dog",
    "The garden",
    "Her book",
)
VERBS = ("reaches", "follows", "repairs", "carries", "remembers", "opens", "crosses", "measures")
OBJECTS = (
    "the northern bridge",
    "a red umbrella",
    "seven letters",
    "the quiet museum",
    "a wooden boat",
    "the last page",
)
PLACES = ("FindHotel", "FindTrain", "FindBank", "FindPark", "FindMuseum", "FindShop")
BOOKS = ("the-sea", "old-tools", "music-made-easy", "cooking")
SENTENCES_ALONE = (
    "flan_cot", "t0_permissive_dedup", "nltk_pd_masc_text", "openstax_ccby", "ud_ewt_ccbysa", "wiki_split_ccbysa",
    "factbook_pd", "standard_ebooks_cc0", "common_voice_en_cc0", "taskmaster4_raw", "nltk_sentiment_ccby",
    "chatterbot_en_bsd",
)  # fmt: skip


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `--data` names."""
    folder = tmp_path_factory.mktemp("corpora") / "train"
    folder.mkdir()
    draw = random.Random(1)

    def sentence() -> str:
        return f"{draw.choice(SUBJECTS)} {draw.choice(VERBS)} {draw.choice(OBJECTS)} in {draw.randint(1700, 2020)}."

    def rows(name: str, values: Iterable[Mapping[str, Any]]) -> None:
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(value) + "\n" for value in values)

    posts = [" ".join(sentence() for _ in range(8)) for _ in range(60)]
    rows("us_gov_blogs_pd", ({"title": sentence(), "text": text} for text in posts))
    rows(
        "squad_q_sentence_ccbysa",
        ({"q": f"what {sentence()[:-1].lower()}?", "sentence": sentence()} for _ in range(900)),
    )
    rows("squadshifts_train", (_review([sentence() for _ in range(4)]) for _ in range(200)))
    rows(
        "openstax_glossary_ccby",
        (
            {"book": BOOKS[n % 4], "section": "Words", "term": f"term {n}", "meaning": sentence().lower()}
            for n in range(60)
        ),
    )
    for name in SENTENCES_ALONE:
        rows(name, ({"text": sentence()} for _ in range(40)))
    _dialogues(rows)
    return folder


def _review(sentences: list[str]) -> dict[str, Any]:
    text = " ".join(sentences)
    asked = [{"q": f"What about {line[:12]}?", "start": text.index(line), "a": line[:-1]} for line in sentences[:2]]
    return {"context": text, "qas": asked}


def _dialogues(rows: Any) -> None:
    slot = {"name": "city", "description": "Where", "is_categorical": False, "possible_values": []}
    intents = [{"name": name, "description": name, "required_slots": ["city"], "optional_slots": []} for name in PLACES]
    rows("sgd_train_schema", [{"service_name": "Places_1", "slots": [slot], "intents": intents}])
    call = {"service": "Places_1", "method": "FindHotel", "args": {"city": "Oslo"}}
    asked = [
        [
            {"r": "u", "t": f"I am looking for a {name[4:].lower()} in Oslo.", "intent": f"Places_1.{name}"},
            {"r": "a", "t": "Here is one.", "call": {**call, "method": name}},
        ]
        for name in PLACES
    ]
    rows("sgd_train", [{"id": str(n), "turns": asked[n % len(asked)]} for n in range(60)])
