"""Random words, things and values for generated documents. `unseen` draws from words that training never uses."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence

_ONSETS = "b br c ch d dr f g gr h j k kl l m n p pr qu r s sh st t th tr v w z".split()
_VOWELS = "a e i o u ai ea ou".split()
_CODAS = ["", "n", "r", "l", "s", "x", "m", "th", "nd", "rk"]
_MONTHS = "January February March April May June July August September October November December".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday".split()
_COLOURS = "red blue green yellow purple orange black white pink grey brown silver".split()
_FIRST = (
    "Ada Ben Carla Daniel Elena Felix Grace Hugo Irene Jonas Karin Liam Mona Nils Olga Paul Quinn Rosa Sven Tara Uma "
    "Victor Wanda Yusuf Zoe Amir Bianca Chen Dora Emil Fatima Goran Hana Ivan Julia Kofi Lena Marco Nadia Omar"
).split()
_ROLES = (
    "line manager, finance director, office manager, head of people, security officer, team lead, service owner, "
    "travel desk, duty engineer, works council, payroll clerk, product manager, IT help desk, legal counsel, "
    "customer success lead, facilities team, data protection officer, chief executive, site manager, procurement team"
).split(", ")

_THINGS: dict[str, tuple[str, ...]] = {
    "benefit": tuple(
        "annual leave, parental leave, sick pay, study leave, unpaid leave, the pension plan, health insurance, the gym "
        "pass, the bike scheme, childcare support, volunteering time, sabbatical leave, bereavement leave, remote weeks, "
        "the language course, dental cover, moving leave, wedding leave, time off in lieu, the transit card".split(", ")
    ),
    "expense": tuple(
        "hotel nights, taxi rides, client dinners, train tickets, flights, home office furniture, books, conference "
        "fees, mobile data, private car mileage, breakfast, team lunches, visas, software licences, parking, "
        "airport lounges, headphones, monitors, gifts for customers, laundry on trips".split(", ")
    ),
    "incident": tuple(
        "a severity 1 incident, a severity 2 incident, a severity 3 incident, a data leak, a stolen laptop, an outage "
        "of the login page, a failed backup, a phishing mail, a full disk, a broken payment, a slow database, "
        "a lost badge, a fire alarm, an expired certificate, a stuck queue".split(", ")
    ),
    "rule": tuple(
        "smoking, bringing dogs, working abroad, private use of laptops, overtime, guest visits, side jobs, eating at the "
        "desk, sharing passwords, filming, public talks, open windows, private mail, weekend work, using USB sticks, "
        "parking in the yard, storing customer data on phones, installing software".split(", ")
    ),
    "task": tuple(
        "the stock count, closing the month, rotating the keys, the safety walk, cleaning the kitchen, testing the "
        "alarm, the code review, setting up a laptop, watering the plants, updating the price list, the payroll run, "
        "restoring a backup, onboarding a supplier, the fire drill, archiving contracts, the release".split(", ")
    ),
}
_HEADS: dict[str, tuple[str, ...]] = {
    "plan": ("plan", "package", "tier", "subscription", "licence"),
    "team": ("team", "support desk", "group", "office", "unit"),
    "room": ("meeting room", "canteen", "car park", "lab", "workshop", "library", "lounge"),
    "system": ("portal", "database", "archive", "server", "wiki", "tracker", "vault"),
    "product": ("lamp", "router", "kettle", "printer", "chair", "sensor", "backpack", "camera", "app", "drill"),
    "event": ("conference", "summer party", "workshop", "training day", "open day", "meetup"),
    "site": ("warehouse", "branch", "factory", "shop", "head office", "clinic", "depot"),
}


class Vocabulary:
    """Draws from one random generator."""

    def __init__(self, random_: random.Random, *, unseen: bool = False) -> None:
        self.random, self.unseen = random_, unseen
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
            "weekday": lambda: self._pick(_WEEKDAYS),
            "clock": lambda: f"{self._number(6, 22)}:{self._pick(['00', '15', '30', '45'])}",
            "colour": lambda: self._pick(_COLOURS),
            "role": lambda: self._pick(_ROLES),
            "person": lambda: f"{self._pick(_FIRST)} {self.word().capitalize()}",
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
                self._pick(_ONSETS) + self._pick(_VOWELS) + (self._pick(_CODAS) if self.random.random() < 0.5 else "")
                for _ in range(self.random.choice([2, 2, 3]))
            )
            word = "".join(syllables)
            if (sum(map(ord, word)) % 7 == 0) == self.unseen:
                return word

    def thing(self, kind: str) -> str:
        """Something of a kind that a family speaks of."""
        if kind in _THINGS:
            plain = self._pick(_THINGS[kind])
            return plain if self.random.random() < 0.75 else f"{plain} in {self.word().capitalize()}"
        head = self._pick(_HEADS[kind])
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
        month, day, year = self._pick(_MONTHS), self._number(1, 28), self._number(2015, 2027)
        return self.random.choice([f"{day} {month} {year}", f"{month} {day}, {year}", f"{day} {month}", f"{year}-0{day % 9 + 1}-{day:02d}"])

    def _place(self) -> str:
        floor = self._pick(["first", "second", "third", "fourth", "ground"])
        return self.random.choice(
            [f"building {self._pick(list('ABCDE'))}", f"the {floor} floor", f"{self.word().capitalize()} Street {self._number(1, 99)}",
             f"room {self._number(1, 9)}.{self._number(10, 40)}", self.word().capitalize()]
        )
