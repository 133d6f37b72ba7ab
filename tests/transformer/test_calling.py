"""Tool calls of a model with random weights: their form holds whatever it thinks."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.calling import Tool, call_tool, choose_tool, grounded, write_call
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.weights import Floats

FLIGHTS = {
    "type": "object",
    "properties": {
        "from": {"type": "string", "maxLength": 12},
        "seats": {"type": "integer", "minimum": 1, "maximum": 9},
        "cabin": {"$ref": "#/$defs/cabin"},
    },
    "required": ["from", "seats"],
    "$defs": {"cabin": {"type": "string", "enum": ["economy", "business"]}},
}
TOOLS = [
    Tool("searchFlights", "Find flights.", FLIGHTS),
    Tool("hotels.book", "Book a hotel room.", {"type": "object", "properties": {}}),
    Tool("tell_joke", "", {}),
]
STRINGS = st.text("ab", min_size=1, max_size=3)


def prompt(model: Transformer) -> list[int]:
    return model.tokenizer.chat_ids([("user", "Book me a room in a hotel.")])


@pytest.mark.parametrize("seed", range(5))
def test_arguments_fit_their_schema(model: Transformer, seed: int) -> None:
    call = write_call(model, prompt(model), TOOLS[0], "", Sampling(temperature=1.0, seed=seed), 200)
    arguments: dict[str, Any] = json.loads(call.arguments)
    assert call.finish == "stop"
    assert set(arguments) == {"from", "seats"}  # the cabin stands nowhere in the conversation
    assert 1 <= arguments["seats"] <= 9


def test_a_tool_without_parameters_is_called_without_arguments(model: Transformer) -> None:
    assert write_call(model, prompt(model), TOOLS[1], "").arguments == "{}"


def test_every_tool_has_a_chance_and_what_is_asked_for_the_best(model: Transformer) -> None:
    scores = choose_tool(model, prompt(model), TOOLS, "Book me a room in a hotel.")
    assert sum(map(math.exp, scores)) == pytest.approx(1)
    assert scores.index(max(scores)) == 1
    with pytest.raises(InvalidInput, match="at least one tool"):
        choose_tool(model, prompt(model), [], "")


class Caller(Transformer):
    """A model that would always open a call."""

    def next_logits(self, prompt_ids: Sequence[int]) -> Floats:
        logits = np.zeros(self.config.vocab_size, np.float32)
        logits[self.tokenizer.call] = 1
        return logits


@pytest.fixture
def caller(model: Transformer) -> Caller:
    return Caller("caller", model.config, model.tokenizer, model.network)


def test_a_tool_is_called_where_the_model_opens_a_call_and_one_fits(caller: Caller) -> None:
    request = "Book me a room in a hotel."
    call = call_tool(caller, prompt(caller), TOOLS, request, request)
    assert call is not None
    assert (call.name, call.arguments, call.finish) == ("hotels.book", "{}", "stop")


def test_no_tool_is_called_that_has_nothing_to_do_with_the_request(caller: Caller) -> None:
    request = "Who wrote the opera about the flute?"
    assert call_tool(caller, prompt(caller), TOOLS, request, request) is None
    assert call_tool(caller, prompt(caller), TOOLS, request, request, required=True) is not None


@pytest.mark.parametrize("parameters", [{}, {"type": "object"}, {"type": "object", "properties": {}}])
def test_a_tool_that_states_no_parameters_gets_none(model: Transformer, parameters: dict[str, Any]) -> None:
    call = write_call(model, prompt(model), Tool("book_room", "Book a room.", parameters), "")
    assert call.arguments == "{}"


@pytest.mark.parametrize(
    "part",
    [
        {"properties": {"n": {"$ref": "#/definitions/c"}}, "definitions": {"c": {"type": "boolean"}}},
        {"properties": {"a": {"type": "boolean"}, "n": {"$ref": "#/properties/a"}}},
        {"properties": {"n": {"type": "boolean"}, "more": {"$ref": "#"}}},
    ],
)
def test_references_are_to_the_parameters(model: Transformer, part: dict[str, Any]) -> None:
    tool = Tool("switch", "Switch a light.", {"type": "object", "required": ["n"], **part})
    call = write_call(model, prompt(model), tool, "", max_tokens=300)
    assert call.finish == "stop"
    assert isinstance(json.loads(call.arguments)["n"], bool)


@pytest.mark.parametrize("parameters", [{"type": "string"}, {"properties": "city"}])
def test_parameters_that_are_no_object_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="tool book: parameters"):
        Tool("book", "Book.", parameters)


def test_an_opening_with_no_room_after_it_is_a_cut(model: Transformer) -> None:
    call = write_call(model, prompt(model), TOOLS[0], "", max_tokens=2)
    assert (call.arguments, call.tokens, call.finish) == ("", 2, "length")


@given(st.dictionaries(STRINGS, STRINGS | st.integers()), st.sets(STRINGS), STRINGS)
def test_only_guessed_optional_strings_are_left_out(
    arguments: dict[str, Any], required: set[str], conversation: str
) -> None:
    kept = grounded(arguments, {"required": list(required)}, conversation.upper())
    assert kept.items() <= arguments.items()
    for name in arguments.keys() - kept.keys():
        assert name not in required
        assert isinstance(arguments[name], str)
        assert arguments[name] not in conversation or arguments[name] in [arguments.get(one) for one in required]
    assert all(name in kept for name, value in arguments.items() if name in required or isinstance(value, int))


def test_a_call_in_a_conversation_opens_with_its_own_token(model: Transformer) -> None:
    ids = model.tokenizer.chat_ids([("call", '{"name": "t", "arguments": {}}')], answer=False)
    assert ids[1:3] == [*model.tokenizer.openings["assistant"], model.tokenizer.call]
    assert ids[-1] == model.tokenizer.end
