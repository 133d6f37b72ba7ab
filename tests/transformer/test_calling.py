"""Tool calls of a model with random weights: their form holds whatever it thinks."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.calling import Tool, choose_tool, grounded, wants_to_call, write_call
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling

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


def test_no_tool_is_called_that_has_nothing_to_do_with_the_request(model: Transformer) -> None:
    assert not wants_to_call(model, prompt(model), TOOLS, "Who wrote the opera about the flute?")


def test_a_tool_that_fits_is_called_if_the_model_opens_a_call(model: Transformer) -> None:
    request = "Book me a room in a hotel."
    opens = int(model.next_logits(prompt(model)).argmax()) == model.tokenizer.call
    assert wants_to_call(model, prompt(model), TOOLS, request) == opens


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
