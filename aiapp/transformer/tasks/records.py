"""Records as text, and the JSON that they hold."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from aiapp.transformer.tasks.examples import ASSISTANT, BEGIN, END, SYSTEM, USER, Example
from aiapp.transformer.tasks.vocabulary import Vocabulary
from aiapp.transformer.template import system_text

_THINGS = ["lamp", "router", "kettle", "printer", "chair", "sensor", "backpack", "camera", "drill", "desk", "bike"]


@dataclass(frozen=True, slots=True)
class _Field:
    """A row of `fields.toml`."""

    kind: str
    ways: tuple[str, ...]

    @classmethod
    def parse(cls, row: str) -> _Field:
        kind, ways = row.split(" | ")
        return cls(kind, tuple(ways.split(" / ")))

    def say(self, way: str, value: Any) -> str:
        if self.kind == "flag":
            return way.split(";;")[0 if value else 1]
        return way.format(v=_shown(value))


@cache
def _fields() -> dict[str, _Field]:
    rows = tomllib.loads(Path(__file__).with_name("fields.toml").read_text(encoding="utf-8"))
    return {name: _Field.parse(row) for name, row in rows.items()}


@dataclass(frozen=True, slots=True)
class Record:
    """A text, the schema of what is wanted of it, and the values that it states."""

    text: str
    instructions: str
    schema: dict[str, Any]
    values: dict[str, Any]

    def example(self) -> Example:
        """As a conversation."""
        system = system_text(self.instructions, (), self.schema)
        said = f"{BEGIN}{SYSTEM}{system}{END}{USER}{self.text}{END}{ASSISTANT}"
        return [(said, 0.0), (json.dumps(self.values, ensure_ascii=False) + END, 1.0)]


class Records:
    """Makes texts with a record in them. `unseen` uses words and phrasings that training never does.

    `missing` is the share of records with an optional field that the text does not state.
    """

    def __init__(
        self, random_: random.Random, prose: Sequence[str], *, unseen: bool = False, missing: float = 0.2
    ) -> None:
        self._random, self._prose, self._unseen, self._missing = random_, prose, unseen, missing
        self._vocabulary = Vocabulary(random_, unseen=unseen)

    def record(self) -> Record:
        """A text and its record; now and then an optional field that the text does not state, which is left out."""
        draw = self._random
        names = draw.sample(sorted(_fields()), draw.randint(2, 6))
        if {"total", "price"} <= set(names):
            names.remove("total")
        made = draw.random() < 0.2
        stated = {name: self._value(_fields()[name].kind) for name in names}
        if made:
            stated |= {self._vocabulary.word(): self._vocabulary.value("place") for _ in range(draw.randint(1, 2))}
        missing = draw.choice(names) if draw.random() < self._missing else None
        schema = {
            "type": "object",
            "properties": {name: _type(name, value) for name, value in stated.items()},
            "required": [name for name in stated if name != missing],
        }
        if missing is not None:
            del stated[missing]
        text = self._text(stated)
        answer = {name: stated[name] for name in schema["properties"] if name in stated}
        asked = draw.choice(["", "", "Extract the record from the text.", "Fill the fields from the text."])
        return Record(text, asked, schema, answer)

    def _value(self, kind: str) -> Any:
        draw, vocabulary = self._random, self._vocabulary
        match kind:
            case "amount":
                return round(draw.uniform(2, 2000), 2) if draw.random() < 0.5 else draw.randint(2, 2000)
            case "small":
                return draw.randint(2, 120)
            case "year":
                return draw.randint(1900, 2030)
            case "flag":
                return draw.random() < 0.5
            case "list":
                return [vocabulary.word() for _ in range(draw.randint(1, 3))]
            case "thing":
                return f"{vocabulary.word().capitalize()} {draw.choice(_THINGS)}"
            case "company":
                return f"{vocabulary.word().capitalize()} {draw.choice(['Ltd', 'GmbH', 'Inc', 'and Sons', 'Group'])}"
            case _:
                return vocabulary.value(kind)

    def _text(self, stated: dict[str, Any]) -> str:
        draw = self._random
        if draw.random() < 0.3:
            join, separator = draw.choice(["\n", "; ", ", "]), draw.choice([": ", " = ", " - "])
            lines = [f"{name.replace('_', ' ')}{separator}{_shown(value)}" for name, value in stated.items()]
            draw.shuffle(lines)
            return join.join(lines)
        sentences = [self._statement(name, value) for name, value in stated.items()]
        sentences += [draw.choice(self._prose) for _ in range(draw.choice([0, 0, 1, 2]))]
        draw.shuffle(sentences)
        opening = draw.choice(["", "", "Hello, ", "Dear team,\n", "Note: "])
        return opening + draw.choice([" ", " ", "\n"]).join(sentences)

    def _statement(self, name: str, value: Any) -> str:
        if name not in _fields():
            return f"The {name} is {value}."
        field = _fields()[name]
        held = self._unseen and self._random.random() < 0.5
        return field.say(field.ways[-1] if held else self._random.choice(field.ways[:-1]), value)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(cast(list[str], value))
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _type(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "string"}}
    if isinstance(value, int | float):
        return {"type": "number" if name in _fields() and _fields()[name].kind == "amount" else "integer"}
    return {"type": "string"}
