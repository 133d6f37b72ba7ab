"""Generated tool calls: tools, a request, the call that it asks for, sometimes the result and an answer from it."""

from __future__ import annotations

import hashlib
import json
import random
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiapp.transformer.tasks.examples import ASSISTANT, BEGIN, END, SYSTEM, TOOL, USER, Example
from aiapp.transformer.tasks.vocabulary import Vocabulary
from aiapp.transformer.template import CALL, NO_TOOL, call_text, system_text, tool_line

_OPENINGS = ("", "", "", "Please ", "Can you ", "Could you please ", "I want to ", "Hi, ", "Now ")
_CLOSINGS = ("", "", "", ".", ".", "?", ", please.", ", thanks!")


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    kind: str
    type: str
    phrases: tuple[str, ...]

    @classmethod
    def parse(cls, name: str, row: str) -> _Parameter:
        kind, type_, phrases = row.split(" | ")
        return cls(name, kind, type_, tuple(phrases.split(" / ")))

    def schema(self) -> dict[str, Any]:
        if self.type == "enum":
            return {"type": "string", "enum": self.kind.removeprefix("low|").split(",")}
        return {"type": self.type}

    def value(self, vocabulary: Vocabulary) -> Any:
        draw = vocabulary.random
        if self.type == "boolean":
            return True
        if self.type == "enum":
            return draw.choice(self.kind.removeprefix("low|").split(","))
        if self.kind in ("small", "minutes", "amount", "year"):
            if self.type == "number" and draw.random() < 0.4:
                return round(draw.uniform(1, 900), 2)
            return draw.randint(1950, 2030) if self.kind == "year" else draw.randint(2, 200)
        if self.kind == "word":
            return vocabulary.word()
        if self.kind == "title":
            return (
                f"{vocabulary.word().capitalize()} {draw.choice(['Plan', 'Notes', 'Review', 'Update', 'Story', 'Day'])}"
            )
        return vocabulary.value(self.kind)


@dataclass(frozen=True, slots=True)
class _Box:
    """What `toolbox.toml` holds; a verb has its ways of asking."""

    verbs: dict[str, list[str]]
    nouns: list[str]
    parameters: list[_Parameter]


@cache
def _box() -> _Box:
    read = tomllib.loads(Path(__file__).with_name("toolbox.toml").read_text(encoding="utf-8"))
    parameters = [_Parameter.parse(name, row) for name, row in read["parameters"].items()]
    return _Box(read["verbs"], read["nouns"]["names"], parameters)


@dataclass(frozen=True, slots=True)
class MadeTool:
    """A generated tool."""

    verb: str
    noun: str
    required: tuple[_Parameter, ...]
    optional: tuple[_Parameter, ...]
    style: int

    @property
    def name(self) -> str:
        """In one of the spellings that real tools have."""
        words = [self.verb, *self.noun.replace("'", "").split()[1:]]
        if self.style == 0:
            return words[0] + "".join(word.capitalize() for word in words[1:])
        return ".".join(["_".join(words[1:]), words[0]]) if self.style == 1 else "_".join(words)

    @property
    def description(self) -> str:
        """One sentence."""
        return f"{self.verb.capitalize()} {self.noun}."

    @property
    def parameters(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        properties = {part.name: part.schema() for part in (*self.required, *self.optional)}
        return {"type": "object", "properties": properties, "required": [part.name for part in self.required]}

    def line(self) -> str:
        """As the model reads it."""
        return tool_line(self.name, self.description, self.parameters)


@dataclass(frozen=True, slots=True)
class Case:
    """Tools, a request, and the call that it asks for; `wanted` is None where no tool fits."""

    offered: tuple[MadeTool, ...]
    request: str
    wanted: MadeTool | None
    arguments: dict[str, Any]


class Calls:
    """Makes tool calls. `unseen` uses words, nouns and phrasings that training never does."""

    def __init__(self, random_: random.Random, *, unseen: bool = False) -> None:
        self._random, self._unseen = random_, unseen
        self._vocabulary = Vocabulary(random_, unseen=unseen)
        self._box = _box()
        self._nouns = [noun for noun in self._box.nouns if _held(noun) == unseen]
        self._verbs = list(self._box.verbs)

    def case(self, most: int = 6) -> Case:
        """Up to `most` tools and a request for one of them; now and then the one that it asks for is not on offer."""
        draw = self._random
        wanted = self._tool()
        offered = [wanted, *self._others(wanted, draw.randint(0, most - 1))]
        request, arguments = self._request(wanted)
        missing = draw.random() < 0.12 and len(offered) > 1
        if missing:
            offered.remove(wanted)
        draw.shuffle(offered)
        return Case(tuple(offered), request, None if missing else wanted, {} if missing else arguments)

    def example(self, most: int = 6) -> Example:
        """A case as a conversation, now and then with what came of the call."""
        case = self.case(most)
        system = system_text("", [tool.line() for tool in case.offered], None)
        pieces: Example = [(f"{BEGIN}{SYSTEM}{system}{END}{USER}{case.request}{END}{ASSISTANT}", 0.0)]
        if case.wanted is None:
            return [*pieces, (NO_TOOL + END, 1.0)]
        pieces.append((f"{CALL}{call_text(case.wanted.name, case.arguments)}{END}", 1.0))
        return pieces if self._random.random() < 0.75 else [*pieces, *self._outcome(case.wanted)]

    def _outcome(self, tool: MadeTool) -> Example:
        """A result, and the answer that reads a value out of it."""
        draw, vocabulary = self._random, self._vocabulary
        keys = draw.sample(["status", "id", "price", "date", "owner", "place", "total", "time"], draw.randint(1, 3))
        kinds = {"status": "tool", "id": "code", "price": "money", "date": "date", "owner": "person"}
        result = {key: vocabulary.value(kinds.get(key, "place" if key == "place" else "clock")) for key in keys}
        if draw.random() < 0.15:
            error = draw.choice(["not found", "permission denied", "timed out", "no connection"])
            return [
                (f"{TOOL}{json.dumps({'error': error})}{END}{ASSISTANT}", 0.0),
                (f"That failed: {error}.{END}", 1.0),
            ]
        stated = ", ".join(f"{key}: {value}" for key, value in result.items())
        noun = tool.noun.split(" ", 1)[1]
        return [(f"{TOOL}{json.dumps(result)}{END}{ASSISTANT}", 0.0), (f"Done, {noun}: {stated}.{END}", 1.0)]

    def _tool(self, verb: str | None = None, noun: str | None = None) -> MadeTool:
        draw = self._random
        chosen = draw.sample(self._box.parameters, draw.randint(0, 4))
        cut = draw.randint(min(1, len(chosen)), len(chosen))
        return MadeTool(
            verb or draw.choice(self._verbs),
            noun or draw.choice(self._nouns),
            tuple(chosen[:cut]),
            tuple(chosen[cut:]),
            draw.choice([0, 1, 2, 2, 2]),
        )

    def _others(self, wanted: MadeTool, count: int) -> list[MadeTool]:
        """Other tools; many share the verb or the noun of the wanted one."""
        found: dict[tuple[str, str], MadeTool] = {}
        while len(found) < count:
            share = self._random.random()
            tool = self._tool(verb=wanted.verb) if share < 0.3 else self._tool()
            if share > 0.6:
                tool = self._tool(noun=wanted.noun)
            if (tool.verb, tool.noun) != (wanted.verb, wanted.noun):
                found[tool.verb, tool.noun] = tool
        return list(found.values())

    def _request(self, tool: MadeTool) -> tuple[str, dict[str, Any]]:
        """A way of asking for a tool, and the arguments that it states; an optional one is often left out."""
        draw = self._random
        ways = self._box.verbs[tool.verb]
        way = ways[-1] if self._unseen and draw.random() < 0.5 else draw.choice(ways[:-1])
        stated = [*tool.required, *(part for part in tool.optional if draw.random() < 0.5)]
        values = {part.name: part.value(self._vocabulary) for part in stated}
        phrases = [self._phrase(part, values[part.name]) for part in draw.sample(stated, len(stated))]
        opening = draw.choice(_OPENINGS)
        text = opening + " ".join([way.format(n=tool.noun), *phrases]) + draw.choice(_CLOSINGS)
        shown = text if draw.random() < 0.2 else text[:1].upper() + text[1:]
        return shown, {part.name: values[part.name] for part in (*tool.required, *tool.optional) if part.name in values}

    def _phrase(self, part: _Parameter, value: Any) -> str:
        phrases = part.phrases[-1:] if self._unseen and self._random.random() < 0.5 else part.phrases[:-1]
        quoted = f'"{value}"' if part.kind == "title" and self._random.random() < 0.5 else value
        return self._random.choice(phrases or part.phrases).format(v=quoted)


def _held(noun: str) -> bool:
    return hashlib.sha256(noun.encode()).digest()[0] < 40
