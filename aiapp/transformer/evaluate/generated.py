"""Scores on generated tasks: exact match of whole greedy answers.

Names and values are of words that training never uses; questions are in phrasings that it never uses, as are half of
the statements, requests and ways of saying an argument.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import eq
from pathlib import Path
from typing import Any, cast

from aiapp.core.errors import InvalidInput
from aiapp.transformer.calling import Tool
from aiapp.transformer.evaluate.calls import Called, called
from aiapp.transformer.evaluate.scores import Score, mean
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.tasks.calls import Calls, Case, MadeTool
from aiapp.transformer.tasks.chat import few_shot, lookup, short_answer, topics
from aiapp.transformer.tasks.examples import REFUSAL, Example, conversation
from aiapp.transformer.tasks.passages import Passages
from aiapp.transformer.tasks.records import Record, Records
from aiapp.transformer.tasks.vocabulary import Vocabulary

SEED = 20261121
FILLER = Path(__file__).with_name("filler.txt").read_text(encoding="utf-8").splitlines()
"""Sentences that answer nothing, for the passages; training fills its passages with others."""
GREEDY = Sampling(temperature=0)
LONGEST = 60  # tokens of an answer; the longest gold answers have some thirty

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
}  # fmt: skip


def generated_scores(model: Transformer, count: int) -> Iterator[Score]:
    """A score for each task, over `count` examples each; the same for the same model and count."""
    if count < 1:
        raise InvalidInput("count", count, "a whole number of at least 1")
    draw = random.Random(SEED)
    vocabulary = Vocabulary(draw, unseen=True)
    yield mean("key-value lookup", _exact(model, [lookup(vocabulary)[:3] for _ in range(count)]))
    known, new = (Passages(draw, FILLER, unseen=True, new_families=new) for new in (False, True))
    for passages, kind in ((known, "unseen names and phrasings"), (new, "kinds of facts never trained on")):
        plain = [short_answer(passages.sentences()) for _ in range(count)]
        yield mean(f"answers from two to six sentences, {kind}", _exact(model, plain))
        yield from _grounded(model, passages, kind, count)
    records = Records(draw, FILLER, unseen=True)
    yield from _extracted(model, [records.record() for _ in range(count)])
    calls = Calls(draw, unseen=True)
    yield from _calls(model, calls, count)
    labelled = topics(vocabulary, held=True)
    texts = [few_shot(labelled, draw, classes=3) for _ in range(count)]
    yield mean("few-shot 3-way classification", (_labelled(model, text) for text in texts))


def _grounded(model: Transformer, passages: Passages, kind: str, count: int) -> Iterator[Score]:
    """Of answerable questions: answered exactly, refused. Of unanswerable ones: refused."""
    answerable, unanswerable = (_questions(passages, count, refused=refused) for refused in (False, True))
    said = _answers(model, answerable)
    gold = [conversation(example)[1] for example in answerable]
    yield mean(f"answers from documents, {kind}", map(eq, said, gold))
    yield mean(f"answerable but refused, {kind}", (text == REFUSAL for text in said))
    yield mean(f"unanswerable and refused, {kind}", _exact(model, unanswerable))


def _questions(passages: Passages, count: int, *, refused: bool) -> list[Example]:
    """Questions all of which are to be refused, or none is."""
    made = (short_answer(passages.passage()) for _ in iter(int, 1))
    return list(islice((one for one in made if (conversation(one)[1] == REFUSAL) == refused), count))


def _extracted(model: Transformer, records: Sequence[Record]) -> Iterator[Score]:
    """All fields right; and whether what was written fits the schema at all."""
    pairs = list(zip(records, _filled(model, records), strict=True))
    yield mean("JSON extraction, all fields", (value == record.values for record, value in pairs))
    yield mean("valid structured output", (_fits(value, record.schema) for record, value in pairs))


def _calls(model: Transformer, calls: Calls, count: int) -> Iterator[Score]:
    """The whole call, its tool, and calls that were rightly not made."""
    cases = (calls.case() for _ in iter(int, 1))
    fitting: list[tuple[Case, MadeTool]] = []
    others: list[Case] = []
    while len(fitting) < count or len(others) < count:
        case = next(cases)
        if case.wanted is None:
            others.append(case)
        else:
            fitting.append((case, case.wanted))
    pairs = [((tool.name, case.arguments), _call(model, case)) for case, tool in fitting[:count]]
    yield mean("tool call, whole call", (call == right for right, call in pairs))
    yield mean("tool call, the tool", (call is not None and call[0] == right[0] for right, call in pairs))
    yield mean("no tool fits, none called", (_call(model, case) is None for case in others[:count]))


def _call(model: Transformer, case: Case) -> Called | None:
    tools = [Tool(tool.name, tool.description, tool.parameters) for tool in case.offered]
    return called(model, tools, case.request)


def _exact(model: Transformer, examples: Sequence[Example]) -> list[bool]:
    gold = [conversation(example)[1] for example in examples]
    return list(map(eq, _answers(model, examples), gold))


def _answers(model: Transformer, examples: Sequence[Example]) -> list[str]:
    prompts = [model.tokenizer.chat_ids(conversation(example)[0]) for example in examples]
    return [completion.text for completion in model.generate_batch(prompts, GREEDY, max_tokens=LONGEST)]


def _labelled(model: Transformer, example: Example) -> bool:
    turns, gold = conversation(example)
    labels = sorted({text for role, text in turns if role == "assistant"})
    scores = model.rank_quotations(model.tokenizer.chat_ids(turns), labels)
    return labels[max(range(len(labels)), key=scores.__getitem__)] == gold


def _filled(model: Transformer, records: Sequence[Record]) -> list[Any]:
    """The object that the model writes under each schema; None where it ran out of room."""
    prompts = [model.tokenizer.chat_ids(conversation(record.example())[0]) for record in records]
    grammars = [Grammar.json_schema({**record.schema, "additionalProperties": False}) for record in records]
    written = model.generate_batch(prompts, GREEDY, grammar=grammars)
    return [json.loads(one.text) if one.finish == "stop" else None for one in written]


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value is an object of these flat properties."""
    if not isinstance(value, dict):
        return False
    properties, given = cast(dict[str, Any], schema["properties"]), cast(dict[str, Any], value)
    known = set(schema["required"]) <= given.keys() <= properties.keys()
    return known and all(_is(part, properties[name]["type"]) for name, part in given.items())


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
