"""Real text: reading the files of a data folder into passages with questions, and prose."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiapp.transformer.tasks.examples import held_out
from aiapp.transformer.tasks.passages import Passage, Question

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z\"'(\d])|\n+")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a gzipped JSON-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def sentences(text: str) -> list[str]:
    """The sentences of a text, verbatim."""
    return [piece.strip() for piece in _SENTENCE_END.split(text) if piece and piece.strip()]


def prose(path: Path) -> list[str]:
    """Sentences of ordinary length from posts."""
    found = (sentence for row in read(path) for sentence in sentences(row["text"]))
    return [sentence for sentence in found if 30 < len(sentence) < 180 and "\n" not in sentence]


def articles(path: Path) -> list[str]:
    """Whole posts, cut to pieces of some 1,200 characters."""
    texts = (row["text"] for row in read(path))
    return [text[start : start + 1200] for text in texts for start in range(0, max(1, len(text) - 400), 1200)]


class Reviews:
    """SquadShifts paragraphs: the answer is the sentence that holds the marked span."""

    def __init__(self, path: Path, *, held: bool) -> None:
        rows = [row for row in read(path) if held_out(row["context"]) == held]
        self._rows = [row for row in rows if 80 < len(row["context"]) < 1100]

    def passage(self, random_: random.Random, questions: int) -> Passage:
        """A paragraph with its own questions, some of them swapped for another paragraph's."""
        row = random_.choice(self._rows)
        asked: list[Question] = []
        for pair in random_.sample(row["qas"], min(questions, len(row["qas"]))):
            if random_.random() < 0.25:
                other = random_.choice(self._rows)
                asked.append(Question(random_.choice(other["qas"])["q"], None))
            elif (unit := unit_at(row["context"], pair["start"], pair["a"])) is not None:
                asked.append(Question(pair["q"], unit, pair["a"]))
        if not asked:
            return self.passage(random_, questions)
        return Passage(row["context"], tuple(asked))


def unit_at(text: str, start: int, answer: str) -> str | None:
    """The sentence of the text that holds the span, where one does."""
    position = 0
    for sentence in sentences(text):
        begin = text.index(sentence, position)
        position = begin + len(sentence)
        if begin <= start and start + len(answer) <= position + 1:
            return sentence
    return None


class Encyclopedia:
    """Question and sentence pairs in the order of their articles: neighbours make hard distractors."""

    def __init__(self, path: Path) -> None:
        self._rows = [(tidy(row["q"]), tidy(row["sentence"])) for row in read(path)]

    def passage(self, random_: random.Random, questions: int) -> Passage:
        """A sentence among those of the same article, and questions about them; some have no answer here."""
        start = random_.randrange(len(self._rows) - 40)
        window = self._rows[start : start + random_.randint(6, 24)]
        inside = list(dict.fromkeys(sentence for _, sentence in window))[: random_.randint(2, 7)]
        random_.shuffle(inside)
        cased = str.capitalize if random_.random() < 0.5 else str
        asked: list[Question] = []
        for question, sentence in random_.sample(window, min(questions, len(window))):
            if sentence in inside:
                asked.append(Question(first_upper(question), _cased(sentence, cased is not str)))
            else:
                asked.append(Question(first_upper(question), None))
        return Passage(" ".join(_cased(sentence, cased is not str) for sentence in inside), tuple(asked))


def _cased(sentence: str, upper: bool) -> str:
    return first_upper(sentence) if upper else sentence


def first_upper(text: str) -> str:
    """With its first letter in upper case."""
    return text[:1].upper() + text[1:]


def tidy(text: str) -> str:
    """Undo the spaces that a tokeniser left."""
    text = re.sub(r" ([.,;:?!%)\]'\u2019])", r"\1", text.strip().replace("-lrb-", "(").replace("-rrb-", ")"))
    return re.sub(r"([(\[$]) ", r"\1", text).replace(" -- ", "-").replace("`` ", '"').replace(" ''", '"')


class Glossary:
    """Neighbouring entries of a textbook's glossary as a list, a table or sentences."""

    ASKED = ("What is {t}?", "What does {t} mean?", "Define {t}.", "How is {t} defined?", "Explain {t}.")

    def __init__(self, path: Path) -> None:
        self._rows = [row for row in read(path) if 10 < len(row["meaning"]) < 220 and len(row["term"]) < 50]

    def passage(self, random_: random.Random, questions: int) -> Passage:
        """Some entries of one section, and questions about them or a missing neighbour."""
        start = random_.randrange(len(self._rows) - 12)
        rows = self._rows[start : start + random_.randint(3, 8)]
        form = random_.choice(["- {t}: {m}", "| {t} | {m} |", "{t}: {m}", "{t} is {m}.", "**{t}**: {m}"])
        units = {row["term"]: form.format(t=row["term"], m=row["meaning"]) for row in rows}
        missing = random_.choice(list(units)) if random_.random() < 0.3 and len(units) > 2 else None
        body = "\n".join(unit for term, unit in units.items() if term != missing)
        asked: list[Question] = []
        for term in random_.sample(list(units), min(questions, len(units))):
            question = random_.choice(self.ASKED).format(t=term)
            asked.append(Question(question, None if term == missing else units[term]))
        heading = f"Glossary > {rows[0]['section']}\n" if random_.random() < 0.7 else ""
        return Passage(heading + body, tuple(asked))
