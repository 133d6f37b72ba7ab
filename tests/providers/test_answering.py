"""An answer by a tool is the tool's arguments on every wire, whatever the model says or calls beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.events import (
    Completion,
    Event,
    Finish,
    PartEnd,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
    fold,
)
from aiapp.core.messages import user
from aiapp.core.parts import Text, Thinking, ToolCall
from aiapp.core.request import Request, Tool
from aiapp.core.schema import Schema
from aiapp.core.usage import Usage
from aiapp.providers.answering import Answer, as_aside, is_aside, read_whole
from aiapp.providers.tools import ANSWER_TOOL
from aiapp.testing import Said, WireServer
from aiapp.testing.connection import Received
from tests.outside.programs import needs_litellm
from tests.providers.openai import wires

LITELLM = "litellm:anthropic/claude-sonnet-4-5"
WIRES = [
    "openai:gpt-5.5-pro",
    "openai-chat:gpt-5.5-pro",
    "anthropic:claude-opus-5",
    pytest.param(LITELLM, marks=needs_litellm),
]
BEFORE = "Let me give the answer."
LOOK = Tool("look", "Look", {"type": "object", "properties": {}})


def opened(model: str, server: WireServer) -> Client:
    url = server.url + ("/v1" if model.startswith("openai") else "")
    return Client(model, api_key="k", base_url=url, retry=Retry(attempts=1))


def by_tool(received: Received) -> Said:
    """The answer as the arguments of the tool that is offered for it, after some words."""
    tools = [one.get("function", one)["name"] for one in received.body["tools"]]
    return Said(BEFORE, tool_calls=(ToolCall("c1", tools[-1], '{"a": 1}'),), piece=3)


@pytest.mark.parametrize("model", WIRES)
def test_words_before_the_answer_are_no_part_of_it(model: str) -> None:
    with WireServer(by_tool) as server, opened(model, server) as client:
        whole = client.complete("count", output=dict[str, int])
        stream = client.stream("count", output=dict[str, int])
        partials = list(stream.partials())
    assert len(server.requests) == 2
    assert partials[-1] == {"a": 1}
    assert all(isinstance(partial, dict) for partial in partials)
    for response in (whole, stream.response):
        assert (response.output, json.loads(response.text)) == ({"a": 1}, {"a": 1})
        assert response.finish is not None
        assert response.finish.reason == "stop"
        assert response.parts[0] == Thinking(BEFORE)


@pytest.mark.parametrize("model", WIRES)
def test_they_go_back_to_the_model_that_said_them(model: str) -> None:
    with WireServer(by_tool) as server, opened(model, server) as client:
        answered = client.complete("count", output=dict[str, int])
        following = Request((user("count"), answered.message, user("again")))
        client.complete(following, output=dict[str, int])
        again = client.explain(following)
    assert not [change for change in again.changes if change.field.startswith("messages")]
    sent = json.dumps(server.requests[-1].body)
    assert sent.count(BEFORE) == 1
    assert "aside" not in sent


@pytest.mark.parametrize("model", WIRES)
def test_without_the_call_the_words_are_the_answer(model: str) -> None:
    with WireServer(Said('{"a": 1}')) as server, opened(model, server) as client:
        assert client.complete("count", output=dict[str, int]).output == {"a": 1}


def test_a_stream_that_does_not_say_why_it_ends_keeps_what_waits() -> None:
    events = [wires.chunk({"content": '{"a": 1}'})]
    provider = wires.chat(wires.answering({}, events), model="gpt-5.4-pro")
    asked = Request((user("count"),), format=Schema.of(dict[str, int]).format())
    stream = Client(provider=provider).stream(asked)
    list(stream)
    assert stream.response.text == '{"a": 1}'


def test_an_answer_without_arguments_is_an_empty_one() -> None:
    said: list[Event] = [ToolCallStart(0, "c", ANSWER_TOOL), PartEnd(index=0), Finish("tool_calls", "tool_calls")]
    answer = Answer(ANSWER_TOOL, aside=as_aside("p"), called=lambda call, _: {"p": {"id": call.id}})
    completion = fold(read_whole(said, answer))
    assert completion.parts == (Text(""),)
    assert completion.parts[0].metadata == {"p": {"id": "c"}}


@pytest.mark.parametrize("model", WIRES)
def test_a_stream_of_several_calls_is_the_whole_answer(model: str) -> None:
    def several(received: Received) -> Said:
        said = by_tool(received)
        return replace(said, tool_calls=(*said.tool_calls, ToolCall("c2", "look", "{}")))

    request = Request((user("count"),), (LOOK,), Schema.of(dict[str, int]).format())
    with WireServer(several) as server, opened(model, server) as client:
        whole, stream = client.complete(request), client.stream(request)
        list(stream)
    assert stream.response.parts == whole.parts
    assert (json.loads(whole.text), [call.name for call in whole.tool_calls]) == ({"a": 1}, ["look"])
    assert stream.response.finish == whole.finish
    assert whole.finish is not None
    assert whole.finish.reason == "tool_calls"


ANSWER = '{"a": 1}'
SAID: list[Event] = [TextDelta("Let me "), TextDelta("give it."), PartEnd()]
CALLS: list[list[Event]] = [
    [ToolCallStart(0, "c0", "look"), ToolCallDelta(0, "{"), ToolCallDelta(0, "}"), PartEnd({"p": {"x": 1}}, 0)],
    [ToolCallStart(1, "c1", ANSWER_TOOL), ToolCallDelta(1, ANSWER[:3]), ToolCallDelta(1, ANSWER[3:]), PartEnd({}, 1)],
    [ToolCallStart(2, "c2", ANSWER_TOOL), ToolCallDelta(2, "{}"), PartEnd({}, 2)],
]


def read(events: Iterable[Event]) -> Completion:
    return fold(read_whole(events, Answer(ANSWER_TOOL, aside=as_aside("p"))))


@given(st.permutations([0] * 4 + [1] * 4), st.booleans(), st.lists(st.integers(0, 8), max_size=2))
def test_however_calls_interleave_the_answer_is_one_text(turns: list[int], twice: bool, places: list[int]) -> None:
    runs = [iter(run) for run in CALLS]
    events = [next(runs[turn]) for turn in turns]
    for place in sorted(places, reverse=True):
        events[place:place] = SAID
    completion = read([*events, *(CALLS[2] if twice else ()), Finish("tool_calls", "x")])
    assert [part for part in completion.parts if isinstance(part, Text)] == [Text(ANSWER)]
    asides = [part for part in completion.parts if isinstance(part, Thinking)]
    assert asides == [Thinking("Let me give it.")] * len(places)
    assert all(is_aside(part, "p") for part in asides)
    (call,) = completion.tool_calls
    assert (call, call.metadata) == (ToolCall("c0", "look", "{}"), {"p": {"x": 1}})
    assert completion.finish == Finish("tool_calls", "x")


def test_what_the_answer_took_is_told_while_words_wait() -> None:
    assert read([TextDelta("x"), UsageReport(Usage(3))]) == fold([TextDelta("x"), UsageReport(Usage(3))])
    answer = Answer(ANSWER_TOOL, aside=as_aside("p"))
    assert list(answer.read([TextDelta("x"), UsageReport(Usage(3))])) == [UsageReport(Usage(3))]
