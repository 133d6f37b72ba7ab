"""Real requests of people to machines, with the call that each asked for, and texts to label."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiapp.transformer.tasks.examples import ASSISTANT, BEGIN, END, SYSTEM, USER, Example, held_out
from aiapp.transformer.template import CALL, NO_TOOL, call_text, system_text, tool_line
from aiapp.transformer.train.corpora import read

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


class Requests:
    """First words of those dialogues, by what they ask for; a tenth of the kinds of request is held out."""

    def __init__(self, path: Path, *, held: bool = False) -> None:
        self.texts: dict[str, list[str]] = defaultdict(list)
        for row in read(path):
            before = None
            for turn in row["turns"]:
                intent = turn.get("intent", before) if turn["r"] == "u" else before
                if intent is not None and intent not in (before, "NONE"):
                    name = intent.split(".")[1]
                    if held_out(name) == held and 20 < len(turn["t"]) < 160:
                        self.texts[name].append(turn["t"])
                before = intent
        self.names = sorted(self.texts)

    def topics(self) -> dict[str, list[str]]:
        """The texts by the spoken name of what they ask for."""
        return {_spoken(name): texts for name, texts in self.texts.items()}

    def call(self, random_: random.Random) -> Example:
        """A request, and tools without parameters of which one fits, or none."""
        offered = random_.sample(self.names, random_.randint(2, 6))
        wanted = random_.choice(offered)
        asked = random_.choice(self.texts[wanted])
        if random_.random() < 0.12:
            offered.remove(wanted)
            wanted = ""
        described, snake = random_.random() < 0.5, random_.random() < 0.5
        shown = {name: _snake(name) if snake else name for name in (*offered, wanted)}
        lines = [tool_line(shown[name], f"{_spoken(name)}." if described else "", {}) for name in offered]
        said = f"{BEGIN}{SYSTEM}{system_text('', lines, None)}{END}{USER}{asked}{END}{ASSISTANT}"
        answer = f"{CALL}{call_text(shown[wanted], {})}" if wanted else NO_TOOL
        return [(said, 0.0), (answer + END, 1.0)]


def subjects(path: Path, *, held: bool = False) -> dict[str, list[str]]:
    """Meanings of terms by the textbook that they are from; a tenth of the books is held out."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in read(path):
        if held_out(row["book"]) == held and 20 < len(row["meaning"]) < 120:
            found[row["book"].replace("-", " ")].append(row["meaning"])
    return found


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _spoken(name: str) -> str:
    return _snake(name).replace("_", " ").capitalize()
