"""Real requests of people to machines, with the call that each asked for."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiapp.transformer.template import CALL, NO_TOOL, call_text, system_text, tool_line
from aiapp.transformer.train.corpora import held_out, read
from aiapp.transformer.train.examples import ASSISTANT, BEGIN, END, SYSTEM, USER, Example

_TURNS = 6
"""The last turns of a dialogue that are shown."""


class Dialogues:
    """Schema-Guided Dialogue: service calls whose every argument stands in the dialogue so far."""

    def __init__(self, path: Path, schema: Path) -> None:
        self._tools: dict[str, str] = {}
        self._slots: dict[str, list[str]] = {}
        self._by_service: dict[str, list[str]] = defaultdict(list)
        for service in read(schema):
            slots = {slot["name"]: _slot_schema(slot) for slot in service["slots"]}
            for intent in service["intents"]:
                named = [*intent["required_slots"], *intent["optional_slots"]]
                parameters = {
                    "properties": {name: slots[name] for name in named if name in slots},
                    "required": intent["required_slots"],
                }
                key = f"{service['service_name']}.{intent['name']}"
                self._tools[key] = tool_line(intent["name"], intent["description"], parameters)
                self._slots[key] = named
                self._by_service[service["service_name"]].append(key)
        self._calls = [call for row in read(path) for call in self._read(row)]

    def _read(self, row: Mapping[str, Any]) -> list[tuple[list[tuple[str, str]], str, dict[str, Any]]]:
        found: list[tuple[list[tuple[str, str]], str, dict[str, Any]]] = []
        turns: list[tuple[str, str]] = []
        for turn in row["turns"]:
            call = turn.get("call")
            said = " ".join(text for _, text in turns).casefold()
            if call and turns and turns[-1][0] == "u":
                key = f"{call['service']}.{call['method']}"
                stated = all(str(value).casefold() in said for value in call["args"].values())
                if key in self._tools and stated:
                    order = sorted(call["args"], key=self._slots[key].index)
                    found.append((turns[-_TURNS:], key, {name: call["args"][name] for name in order}))
            turns.append((turn["r"], turn["t"]))
        return found

    def example(self, random_: random.Random) -> Example:
        """A dialogue up to a call, among the tools of its service and some others."""
        turns, key, arguments = random_.choice(self._calls)
        first = next(place for place, (role, _) in enumerate(turns) if role == "u")
        others = random_.sample(sorted(self._tools), random_.randint(0, 3))
        offered = list(dict.fromkeys([*self._by_service[key.split(".")[0]], *others]))
        random_.shuffle(offered)
        names = [name.split(".")[1] for name in offered]
        if len(set(names)) < len(names):
            return self.example(random_)
        system = system_text("", [self._tools[name] for name in offered], None)
        roles = {"u": USER, "a": ASSISTANT}
        said = "".join(f"{roles[role]}{text}{END}" for role, text in turns[first:])
        call = f"{CALL}{call_text(key.split('.')[1], arguments)}{END}"
        return [(f"{BEGIN}{SYSTEM}{system}{END}{said}{ASSISTANT}", 0.0), (call, 1.0)]


def _slot_schema(slot: Mapping[str, Any]) -> dict[str, Any]:
    if slot["is_categorical"] and len(slot["possible_values"]) <= 6:
        return {"type": "string", "enum": slot["possible_values"]}
    return {"type": "string"}


class Commands:
    """SNIPS: spoken commands with marked slots, seven intents."""

    def __init__(self, folder: Path) -> None:
        self._rows: list[tuple[str, str, dict[str, str]]] = []
        slots: dict[str, set[str]] = defaultdict(set)
        for path in sorted(folder.glob("train_*_full.json.gz")):
            with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
                ((intent, rows),) = json.load(file).items()
            for row in rows:
                text = "".join(part["text"] for part in row["data"]).strip()
                arguments = {part["entity"]: part["text"].strip() for part in row["data"] if "entity" in part}
                if arguments and not held_out(text):
                    self._rows.append((text, intent, arguments))
                    slots[intent].update(arguments)
        self._slots = {intent: sorted(names) for intent, names in slots.items()}

    def call(self, random_: random.Random) -> Example:
        """A command and its call; the tools have snake_case names half of the time, and a choice of parameters."""
        text, intent, arguments = random_.choice(self._rows)
        snake = random_.random() < 0.5
        others = random_.sample(sorted(set(self._slots) - {intent}), random_.randint(0, 4))
        offered = [intent, *others]
        random_.shuffle(offered)
        lines = [self._line(name, snake, arguments if name == intent else {}, random_) for name in offered]
        said = f"{BEGIN}{SYSTEM}{system_text('', lines, None)}{END}{USER}{text}{END}{ASSISTANT}"
        name = _snake(intent) if snake else intent
        return [(said, 0.0), (f"{CALL}{call_text(name, arguments)}{END}", 1.0)]

    def fields(self, random_: random.Random) -> Example:
        """The same command as JSON, without a tool."""
        text, intent, arguments = random_.choice(self._rows)
        schema = self._parameters(intent, arguments, random_)
        system = system_text("", (), {**schema, "type": "object"})
        ordered = {name: arguments[name] for name in schema["properties"] if name in arguments}
        said = f"{BEGIN}{SYSTEM}{system}{END}{USER}{text}{END}{ASSISTANT}"
        return [(said, 0.0), (json.dumps(ordered, ensure_ascii=False) + END, 1.0)]

    def _line(self, intent: str, snake: bool, arguments: Mapping[str, str], random_: random.Random) -> str:
        words = _snake(intent).replace("_", " ").capitalize()
        name = _snake(intent) if snake else intent
        return tool_line(name, f"{words}.", self._parameters(intent, arguments, random_))

    def _parameters(self, intent: str, arguments: Mapping[str, str], random_: random.Random) -> dict[str, Any]:
        """The stated slots, and some more of the intent as optional ones."""
        rest = [name for name in self._slots[intent] if name not in arguments]
        more = random_.sample(rest, min(len(rest), random_.randint(0, 3)))
        names = [*arguments, *more]
        properties = {name: {"type": "string"} for name in names}
        return {"properties": properties, "required": list(arguments) if random_.random() < 0.5 else []}


class Intents:
    """BANKING77 and CLINC150: what people ask a bank or an assistant, one of many intents each."""

    def __init__(self, banking: Path, clinc: Path, *, held: bool = False) -> None:
        self.texts: dict[str, list[str]] = defaultdict(list)
        with gzip.open(banking, "rt", encoding="utf-8", newline="") as file:
            pairs = [(row["text"], row["category"]) for row in csv.DictReader(file)]
        with gzip.open(clinc, "rt", encoding="utf-8") as file:
            pairs += [(text, intent) for text, intent in json.load(file)["train"]]
        for text, intent in pairs:
            if held_out(intent) == held and len(text) < 160:
                self.texts[intent.lower().replace(" ", "_").strip("?")].append(" ".join(text.split()))
        self.names = sorted(self.texts)

    def call(self, random_: random.Random) -> Example:
        """A request, and tools without parameters of which one fits, or none."""
        offered = random_.sample(self.names, random_.randint(2, 6))
        wanted = random_.choice(offered)
        asked = random_.choice(self.texts[wanted])
        if random_.random() < 0.12:
            offered.remove(wanted)
            wanted = ""
        described = random_.random() < 0.5
        lines = [tool_line(name, name.replace("_", " ").capitalize() if described else "", {}) for name in offered]
        said = f"{BEGIN}{SYSTEM}{system_text('', lines, None)}{END}{USER}{asked}{END}{ASSISTANT}"
        return [(said, 0.0), ((f"{CALL}{call_text(wanted, {})}" if wanted else NO_TOOL) + END, 1.0)]


def few_shot(topics: Mapping[str, Sequence[str]], random_: random.Random) -> Example:
    """Labelled texts as turns, and one more to label; the labels are the topics' names or arbitrary words."""
    classes = random_.sample(sorted(topics), random_.choice([2, 3, 3, 4]))
    arbitrary = random_.random() < 0.4
    letters = random_.sample("ABCDEFGH", len(classes))
    labels = dict(zip(classes, letters if arbitrary else [name.replace("_", " ") for name in classes], strict=True))
    shots = [(text, labels[name]) for name in classes for text in random_.sample(topics[name], random_.randint(1, 3))]
    random_.shuffle(shots)
    asked = random_.choice(classes)
    listed = f"Answer with one of: {', '.join(labels.values())}." if random_.random() < 0.5 else ""
    pieces: Example = [(BEGIN + (f"{SYSTEM}{listed}{END}" if listed else ""), 0.0)]
    for place, (text, label) in enumerate(shots):
        pieces += [(f"{USER}{text}{END}{ASSISTANT}", 0.0), (label + END, 1.0 if place >= len(classes) else 0.0)]
    return [*pieces, (f"{USER}{random_.choice(topics[asked])}{END}{ASSISTANT}", 0.0), (labels[asked] + END, 1.0)]


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
