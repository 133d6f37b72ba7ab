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

_CLOSING = "}"  # of the call, after its arguments: the model learnt to write the two as one token
_SPEAKS = ("properties", "patternProperties", "additionalProperties", "$ref", "allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def __post_init__(self) -> None:
        stated = self.parameters.get("type", "object"), self.parameters.get("properties", {})
        if stated[0] != "object" or not isinstance(stated[1], Mapping):
            raise InvalidInput(f"tool {self.name}: parameters", self.parameters, "a JSON schema of an object")

    @property
    def line(self) -> str:
        """As the model reads it."""
        return tool_line(self.name, self.description, self.parameters)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The schema of the arguments; where it says nothing of them, there are none."""
        if any(key in self.parameters for key in _SPEAKS):
            return {"type": "object", **self.parameters}
        return {**self.parameters, "type": "object", "properties": {}, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool's name and the JSON text of its arguments; `tokens` were written, the last of them the end or a cut."""

    name: str
    arguments: str
    tokens: int
    finish: Finish


def call_tool(
    model: Transformer,
    prompt_ids: Sequence[int],
    tools: Sequence[Tool],
    request: str,
    conversation: str,
    sampling: Sampling | None = None,
    max_tokens: int | None = None,
    *,
    required: bool = False,
) -> Call | None:
    """The call that a request asks for; None where the model would say something, or no tool is about the request.

    `required` asks for a call in any case. `conversation` is all that was said: what its arguments may be taken from.
    """
    alike = _likenesses(tools, request)
    if not required:
        opens = int(model.next_logits(prompt_ids).argmax()) == model.tokenizer.call
        if not opens or max(one.alone for one in alike) < ENOUGH:
            return None
    scores = _scores(model, prompt_ids, tools, alike)
    tool = tools[max(range(len(tools)), key=scores.__getitem__)]
    return write_call(model, prompt_ids, tool, conversation, sampling, max_tokens)


def choose_tool(model: Transformer, prompt_ids: Sequence[int], tools: Sequence[Tool], request: str) -> list[float]:
    """The log-probability of each tool as the one to call, given that one is called; they sum to 1."""
    return _scores(model, prompt_ids, tools, _likenesses(tools, request))


def write_call(
    model: Transformer,
    prompt_ids: Sequence[int],
    tool: Tool,
    conversation: str,
    sampling: Sampling | None = None,
    max_tokens: int | None = None,
) -> Call:
    """The call of a tool with arguments that fit its schema, unless `max_tokens` or a full context cut them short."""
    opening = opening_ids(model, tool.name)
    room = None if max_tokens is None else max_tokens - len(opening)
    if max_tokens is not None and max_tokens <= len(opening):
        return Call(tool.name, "", max_tokens, "length")
    grammar = Grammar.json_schema(tool.schema, _CLOSING)
    written = collect(model.generate([*prompt_ids, *opening], sampling, grammar=grammar, max_tokens=room))
    tokens = len(opening) + len(written.steps)
    if written.finish == "length":
        return Call(tool.name, written.text, tokens, "length")
    arguments = grounded(json.loads(written.text.removesuffix(_CLOSING)), tool.parameters, conversation)
    return Call(tool.name, json.dumps(arguments, ensure_ascii=False), tokens, "stop")


def opening_ids(model: Transformer, name: str) -> list[int]:
    """What a call of a tool begins with: the call token, and JSON up to the arguments."""
    return [model.tokenizer.call, *model.tokenizer.encode(_opening(name))]


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


def _scores(
    model: Transformer, prompt_ids: Sequence[int], tools: Sequence[Tool], alike: Sequence[_Likeness]
) -> list[float]:
    openings = [_opening(tool.name) for tool in tools]
    said = np.array(model.rank_quotations([*prompt_ids, model.tokenizer.call], openings), np.float32)
    common = np.array([one.among_tools for one in alike], np.float32)
    shares: list[float] = log_softmax(MODEL * said + common).tolist()
    return shares


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What a tool has in common with a request."""

    cosine: float
    name: float  # the share of the tool's name that the request says
    telling: float  # the weights of the words that both say
    rare: float  # the same, more for those that few of the tools say

    @property
    def alone(self) -> float:
        return MEANING * self.cosine + NAME * self.name + self.telling

    @property
    def among_tools(self) -> float:
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
