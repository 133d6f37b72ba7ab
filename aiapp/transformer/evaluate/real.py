"""Scores on public data: function calls of BFCL (Patil et al. 2025) and questions of SquadShifts (Miller et al. 2020).

The folder holds `bfcl_v4/` as the Berkeley Function-Calling Leaderboard publishes it, and `squadshifts/` with the
SQuAD-format files of that set's website, gzipped. What is missing is left out.
"""

from __future__ import annotations

import gzip
import json
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aiapp.core.errors import InvalidInput
from aiapp.transformer.calling import Tool, choose_tool, wants_to_call, write_call
from aiapp.transformer.evaluate.scores import Score, mean
from aiapp.transformer.generation import collect
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.tasks.examples import held_out
from aiapp.transformer.template import system_text

ROOM = 300  # tokens of a call
QUESTIONS = 500
"""Questions of held-out paragraphs that are asked, the first of each file's."""
_FILES = ("amazon_reviews_v1.0.json.gz", "reddit_v1.0.json.gz")
_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}
_IGNORED = re.compile(r"[ ,./\-_*^'\"]")


def real_scores(model: Transformer, data: Path) -> Iterator[Score]:
    """A score for each set that the folder holds."""
    if not data.is_dir():
        raise InvalidInput("data", str(data), "a folder with bfcl_v4/ or squadshifts/")
    if (folder := data / "bfcl_v4").is_dir():
        yield from _bfcl(model, folder)
    if (folder := data / "squadshifts").is_dir():
        asked = [question for name in _FILES for question in _held_out(folder / name)[:QUESTIONS]]
        yield mean("SquadShifts, held-out paragraphs: F1", (_f1_of(model, question) for question in asked))


@dataclass(frozen=True, slots=True)
class _Task:
    """A BFCL row: a request, its tools, and for each argument of the right call the values that are accepted."""

    request: str
    tools: tuple[Tool, ...]
    name: str
    accepted: Mapping[str, Sequence[Any]]


def _bfcl(model: Transformer, folder: Path) -> Iterator[Score]:
    """The call is asked for: that a tool fits is given, which one and with what is to be found."""
    for name, shown in (("simple_python", "simple"), ("multiple", "multiple")):
        calls = [(task, _call(model, task)) for task in _tasks(folder, name)]
        yield mean(f"BFCL {shown}: tool name", (call[0] == task.name for task, call in calls))
        yield mean(f"BFCL {shown}: whole call (AST)", (_right(task, call) for task, call in calls))
    irrelevant = _rows(folder / "BFCL_v4_irrelevance.json")
    yield mean("BFCL irrelevance: no tool called", (not _wants(model, row) for row in irrelevant))


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _tasks(folder: Path, name: str) -> Iterator[_Task]:
    file = f"BFCL_v4_{name}.json"
    for row, answer in zip(_rows(folder / file), _rows(folder / "possible_answer" / file), strict=True):
        ((wanted, accepted),) = answer["ground_truth"][0].items()
        yield _Task(row["question"][0][-1]["content"], _tools(row), wanted, accepted)


def _tools(row: Mapping[str, Any]) -> tuple[Tool, ...]:
    return tuple(
        Tool(tool["name"], tool["description"], cast(dict[str, Any], _json_schema(tool["parameters"])))
        for tool in row["function"]
    )


def _json_schema(value: Any) -> Any:
    """BFCL's schemas name their types after Python's; what is no JSON schema is left out."""
    if isinstance(value, list):
        return [_json_schema(part) for part in cast(list[object], value)]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, part in cast(dict[str, Any], value).items():
        if key == "properties":
            found[key] = {name: _json_schema(schema) for name, schema in part.items()}
        elif key == "type":
            found[key] = _TYPES.get(part, part)
        elif key not in ("description", "default", "optional", "format"):
            found[key] = _json_schema(part)
    return found


def _prompt(model: Transformer, tools: Sequence[Tool], request: str) -> list[int]:
    system = system_text("", [tool.line for tool in tools], None)
    prompt = model.tokenizer.chat_ids([("system", system), ("user", request)])
    return prompt[-(model.config.max_position_embeddings - ROOM) :]


def _wants(model: Transformer, row: Mapping[str, Any]) -> bool:
    tools, request = _tools(row), row["question"][0][-1]["content"]
    return wants_to_call(model, _prompt(model, tools, request), tools, request)


def _call(model: Transformer, task: _Task) -> tuple[str, dict[str, Any]]:
    """The name and the arguments of the call that the model writes."""
    prompt = _prompt(model, task.tools, task.request)
    scores = choose_tool(model, prompt, task.tools, task.request)
    tool = task.tools[max(range(len(scores)), key=scores.__getitem__)]
    call = write_call(model, prompt, tool, task.request, Sampling(temperature=0), ROOM)
    return call.name, json.loads(call.arguments) if call.finish == "stop" else {}


def _right(task: _Task, call: tuple[str, dict[str, Any]]) -> bool:
    """As BFCL's checker has it: every argument is known and accepted, and "" among the accepted makes it optional."""
    name, arguments = call
    return (
        name == task.name
        and arguments.keys() <= task.accepted.keys()
        and all(
            _accepted(arguments[part], options) if part in arguments else "" in options
            for part, options in task.accepted.items()
        )
    )


def _accepted(value: Any, options: Sequence[Any]) -> bool:
    if isinstance(value, dict):
        given = cast(dict[str, Any], value)
        objects = [cast(dict[str, Any], option) for option in options if isinstance(option, dict)]
        return any(
            given.keys() <= option.keys() and all(_accepted(given[name], option[name]) for name in given)
            for option in objects
        )
    return any(_plain(value) == _plain(option) for option in options)


def _plain(value: Any) -> Any:
    """A value without what BFCL does not compare."""
    if isinstance(value, str):
        return _IGNORED.sub("", value).lower()
    if isinstance(value, list):
        return [_plain(part) for part in cast(list[object], value)]
    return value


@dataclass(frozen=True, slots=True)
class _Question:
    passage: str
    text: str
    answers: tuple[str, ...]


def _held_out(path: Path) -> list[_Question]:
    """One question of each held-out paragraph that fits the context."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    return [
        _Question(
            paragraph["context"],
            paragraph["qas"][0]["question"],
            tuple(answer["text"] for answer in paragraph["qas"][0]["answers"]),
        )
        for paragraph in paragraphs
        if held_out(paragraph["context"]) and len(paragraph["context"]) < 1100
    ]


def _f1_of(model: Transformer, question: _Question) -> float:
    prompt = model.tokenizer.chat_ids([("user", f"Passage:\n{question.passage}\n\nAnswer briefly: {question.text}")])
    said = collect(model.generate(prompt, Sampling(temperature=0), max_tokens=40)).text
    return max(f1(said, gold) for gold in question.answers)


def f1(said: str, gold: str) -> float:
    """SQuAD's overlap of words, without case, punctuation and articles (Rajpurkar et al. 2016)."""
    mine, right = _words(said), _words(gold)
    common = sum((Counter(mine) & Counter(right)).values())
    return 2 * common / (len(mine) + len(right)) if common else float(mine == right)


def _words(text: str) -> list[str]:
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return [word for word in kept.split() if word not in ("a", "an", "the")]
