"""Random words, things and values for generated documents. `unseen` draws from words that training never uses."""

from __future__ import annotations

import random
import string
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))


class Vocabulary:
    """Draws from one random generator."""

    def __init__(self, random_: random.Random, *, unseen: bool = False) -> None:
        self.random, self.unseen, self._lists = random_, unseen, _lists()
        self._values: dict[str, Callable[[], str]] = {
            "days": lambda: f"{self._number(2, 190)} {self._pick(['days', 'days', 'working days', 'calendar days'])}",
            "months": lambda: f"{self._number(2, 60)} {self._pick(['months', 'weeks', 'months'])}",
            "hours": lambda: f"{self._number(2, 72)} hours",
            "minutes": lambda: f"{self._number(5, 240)} minutes",
            "money": self._money,
            "rate": lambda: f"{self._money()} per {self._pick(['kilometre', 'hour', 'day', 'mile', 'night'])}",
            "percent": lambda: f"{self._number(2, 100)}{self._pick([' percent', '%', '.5%'])}",
            "count": lambda: str(self._number(3, 900)),
            "size": lambda: f"{self._number(2, 900)} {self._pick(['GB', 'MB', 'TB'])}",
            "weight": lambda: f"{self._number(1, 90)} {self._pick(['kg', 'grams', 'pounds'])}",
            "year": lambda: str(self._number(1950, 2026)),
            "version": lambda: f"{self._number(1, 12)}.{self._number(0, 20)}",
            "date": self._date,
            "weekday": lambda: self._pick(self._lists["weekdays"]),
            "clock": lambda: f"{self._number(6, 22)}:{self._pick(['00', '15', '30', '45'])}",
            "colour": lambda: self._pick(self._lists["colours"]),
            "role": lambda: self._pick(self._lists["roles"]),
            "person": lambda: f"{self._pick(self._lists['first_names'])} {self.word().capitalize()}",
            "email": lambda: f"{self.word()}@{self.word()}.{self._pick(['com', 'org', 'example', 'io'])}",
            "url": lambda: f"{self.word()}.{self.word()}.{self._pick(['com', 'org', 'example', 'io'])}",
            "phone": lambda: f"+{self._number(1, 99)} {self._number(100, 999)} {self._number(1000, 9999)}",
            "code": lambda: "".join(self.random.choices(string.digits + "ABCDEF", k=4)),
            "place": self._place,
            "tool": lambda: f"{self.word().capitalize()}{self._pick(['', ' Desk', ' Hub', ' Board'])}",
            "yesno": lambda: self._pick(["allowed", "not allowed", "forbidden", "permitted", "only allowed outdoors"]),
        }

    def word(self) -> str:
        """A made-up word; which ones are held out is decided by the letters alone."""
        while True:
            syllables = (
                self._pick(self._lists["onsets"])
                + self._pick(self._lists["vowels"])
                + (self._pick(self._lists["codas"]) if self.random.random() < 0.5 else "")
                for _ in range(self.random.choice([2, 2, 3]))
            )
            word = "".join(syllables)
            if (sum(map(ord, word)) % 7 == 0) == self.unseen:
                return word

    def thing(self, kind: str) -> str:
        """Something of a kind that a family speaks of."""
        if kind in self._lists["things"]:
            plain = self._pick(self._lists["things"][kind])
            return plain if self.random.random() < 0.75 else f"{plain} in {self.word().capitalize()}"
        head = self._pick(self._lists["heads"][kind])
        name = self.word().capitalize()
        definite = "" if kind in ("plan", "product") else "the "
        return f"{definite}{name} {head}" if self.random.random() < 0.8 else f"{definite}{head} {name}"

    def value(self, kind: str) -> str:
        """A value of a kind."""
        return self._values[kind]()

    def _pick(self, options: Sequence[str]) -> str:
        return self.random.choice(options)

    def _number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def _money(self) -> str:
        amount = self._number(2, 99) * self.random.choice([1, 5, 10, 50])
        shown = self.random.choice([f"{amount}", f"{amount}.50", f"{amount},000"])
        return self.random.choice([f"${shown}", f"€{shown}", f"£{shown}", f"{shown} euros", f"EUR {shown}"])

    def _date(self) -> str:
        month, day, year = self._pick(self._lists["months"]), self._number(1, 28), self._number(2015, 2027)
        forms = [
            f"{day} {month} {year}",
            f"{month} {day}, {year}",
            f"{day} {month}",
            f"{year}-0{day % 9 + 1}-{day:02d}",
        ]
        return self.random.choice(forms)

    def _place(self) -> str:
        floor = self._pick(["first", "second", "third", "fourth", "ground"])
        places = [
            f"building {self._pick('ABCDE')}",
            f"the {floor} floor",
            f"{self.word().capitalize()} Street {self._number(1, 99)}",
            f"room {self._number(1, 9)}.{self._number(10, 40)}",
            self.word().capitalize(),
        ]
        return self.random.choice(places)
