"""Generated passages: pieces of working documents with quotable units, and questions about them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from aiapp.transformer.tasks.families import Family, families, held_out
from aiapp.transformer.tasks.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a passage: the unit that answers it, verbatim, and the value alone; None where nothing does."""

    text: str
    unit: str | None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A text as retrieval would hand it over, and questions about it."""

    text: str
    questions: tuple[Question, ...]
    heading: str = ""
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fact:
    family: Family
    thing: str
    value: str


_TITLES = [
    "Handbook",
    "Policies",
    "Guide",
    "FAQ",
    "Runbook",
    "Price list",
    "Terms",
    "Office manual",
    "Help centre",
    "Onboarding",
]
_SECTIONS = [
    "General",
    "Overview",
    "Details",
    "Rules",
    "Who and when",
    "What you get",
    "Limits",
    "Contacts",
    "Exceptions",
    "Summary",
]


class Passages:
    """Makes passages. `unseen` uses words and phrasings that training never does; `new_families` also other facts."""

    def __init__(
        self, random_: random.Random, prose: Sequence[str], *, unseen: bool = False, new_families: bool = False
    ) -> None:
        self._random, self._prose, self._unseen = random_, prose, unseen
        self._vocabulary = Vocabulary(random_, unseen=unseen)
        self._families = [family for number, family in enumerate(families()) if held_out(number) == new_families]

    def passage(self, questions: int = 1) -> Passage:
        """One passage with up to `questions` questions, about a third of them without an answer in it."""
        facts = self._facts()
        layout = self._random.choice([self._prose_layout, self._prose_layout, self._list, self._table, self._faq])
        units = layout(facts)  # unit -> the facts that it states
        lines = self._lines(units, layout == self._prose_layout)
        asked = [self._question(facts, units) for _ in range(questions)]
        unique = {question.text: question for question in asked}
        heading = self._heading()
        return Passage(f"{heading}\n{lines}" if heading else lines, tuple(unique.values()), heading, tuple(units))

    def sentences(self, questions: int = 1) -> Passage:
        """An easier passage: two to six facts of one to three kinds, in sentences; every question has an answer."""
        draw, facts = self._random, dict[tuple[str, str], _Fact]()
        families = draw.sample(self._families, draw.randint(1, 3))
        for _ in range(draw.randint(2, 6)):
            family = draw.choice(families)
            known = [fact.thing for fact in facts.values() if fact.family.thing == family.thing]
            thing = draw.choice(known) if known and draw.random() < 0.3 else self._vocabulary.thing(family.thing)
            facts.setdefault((thing, family.title), _Fact(family, thing, self._vocabulary.value(family.value)))
        stating = {self._statement(fact): fact for fact in facts.values()}
        units = [*stating, *(draw.choice(self._prose) for _ in range(draw.choice([0, 0, 0, 1, 2])))]
        draw.shuffle(units)
        asked = draw.sample(sorted(stating), min(questions, len(stating)))
        found = tuple(Question(self._ask(stating[unit]), unit, stating[unit].value) for unit in asked)
        return Passage(" ".join(units), found, "", tuple(units))

    def _facts(self) -> list[_Fact]:
        """Facts that are easy to confuse: few kinds of things, several things of a kind, several facts a thing."""
        kinds = self._random.sample(sorted({family.thing for family in self._families}), self._random.choice([1, 1, 2]))
        facts: dict[tuple[str, str], _Fact] = {}
        for kind in kinds:
            families = [family for family in self._families if family.thing == kind]
            things = [self._vocabulary.thing(kind) for _ in range(self._random.randint(1, 4))]
            for thing in things:
                for family in self._random.sample(families, self._random.randint(1, min(3, len(families)))):
                    facts[thing, family.title] = _Fact(family, thing, self._vocabulary.value(family.value))
        chosen = list(facts.values())
        self._random.shuffle(chosen)
        return chosen[:9]

    def _statement(self, fact: _Fact) -> str:
        """A sentence that holds the value as it is: it does not begin with one that would get a capital letter."""
        ways = fact.family.statements
        held = self._unseen and self._random.random() < 0.5
        said = [_capital(way.format(e=fact.thing, v=fact.value)) for way in (ways[-1:] if held else ways[:-1])]
        fitting = [statement for statement in said if fact.value in statement]
        return self._random.choice(fitting) if fitting else _capital(ways[0].format(e=fact.thing, v=fact.value))

    def _prose_layout(self, facts: list[_Fact]) -> dict[str, list[_Fact]]:
        units = {self._statement(fact): [fact] for fact in facts}
        for _ in range(self._random.choice([0, 1, 2, 3])):
            units.setdefault(self._random.choice(self._prose), [])
        return self._shuffled(units)

    def _list(self, facts: list[_Fact]) -> dict[str, list[_Fact]]:
        mark = self._random.choice(["- ", "* ", ""])
        units: dict[str, list[_Fact]] = {}
        for number, fact in enumerate(facts, 1):
            start = f"{number}. " if mark == "" else mark
            style = self._random.random()
            if style < 0.45:
                units[start + self._statement(fact)] = [fact]
            else:
                units[f"{start}{_capital(fact.thing)}, {fact.family.title.lower()}: {fact.value}"] = [fact]
        return units

    def _faq(self, facts: list[_Fact]) -> dict[str, list[_Fact]]:
        units: dict[str, list[_Fact]] = {}
        for fact in facts[:6]:
            if self._random.random() < 0.6:
                units[_capital(self._random.choice(fact.family.questions[:-1]).format(e=fact.thing))] = []
            units[self._statement(fact)] = [fact]
        return units

    def _table(self, facts: list[_Fact]) -> dict[str, list[_Fact]]:
        """One kind of thing in rows; the passage's other facts follow as sentences."""
        kind = facts[0].family.thing
        titles = list(dict.fromkeys(fact.family.title for fact in facts if fact.family.thing == kind))[:4]
        units: dict[str, list[_Fact]] = {"| " + " | ".join([_capital(kind), *titles]) + " |": []}
        units["|" + " --- |" * (len(titles) + 1)] = []
        for thing in dict.fromkeys(fact.thing for fact in facts if fact.family.thing == kind):
            cells = {fact.family.title: fact for fact in facts if fact.thing == thing and fact.family.title in titles}
            for family in self._families:
                if family.thing == kind and family.title in titles and family.title not in cells:
                    cells[family.title] = _Fact(family, thing, self._vocabulary.value(family.value))
            row = " | ".join([_capital(thing), *(cells[title].value for title in titles)])
            units[f"| {row} |"] = list(cells.values())
        for fact in facts:
            if fact.family.thing != kind:
                units[self._statement(fact)] = [fact]
        return units

    def _shuffled(self, units: dict[str, list[_Fact]]) -> dict[str, list[_Fact]]:
        order = list(units)
        self._random.shuffle(order)
        return {unit: units[unit] for unit in order}

    def _lines(self, units: dict[str, list[_Fact]], prose: bool) -> str:
        if not prose:
            return "\n".join(units)
        return "".join(unit + self._random.choice([" ", " ", " ", "\n\n"]) for unit in units).strip()

    def _heading(self) -> str:
        if self._random.random() < 0.12:
            return ""
        path = [self._random.choice(_TITLES), self._random.choice(_SECTIONS)]
        if self._random.random() < 0.4:
            path.insert(0, self._vocabulary.word().capitalize())
        return " > ".join(path)

    def _question(self, facts: list[_Fact], units: dict[str, list[_Fact]]) -> Question:
        if self._random.random() < 0.3:
            return self._unanswerable(facts)
        unit, stated = self._random.choice([(unit, stated) for unit, stated in units.items() if stated])
        fact = self._random.choice(stated)
        return Question(self._ask(fact), unit, fact.value)

    def _ask(self, fact: _Fact) -> str:
        options = fact.family.questions[-1:] if self._unseen else fact.family.questions[:-1]
        question = _capital(self._random.choice(options).format(e=fact.thing))
        return question.lower() if self._random.random() < 0.08 else question

    def _unanswerable(self, facts: list[_Fact]) -> Question:
        """The same thing but another fact of it, or the same fact of another thing, or something else entirely."""
        known = {(fact.thing, fact.family.title) for fact in facts}
        kinds = {fact.family.thing for fact in facts}
        titles = {fact.family.title for fact in facts}
        same_thing = [
            _Fact(family, fact.thing, "")
            for fact in facts
            for family in self._families
            if family.thing == fact.family.thing and family.title not in titles
        ]
        other = self._random.choice(self._families)
        other_thing = self._random.choice(facts).family
        named = _Fact(other_thing, self._vocabulary.thing(other_thing.thing), "")
        elsewhere = _Fact(other, self._vocabulary.thing(other.thing), "")
        draw = self._random.random()
        if same_thing and draw < 0.5:
            return Question(self._ask(self._random.choice(same_thing)), None)
        if all(fact.thing.casefold() not in named.thing.casefold() for fact in facts) and draw < 0.8:
            return Question(self._ask(named), None)
        if other.thing in kinds and (elsewhere.thing, other.title) in known:
            return self._unanswerable(facts)
        return Question(self._ask(elsewhere), None)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
