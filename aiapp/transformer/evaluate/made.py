"""Scores on generated tasks: exact match of whole greedy answers, on words and phrasings that training never uses."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from aiapp.core.errors import InvalidInput
from aiapp.transformer.calling import Tool, choose_tool, wants_to_call, write_call
from aiapp.transformer.evaluate.scores import Score, mean
from aiapp.transformer.generation import collect
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.tasks.calls import Calls, Case
from aiapp.transformer.tasks.chat import few_shot, lookup, short_answer, topics
from aiapp.transformer.tasks.examples import REFUSAL, Example, conversation
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.tasks.records import Record, Records
from aiapp.transformer.tasks.vocabulary import Vocabulary
from aiapp.transformer.template import system_text

SEED = 20261121
FILLER = Path(__file__).with_name("filler.txt").read_text(encoding="utf-8").splitlines()
"""Sentences that answer nothing, for the passages; training fills its passages with others."""
LONGEST = 60  # tokens of an answer; the longest gold answers have some thirty
ROOM = 300  # tokens of a call

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
}  # fmt: skip


def made_scores(model: Transformer, count: int) -> Iterator[Score]:
    """A score for each task, over `count` examples each; the same for the same model and count."""
    if count < 1:
        raise InvalidInput("count", count, "a whole number of at least 1")
    draw = random.Random(SEED)
    vocabulary = Vocabulary(draw, unseen=True)
    yield mean("key-value lookup", (_exact(model, lookup(vocabulary)[:3]) for _ in range(count)))
    known, new = (Passages(draw, FILLER, unseen=True, new_families=new) for new in (False, True))
    yield from _grounded(model, known, "unseen names and phrasings", count)
    yield from _grounded(model, new, "kinds of facts never trained on", count)
    yield from _extracted(model, [Records(draw, FILLER, unseen=True).record() for _ in range(count)])
    yield from _calls(model, [Calls(draw, unseen=True).case() for _ in range(count)])
    labelled = topics(vocabulary, held=True)
    texts = (few_shot(labelled, draw, classes=3) for _ in range(count))
    yield mean("few-shot 3-way classification", (_labelled(model, text) for text in texts))


def _grounded(model: Transformer, passages: Passages, kind: str, count: int) -> Iterator[Score]:
    """Of answerable questions: answered exactly, refused. Of unanswerable ones: refused."""
    pairs = [(_answer(model, example), gold) for example, gold in _examples(passages, count, refused=False)]
    yield mean(f"grounded answers, {kind}", (said == gold for said, gold in pairs))
    yield mean(f"answerable but refused, {kind}", (said == REFUSAL for said, _ in pairs))
    unanswerable = _examples(passages, count, refused=True)
    yield mean(f"unanswerable and refused, {kind}", (_exact(model, example) for example, _ in unanswerable))


def _extracted(model: Transformer, records: Sequence[Record]) -> Iterator[Score]:
    """All fields right, greedily; and whether what chance writes fits the schema."""
    greedy = Sampling(temperature=0)
    yield mean("JSON extraction, all fields", (_filled(model, record, greedy) == record.values for record in records))
    drawn = [_filled(model, record, Sampling(temperature=1, seed=seed)) for seed, record in enumerate(records)]
    fitting = (_fits(value, record.schema) for value, record in zip(drawn, records, strict=True))
    yield mean("valid structured output, at temperature 1", fitting)


def _calls(model: Transformer, cases: Sequence[Case]) -> Iterator[Score]:
    """The whole call, its tool, and calls that were rightly not made."""
    pairs = [(case, _called(model, case)) for case in cases]
    fitting = [(case.wanted.name, case.arguments, call) for case, call in pairs if case.wanted is not None]
    yield mean("tool call, whole call", (call == (name, arguments) for name, arguments, call in fitting))
    yield mean("tool call, the tool", (call is not None and call[0] == name for name, _, call in fitting))
    yield mean("no tool fits, none called", (call is None for case, call in pairs if case.wanted is None))


def _examples(passages: Passages, count: int, *, refused: bool) -> list[tuple[Example, str]]:
    """Questions with their answers, all of which are the refusal or none is."""
    found: list[tuple[Example, str]] = []
    while len(found) < count:
        example = short_answer(passages.passage())
        _, gold = conversation(example)
        if (gold == REFUSAL) == refused:
            found.append((example, gold))
    return found


def _answer(model: Transformer, example: Example) -> str:
    turns, _ = conversation(example)
    return collect(model.generate(model.tokenizer.chat_ids(turns), Sampling(temperature=0), max_tokens=LONGEST)).text


def _exact(model: Transformer, example: Example) -> bool:
    return _answer(model, example) == conversation(example)[1]


def _labelled(model: Transformer, example: Example) -> bool:
    turns, gold = conversation(example)
    labels = sorted({text for role, text in turns if role == "assistant"})
    scores = model.rank_quotations(model.tokenizer.chat_ids(turns), labels)
    return labels[max(range(len(labels)), key=scores.__getitem__)] == gold


def _filled(model: Transformer, record: Record, sampling: Sampling) -> Any:
    """The object that the model writes under the schema; None where it ran out of room."""
    turns, _ = conversation(record.example())
    grammar = Grammar.json_schema({**record.schema, "additionalProperties": False})
    prompt = model.tokenizer.chat_ids(turns)
    written = collect(model.generate(prompt, sampling, grammar=grammar, max_tokens=None))
    return json.loads(written.text) if written.finish == "stop" else None


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value is an object of these flat properties."""
    if not isinstance(value, dict):
        return False
    properties, given = cast(dict[str, Any], schema["properties"]), cast(dict[str, Any], value)
    known = set(schema["required"]) <= given.keys() <= properties.keys()
    return known and all(_is(part, properties[name]["type"]) for name, part in given.items())


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _called(model: Transformer, case: Case) -> tuple[str, Any] | None:
    """The tool that the model calls, and its arguments; None where it calls none."""
    tools = [Tool(tool.name, tool.description, tool.parameters) for tool in case.offered]
    system = system_text("", [tool.line for tool in tools], None)
    prompt = model.tokenizer.chat_ids([("system", system), ("user", case.request)])
    if not wants_to_call(model, prompt):
        return None
    scores = choose_tool(model, prompt, tools, case.request)
    tool = tools[max(range(len(tools)), key=scores.__getitem__)]
    call = write_call(model, prompt, tool, case.request, Sampling(temperature=0), ROOM)
    return call.name, json.loads(call.arguments) if call.finish == "stop" else None
