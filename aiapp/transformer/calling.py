"""Tool calls: whether the model asks for a tool, which one, and with which arguments.

The model opens a call with a token of its own, and is heard where a tool has enough in common with the request. The
name is chosen among the tools by what each has in common with it, in meaning and in words, and a little by the model's
own probability; the arguments are written under the grammar of their schema. An optional string that stands nowhere in
the conversation is a guess and is left out.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiapp.core.errors import InvalidInput
from aiapp.transformer.embedding import stem, words
from aiapp.transformer.encoder import Encoder
from aiapp.transformer.generation import Finish, collect
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling, log_softmax
from aiapp.transformer.template import tool_line

MEANING, NAME, WORDS, MODEL = 10.0, 2.0, 2.0, 0.2
"""What counts for a tool, in log-odds: the cosine of it and the request, the share of its name that the request says,
each telling word that only it has in common with the request, and a log-probability of 1 that the model gives it.

Chosen on generated calls and on the `multiple` part of BFCL, where the model alone finds the name of one in three."""
ENOUGH = 5.5
"""What the likest tool must have in common with a request to be called at all; one in thirty of the requests in BFCL's
`simple` part falls short of it."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    @property
    def line(self) -> str:
        """As the model reads it."""
        return tool_line(self.name, self.description, self.parameters)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool's name and the JSON text of its arguments; `tokens` were written, the last of them the end or a cut."""

    name: str
    arguments: str
    tokens: int
    finish: Finish


def wants_to_call(model: Transformer, prompt_ids: Sequence[int], tools: Sequence[Tool], request: str) -> bool:
    """Whether the model would open its answer with a call, and a tool has something in common with the request."""
    likely = int(model.next_logits(prompt_ids).argmax()) == model.tokenizer.call
    return likely and max(one.in_all for one in _likenesses(tools, request)) >= ENOUGH


def choose_tool(model: Transformer, prompt_ids: Sequence[int], tools: Sequence[Tool], request: str) -> list[float]:
    """The log-probability of each tool as the one to call, given that one is called; they sum to 1."""
    openings = [_opening(tool.name) for tool in tools]
    alike = np.array([one.beside_others for one in _likenesses(tools, request)], np.float32)
    said = np.array(model.rank_quotations([*prompt_ids, model.tokenizer.call], openings), np.float32)
    shares: list[float] = log_softmax(MODEL * said + alike).tolist()
    return shares


def write_call(
    model: Transformer,
    prompt_ids: Sequence[int],
    tool: Tool,
    conversation: str,
    sampling: Sampling | None = None,
    max_tokens: int | None = None,
) -> Call:
    """The call of a tool with arguments that fit its schema, unless `max_tokens` cut them short."""
    schema = {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "arguments": {"type": "object", **tool.parameters}},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
    if (definitions := tool.parameters.get("$defs")) is not None:
        schema["$defs"] = definitions
    ids = [*prompt_ids, model.tokenizer.call]
    grammar = Grammar.json_schema(schema)
    written = collect(model.generate(ids, sampling, grammar=grammar, max_tokens=max_tokens))
    if written.finish == "length":
        cut = written.text.removeprefix(_opening(tool.name))
        return Call(tool.name, cut, len(written.steps) + 1, "length")
    arguments = grounded(json.loads(written.text)["arguments"], tool.parameters, conversation)
    return Call(tool.name, json.dumps(arguments, ensure_ascii=False), len(written.steps) + 1, "stop")


def grounded(arguments: Mapping[str, Any], parameters: Mapping[str, Any], conversation: str) -> dict[str, Any]:
    """The arguments without optional strings that are guesses.

    A guess stands nowhere in the conversation, whatever its case, or repeats the value of a required argument.
    """
    required, said = set(parameters.get("required", ())), conversation.casefold()
    taken = [value for name, value in arguments.items() if name in required]
    return {
        name: value
        for name, value in arguments.items()
        if name in required or not isinstance(value, str) or (value.casefold() in said and value not in taken)
    }


def _opening(name: str) -> str:
    return f'{{"name": {json.dumps(name, ensure_ascii=False)}, "arguments": '


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What a tool has in common with a request."""

    cosine: float
    name: float  # the share of the tool's name that the request says
    telling: float  # the weights of the words that both say
    rare: float  # the same, more for those that few of the tools say

    @property
    def in_all(self) -> float:
        return MEANING * self.cosine + NAME * self.name + self.telling

    @property
    def beside_others(self) -> float:
        return MEANING * self.cosine + NAME * self.name + WORDS * self.rare


def _likenesses(tools: Sequence[Tool], request: str) -> list[_Likeness]:
    if not tools:
        raise InvalidInput("tools", tools, "at least one tool")
    encoder, said = Encoder.load(), words(request)
    telling = dict(zip(map(stem, said), encoder.word_weights(said).tolist(), strict=True))
    asked, *lines = encoder.embed([request, *(f"{_spoken(tool.name)}. {tool.description}" for tool in tools)])
    vocabularies = [_vocabulary(tool) for tool in tools]
    spread = Counter(word for vocabulary in vocabularies for word in vocabulary)
    found: list[_Likeness] = []
    for tool, line, vocabulary in zip(tools, lines, vocabularies, strict=True):
        name = {stem(word) for word in words(_spoken(tool.name))}
        shared = {word: telling[word] for word in vocabulary & telling.keys()}
        rare = sum(weight * math.log((len(tools) + 1) / (spread[word] + 0.5)) for word, weight in shared.items())
        share = len(name & telling.keys()) / max(1, len(name))
        found.append(_Likeness(float(np.dot(asked, line)), share, sum(shared.values()), rare))
    return found


def _vocabulary(tool: Tool) -> set[str]:
    """The stems of all words by which a tool and its parameters are called and described."""
    parameters = " ".join(map(_spoken, tool.parameters.get("properties", ())))
    return {stem(word) for word in words(f"{_spoken(tool.name)} {tool.description} {parameters}")}


def _spoken(name: str) -> str:
    """`searchFlights`, `search_flights` and `flights.search` as words."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c if c.isalnum() else " " for c in name)
    return " ".join(spaced.split())
