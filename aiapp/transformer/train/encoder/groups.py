"""Questions with candidate sentences, of which one answers or none: what the encoder learns to choose by."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiapp.transformer.tasks.examples import held_out
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.train import corpora
from aiapp.transformer.train.corpora import Glossary, first_upper, read, sentences, tidy, unit_at

_MOST = 8
"""Candidates in a group, about."""


@dataclass(frozen=True, slots=True)
class Group:
    """A question, its candidates, and the place of the one that answers it; None where none does."""

    question: str
    candidates: tuple[str, ...]
    answer: int | None


class Groups:
    """Draws groups; `held` draws from what training never sees."""

    def __init__(self, data: Path, seed: int, *, held: bool = False) -> None:
        self._random = random.Random(seed)
        self._reviews = [found for row in read(data / "squadshifts_train.jsonl.gz") if (found := _review(row, held))]
        rows = list(read(data / "squad_q_sentence_ccbysa.jsonl.gz"))
        cut = len(rows) * 19 // 20
        kept = rows[cut:] if held else rows[:cut]
        self._pairs = [(first_upper(tidy(row["q"])), tidy(row["sentence"])) for row in kept]
        glossary = read(data / "openstax_glossary_ccby.jsonl.gz")
        self._terms = [(row["term"], row["meaning"]) for row in glossary if 10 < len(row["meaning"]) < 220]
        self._prose = corpora.prose(data / "us_gov_blogs_pd.jsonl.gz")
        self._made = Passages(self._random, self._prose, unseen=held)
        self.makers: dict[str, Callable[[], Group]] = {
            "reviews": self._from_reviews,
            "encyclopedia": self._from_pairs,
            "glossary": self._from_terms,
            "workplace": self._from_made,
        }

    def group(self) -> Group:
        """The next group."""
        made = self._random.choices(list(self.makers.values()), [0.34, 0.28, 0.08, 0.30])[0]()
        return made if made.candidates else self.group()

    def _from_reviews(self) -> Group:
        draw = self._random
        lines, asked = draw.choice(self._reviews)
        question, place = draw.choice(asked)
        others = [line for number, line in enumerate(lines) if number != place]
        draw.shuffle(others)
        fate = draw.random()
        if fate < 0.125:  # a question about another paragraph
            stranger, _ = draw.choice(draw.choice(self._reviews)[1])
            return Group(stranger, tuple(lines[:_MOST]), None)
        if fate < 0.25:  # the answer is taken out
            return Group(question, tuple(others[:_MOST]), None)
        others = others[: _MOST - 1]
        if draw.random() < 0.3:
            others = [*others[:4], draw.choice(draw.choice(self._reviews)[0])]
        return self._hidden(question, lines[place], others)

    def _from_pairs(self) -> Group:
        """Sentences of the same article, or nearly."""
        draw = self._random
        place = draw.randrange(len(self._pairs))
        question, sentence = self._pairs[place]
        near = {other for _, other in self._pairs[max(0, place - 25) : place + 25] if other != sentence}
        others = draw.sample(sorted(near), min(len(near), _MOST - 1))
        if draw.random() < 0.25:
            return Group(question, tuple(others), None)
        return self._hidden(question, sentence, others)

    def _from_terms(self) -> Group:
        draw = self._random
        start = draw.randrange(len(self._terms) - 12)
        rows = self._terms[start : start + draw.randint(4, _MOST)]
        form = draw.choice(["- {t}: {m}", "{t}: {m}", "{t} is {m}.", "| {t} | {m} |"])
        place = draw.randrange(len(rows))
        term, meaning = rows[place]
        question = draw.choice(Glossary.ASKED).format(t=term)
        if draw.random() < 0.35:
            question = f"What is the word for {meaning.rstrip('.')}?"
        lines = [form.format(t=term, m=meaning) for term, meaning in rows]
        if draw.random() < 0.25:
            return Group(question, tuple(lines[:place] + lines[place + 1 :]), None)
        return Group(question, tuple(lines), place)

    def _from_made(self) -> Group:
        """The units of a made passage, as retrieval reads them: after their heading, table header or question."""
        draw = self._random
        passage = self._made.passage()
        question = passage.questions[0]
        last = passage.heading.rsplit(" > ", 1)[-1]
        columns = asked = ""
        shown: dict[str, str] = {}
        for unit in passage.units:
            if set(unit) <= set("|- "):
                continue
            if unit.startswith("|") and not columns:
                columns = unit.strip("| ").replace(" | ", ", ")
            elif unit.endswith("?"):
                asked = unit
            else:
                shown[unit] = ". ".join(filter(None, (last, columns if unit[0] == "|" else asked, unit)))
                asked = ""
        if draw.random() < 0.5:
            line = draw.choice(self._prose)
            shown[line] = ". ".join(filter(None, (last, line)))
        others = [unit for unit in shown if unit != question.unit]
        kept = set(draw.sample(others, min(len(others), _MOST + 1)))
        units = [unit for unit in shown if unit in kept or unit == question.unit]
        answer = None if question.unit is None else units.index(question.unit)
        return Group(question.text, tuple(shown[unit] for unit in units), answer)

    def _hidden(self, question: str, answer: str, others: list[str]) -> Group:
        """The answer at a random place among the others."""
        place = self._random.randint(0, len(others))
        return Group(question, (*others[:place], answer, *others[place:]), place)


def _review(row: dict[str, object], held: bool) -> tuple[list[str], list[tuple[str, int]]] | None:
    """A paragraph's sentences, and its questions with the place of the sentence that answers."""
    text = str(row["context"])
    lines = sentences(text)
    if held_out(text) != held or len(lines) < 2:
        return None
    pairs: list[dict[str, str]] = list(row["qas"])  # type: ignore[call-overload]
    units = [(pair["q"], unit_at(text, int(pair["start"]), pair["a"])) for pair in pairs]
    asked = [(question, lines.index(unit)) for question, unit in units if unit in lines]
    return (lines, asked) if asked else None
