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
from aiapp.transformer.calling import Tool
from aiapp.transformer.evaluate.calls import Called, called
from aiapp.transformer.evaluate.scores import Score, mean
from aiapp.transformer.generation import collect
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.tasks.examples import held_out

QUESTIONS = 500
"""Questions of held-out paragraphs that are asked, the first of each file's."""
_FILES = ("amazon_reviews_v1.0.json.gz", "reddit_v1.0.json.gz")
_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}
_IGNORED = re.compile(r"[ ,./\-_*^'\"]")


def public_scores(model: Transformer, data: Path) -> Iterator[Score]:
    """A score for each set that the folder holds."""
    check_folder(data)
    if (folder := data / "bfcl_v4").is_dir():
        yield from _bfcl(model, folder)
    if (folder := data / "squadshifts").is_dir():
        asked = [question for name in _FILES for question in _held_out(folder / name)[:QUESTIONS]]
        yield mean("SquadShifts, held-out paragraphs: F1", (_f1_of(model, question) for question in asked))


def check_folder(data: Path) -> None:
    """An error unless the folder holds one of the sets."""
    if not any((data / name).is_dir() for name in ("bfcl_v4", "squadshifts")):
        raise InvalidInput("data", str(data), "a folder with bfcl_v4/ or squadshifts/")


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
        calls = [(task, called(model, task.tools, task.request, required=True)) for task in _tasks(folder, name)]
        yield mean(f"BFCL {shown}: tool name", (call is not None and call[0] == task.name for task, call in calls))
        yield mean(f"BFCL {shown}: whole call (AST)", (_right(task, call) for task, call in calls))
    irrelevant = [(_tools(row), _request(row)) for row in _rows(folder / "BFCL_v4_irrelevance.json")]
    yield mean("BFCL irrelevance: no tool called", (called(model, *asked) is None for asked in irrelevant))


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise InvalidInput(str(path), str(error), "a JSON object a line") from error


def _tasks(folder: Path, name: str) -> Iterator[_Task]:
    file = f"BFCL_v4_{name}.json"
    for row, answer in zip(_rows(folder / file), _rows(folder / "possible_answer" / file), strict=True):
        ((wanted, accepted),) = answer["ground_truth"][0].items()
        yield _Task(_request(row), _tools(row), wanted, accepted)


def _request(row: Mapping[str, Any]) -> str:
    text: str = row["question"][0][-1]["content"]
    return text


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


def _right(task: _Task, call: Called | None) -> bool:
    return call is not None and call[0] == task.name and _fits(call[1], task.accepted)


def _fits(given: Mapping[str, Any], accepted: Mapping[str, Sequence[Any]]) -> bool:
    """As BFCL's checker has it: every value is known and accepted, and "" among the accepted makes one optional."""
    return given.keys() <= accepted.keys() and all(
        _accepted(given[part], options) if part in given else "" in options for part, options in accepted.items()
    )


def _accepted(value: Any, options: Sequence[Any]) -> bool:
    return any(_same(value, option) for option in options)


def _same(value: Any, option: Any) -> bool:
    """An object's parts have options of their own, also within a list."""
    if isinstance(value, dict) and isinstance(option, dict):
        return _fits(cast(dict[str, Any], value), cast(dict[str, Any], option))
    if isinstance(value, list) and isinstance(option, list):
        parts, others = cast(list[object], value), cast(list[object], option)
        return len(parts) == len(others) and all(map(_same, parts, others))
    return bool(_plain(value) == _plain(option))


def _plain(value: Any) -> Any:
    """A text without what BFCL does not compare."""
    return _IGNORED.sub("", value).lower() if isinstance(value, str) else value


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
