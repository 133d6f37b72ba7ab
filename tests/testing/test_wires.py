"""The shapes of every wire, by the types of the vendors' own SDKs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from aiapp.core.errors import InvalidInput
from aiapp.core.events import fold
from aiapp.core.parts import ToolCall
from aiapp.core.usage import Usage
from aiapp.providers.anthropic import decode as anthropic_decode
from aiapp.providers.messages_usage import decode_usage as messages_usage
from aiapp.providers.openai import decode as openai_decode
from aiapp.providers.openai.usage import decode_usage as responses_usage
from aiapp.testing.wires import CHAT, EMBEDDINGS, MESSAGES, RESPONSES, Said, Vectors, Wire, embeddings, weave

LOOK, TOUCH = ToolCall("call_1", "look", '{"at": "it"}'), ToolCall("call_2", "touch", '{"the": 2}')
USAGE = Usage(100, 20, 30, 10, 7, long_cache_write_tokens=0)
ANSWERS = {
    "text": Said("Hello there"),
    "nothing": Said(),
    "thought": Said("So", thinking="Well, well", usage=USAGE),
    "calls": Said(tool_calls=(LOOK, TOUCH), usage=USAGE),
    "text and calls": Said("Let me see", thinking="Hm", tool_calls=(LOOK,)),
    "refusal": Said(refusal="I cannot help with that."),
    "cut by the length": Said("Hel", finish="length"),
    "thought to the limit": Said(thinking="Well", finish="length"),
}
EVERY_ANSWER = pytest.mark.parametrize("said", ANSWERS.values(), ids=ANSWERS.keys())
EVENTS: dict[str, TypeAdapter[Any]] = {
    "responses": TypeAdapter(ResponseStreamEvent),
    "chat": TypeAdapter(ChatCompletionChunk),
    "messages": TypeAdapter(RawMessageStreamEvent),
}
WHOLES: dict[str, type[BaseModel]] = {"responses": Response, "chat": ChatCompletion, "messages": Message}
GENERATED = st.builds(
    Said,
    text=st.text(),
    thinking=st.none() | st.text(min_size=1),
    tool_calls=st.lists(st.sampled_from([LOOK, TOUCH]), max_size=2, unique=True).map(tuple),
    piece=st.integers(1, 7),
)


def unknown_fields(value: Any) -> Iterator[str]:
    """The fields in what was said that the SDK's types do not know."""
    if isinstance(value, BaseModel):
        yield from value.model_extra or ()
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name))
    elif issubclass(type(value), list):
        for item in value:
            yield from unknown_fields(item)


@EVERY_ANSWER
@pytest.mark.parametrize("wire", [RESPONSES, CHAT, MESSAGES], ids=lambda wire: wire.name)
def test_whole_answers_are_what_the_sdks_declare(wire: Wire, said: Said) -> None:
    parsed = WHOLES[wire.name].model_validate(wire.whole(said))
    assert set(unknown_fields(parsed)) <= {"reasoning_content"}  # a field of compatible servers, not of OpenAI's


@EVERY_ANSWER
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("wire", [RESPONSES, CHAT, MESSAGES], ids=lambda wire: wire.name)
def test_events_are_what_the_sdks_declare(wire: Wire, said: Said, interleaved: bool) -> None:
    events = [event for event in wire.events(said, interleaved=interleaved) if event.get("type") != "ping"]
    parsed = [EVENTS[wire.name].validate_python(event) for event in events]
    assert set(unknown_fields(parsed)) <= {"reasoning_content"}


def test_embeddings_are_what_the_sdk_declares() -> None:
    parsed = CreateEmbeddingResponse.model_validate(embeddings.listed(Vectors(((0.5, 1.0), (0.25, 0.0))), 3))
    assert [item.embedding for item in parsed.data] == [[0.5, 1.0], [0.25, 0.0], [0.5, 1.0]]
    assert list(unknown_fields(parsed)) == []


@given(GENERATED, st.booleans())
def test_a_stream_adds_up_to_the_whole_answer(said: Said, interleaved: bool) -> None:
    """By our own decoders, which know nothing of how it was rendered."""
    for wire, decode, decoder in (
        (RESPONSES, openai_decode.decode, openai_decode.StreamDecoder("m")),
        (MESSAGES, anthropic_decode.decode, anthropic_decode.StreamDecoder("m")),
    ):
        streamed = fold(ours for event in wire.events(said, interleaved=interleaved) for ours in decoder.decode(event))
        assert streamed == fold(decode(wire.whole(said), "m"))
        assert (streamed.text, streamed.usage) == (said.text, said.usage)
        assert [(call.id, call.name, call.arguments) for call in streamed.tool_calls] == [
            (call.id, call.name, call.arguments) for call in said.tool_calls
        ]


def test_the_counts_of_every_wire_say_the_same() -> None:
    said = Said("x", usage=USAGE)
    assert responses_usage(RESPONSES.whole(said)) == USAGE
    assert messages_usage(MESSAGES.whole(said)["usage"]) == USAGE
    chat = CHAT.whole(said)["usage"]
    assert (chat["prompt_tokens"], chat["completion_tokens"], chat["total_tokens"]) == (100, 20, 120)
    assert chat["prompt_tokens_details"] == {"cached_tokens": 30, "cache_write_tokens": 10}
    assert MESSAGES.whole(said)["usage"]["input_tokens"] == 60


def test_a_message_begins_with_a_placeholder_for_its_output() -> None:
    first, *_, last, _ = MESSAGES.events(Said("x", usage=USAGE))
    assert (first["message"]["usage"]["output_tokens"], last["usage"]["output_tokens"]) == (1, 20)


@pytest.mark.parametrize("wire", [RESPONSES, CHAT, MESSAGES], ids=lambda wire: wire.name)
def test_unknown_counts_are_left_out(wire: Wire) -> None:
    assert not wire.whole(Said("x", usage=None)).get("usage")
    counts = wire.whole(Said("x", usage=Usage(1, 2)))["usage"]
    assert not [name for name in counts if "cache" in name or (name == "output_tokens_details" and counts[name])]


@pytest.mark.parametrize(
    ("wire", "finish"), [(RESPONSES, "pause"), (CHAT, "pause"), (MESSAGES, "content_filter"), (CHAT, "unknown")]
)
def test_what_a_wire_cannot_say_is_refused(wire: Wire, finish: Any) -> None:
    with pytest.raises(InvalidInput, match=f"what the wire {wire.name} can say"):
        wire.whole(Said("x", finish=finish))


def test_invalid_arguments_can_be_streamed_alone() -> None:
    said = Said(tool_calls=(ToolCall("c", "look", '{"at": "i'),), finish="length")
    assert MESSAGES.events(said)[-3]["type"] == "content_block_stop"
    with pytest.raises(InvalidInput, match="arguments"):
        MESSAGES.whole(said)
    assert RESPONSES.whole(said)["output"][0]["arguments"] == '{"at": "i'


def test_text_is_no_answer_to_a_request_for_embeddings() -> None:
    with pytest.raises(InvalidInput, match="Vectors"):
        EMBEDDINGS.whole(Said("x"))


@pytest.mark.parametrize("wrong", [lambda: Said("x", piece=0), lambda: Vectors(())])
def test_values_that_say_nothing_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInput):
        wrong()


@given(st.lists(st.lists(st.integers())))
def test_weaving_keeps_everything_and_each_runs_order(runs: list[list[int]]) -> None:
    marked = [[(index, item) for item in run] for index, run in enumerate(runs)]
    woven = list(weave(marked))
    assert [[item for item in woven if item[0] == index] for index in range(len(runs))] == marked
