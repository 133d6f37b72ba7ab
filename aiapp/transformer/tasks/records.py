"""Records as text, and the JSON that they hold."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from aiapp.transformer.template import system_text
from aiapp.transformer.tasks.examples import ASSISTANT, BEGIN, END, SYSTEM, USER, Example
from aiapp.transformer.tasks.vocabulary import Vocabulary

# field name -> kind of value | ways of stating it, split by / ; the last way is never trained on
_FIELDS = {
    "name": "person|My name is {v}. / I am {v}. / This is {v} writing. / Signed, {v}",
    "customer": "person|The customer is {v}. / Ordered by {v}. / {v} bought it. / It goes to our client {v}.",
    "city": "place|It is in {v}. / The address is in {v}. / Shipped to {v}. / You find us in {v}.",
    "email": "email|Write to {v}. / My address is {v}. / You can reach me at {v}. / Mail goes to {v}.",
    "phone": "phone|Call {v}. / The number is {v}. / Phone: {v}. / Ring me on {v}.",
    "date": "date|It happened on {v}. / The date is {v}. / On {v} it was done. / Dated {v}.",
    "due": "date|Please pay by {v}. / It is due on {v}. / The deadline is {v}. / No later than {v}.",
    "time": "clock|At {v}. / It starts at {v}. / Be there at {v}. / From {v} on.",
    "day": "weekday|See you on {v}. / It is on {v}. / Every {v}. / {v} is the day.",
    "total": "amount|The total is {v} dollars. / It costs {v} euros in all. / That makes {v}. / {v} altogether.",
    "price": "amount|The price is {v}. / It sells for {v}. / It costs {v} each. / {v} apiece.",
    "quantity": "small|We need {v} of them. / {v} pieces. / The quantity is {v}. / Send {v}, please.",
    "age": "small|I am {v} years old. / Aged {v}. / The age is {v}. / {v} years of age.",
    "rooms": "small|It has {v} rooms. / There are {v} rooms. / With {v} rooms. / {v} rooms in all.",
    "order_id": "code|Order number {v}. / The order is {v}. / My order: {v}. / Reference {v}.",
    "invoice": "code|Invoice {v}. / The invoice number is {v}. / Invoice no. {v}. / Billed under {v}.",
    "product": "thing|I bought a {v}. / The product is a {v}. / About the {v}: / One {v}, please.",
    "colour": "colour|The colour is {v}. / It is {v}. / In {v}. / Painted {v}.",
    "company": "company|I work for {v}. / {v} sent it. / The company is {v}. / On behalf of {v},",
    "job": "role|I am the {v}. / She works as {v}. / The role is {v}. / Employed as {v}.",
    "website": "url|See {v}. / The site is {v}. / More at {v}. / Online: {v}",
    "version": "version|It runs version {v}. / Version {v}. / We have release {v}. / Upgraded to {v}.",
    "year": "year|It was built in {v}. / From {v}. / The year is {v}. / Made in {v}.",
    "paid": "flag|It has been paid./It has not been paid. / Paid already./Not paid yet. / We have it./It is open.",
    "urgent": "flag|It is urgent./It can wait. / This is urgent./This is not urgent. / Hurry, please./Take your time.",
    "tags": "list|Tags: {v}. / It is about {v}. / Topics are {v}. / Filed under {v}.",
}
_THINGS = ["lamp", "router", "kettle", "printer", "chair", "sensor", "backpack", "camera", "drill", "desk", "bike"]
_NUMERIC = {"amount", "small", "year"}


class Extraction:
    """Makes texts with a record in them. `unseen` uses words and phrasings that training never does."""

    def __init__(self, random_: random.Random, prose: Sequence[str], *, unseen: bool = False) -> None:
        self._random, self._prose, self._unseen = random_, prose, unseen
        self._vocabulary = Vocabulary(random_, unseen=unseen)

    def example(self) -> Example:
        """A text and its record; now and then an optional field that the text does not state, which is left out."""
        draw = self._random
        names = draw.sample(sorted(_FIELDS), draw.randint(2, 6))
        if {"total", "price"} <= set(names):
            names.remove("total")
        made = draw.random() < 0.2
        stated = {name: self._value(_FIELDS[name].split("|")[0]) for name in names}
        if made:
            stated |= {self._vocabulary.word(): self._vocabulary.value("place") for _ in range(draw.randint(1, 2))}
        missing = draw.choice(names) if draw.random() < 0.2 else None
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
        said = f"{BEGIN}{SYSTEM}{system_text(asked, (), schema)}{END}{USER}{text}{END}{ASSISTANT}"
        return [(said, 0.0), (json.dumps(answer, ensure_ascii=False) + END, 1.0)]

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
        if name not in _FIELDS:
            return f"The {name} is {value}."
        kind, ways = _FIELDS[name].split("|", 1)
        options = ways.split(" / ")
        way = options[-1] if self._unseen and self._random.random() < 0.5 else self._random.choice(options[:-1])
        if kind == "flag":
            return way.split("/")[0 if value else 1]
        return way.format(v=_shown(value))


def _shown(value: Any) -> str:
    return (
        ", ".join(value)
        if isinstance(value, list)
        else "yes"
        if value is True
        else "no"
        if value is False
        else str(value)
    )


def _type(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "string"}}
    if isinstance(value, int | float):
        kind = _FIELDS[name].split("|", 1)[0] if name in _FIELDS else ""
        return {"type": "number" if kind == "amount" else "integer"}
    return {"type": "string"}
