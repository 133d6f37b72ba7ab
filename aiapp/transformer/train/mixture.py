"""What the language model learns from: generated tasks and real text, in the shares that `mixture.toml` declares."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

from aiapp.transformer.tasks.calls import Calls
from aiapp.transformer.tasks.chat import few_shot, lookup, quotation, short_answer, talk, topics
from aiapp.transformer.tasks.examples import ASSISTANT, BEGIN, END, USER, Example
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.tasks.records import Records
from aiapp.transformer.tasks.vocabulary import Vocabulary
from aiapp.transformer.train import corpora
from aiapp.transformer.train.requests import Dialogues, Requests, subjects

MIXTURE = Path(__file__).with_name("mixture.toml")


class Mixture:
    """Draws examples in the shares that `mixture.toml` declares."""

    def __init__(self, data: Path, seed: int) -> None:
        parts = tomllib.loads(MIXTURE.read_text(encoding="utf-8"))["parts"]
        draw = self.random = random.Random(seed)

        def path(part: str, name: str = "file") -> Path:
            return data / str(parts[part][name])

        prose, posts = corpora.prose(path("prose")), corpora.articles(path("prose"))
        titled = [row for row in corpora.read(path("title")) if 10 < len(row.get("title", "")) < 90]
        made, vocabulary = Passages(draw, prose), Vocabulary(draw)
        calls, records = Calls(draw), Records(draw, prose, missing=0.5)
        reviews = corpora.Reviews(path("reviews"), held=False)
        encyclopedia, glossary = corpora.Encyclopedia(path("encyclopedia")), corpora.Glossary(path("glossary"))
        dialogues = Dialogues(path("dialogues"), path("dialogues", "schema"))
        requests = Requests(path("requests"))
        labelled = {**requests.topics(), **subjects(path("glossary")), **topics(vocabulary)}
        makers: dict[str, Callable[[], Example]] = {
            "workplace": lambda: quotation(made.passage(draw.choice([1, 2, 3, 4, 5]))),
            "short_answer": lambda: short_answer(made.passage(draw.choice([3, 5, 7, 9]))),
            "sentences": lambda: short_answer(made.sentences(draw.choice([2, 4, 6]))),
            "reviews": lambda: quotation(reviews.passage(draw, draw.choice([1, 3, 5]))),
            "reviews_brief": lambda: short_answer(reviews.passage(draw, draw.choice([1, 3, 5]))),
            "encyclopedia": lambda: quotation(encyclopedia.passage(draw, draw.choice([1, 2, 4]))),
            "glossary": lambda: quotation(glossary.passage(draw, draw.choice([1, 2, 3]))),
            "lookup": lambda: lookup(vocabulary),
            "extraction": lambda: records.record().example(),
            "calls": lambda: calls.example(draw.choice([1, 2, 3, 4, 6])),
            "dialogues": lambda: dialogues.example(draw),
            "requests": lambda: requests.call(draw),
            "few_shot": lambda: few_shot(labelled, draw),
            "talk": lambda: talk(vocabulary, prose),
            "title": lambda: _title(draw.choice(titled)),
            "prose": lambda: [(BEGIN, 0.0), (draw.choice(posts), 0.3)],
        }
        self._makers = [makers[name] for name in parts]
        self._shares = [part["share"] for part in parts.values()]

    def example(self) -> Example:
        """The next example."""
        return self.random.choices(self._makers, self._shares)[0]()


def _title(row: dict[str, str]) -> Example:
    """The title of a post from its first sentences."""
    return [
        (f"{BEGIN}{USER}Give this text a title:\n{row['text'][:700]}{END}{ASSISTANT}", 0.0),
        (row["title"] + END, 1.0),
    ]
