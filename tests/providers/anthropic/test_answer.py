"""Forms that the API cannot enforce: a tool is asked for, and its arguments come back as the text of the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.core.events import Completion, Finish, fold
from aiapp.core.formats import JsonSchema
from aiapp.core.messages import user
from aiapp.core.parts import File, Text, Thinking, ToolCall
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.schema import Schema
from aiapp.providers.answering import read_some, read_whole
from aiapp.providers.anthropic.answer import reader
from aiapp.providers.anthropic.decode import StreamDecoder, decode
from aiapp.providers.anthropic.encode import encode
from aiapp.providers.anthropic.provider import AnthropicProvider
from tests.providers import wire
from tests.providers.anthropic.answers import ANSWERS, streams

LOOK = Tool("look", "Look", {"type": "object"})
FORM = JsonSchema({"type": "object", "additionalProperties": {"type": "integer"}}, "counts")
FITTING = JsonSchema({"type": "object", "properties": {"a": {"type": "string"}}}, "fits")
CALL: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "counts", "input": {"a": 1, "é": 2}}


def prepared(model: str, *tools: Tool, form: JsonSchema = FORM, **settings: Any) -> Any:
    return encode(Request((user("hi"),), tools, form, Settings(**settings)), model)


def answer(*blocks: Mapping[str, Any], reason: str = "tool_use") -> dict[str, Any]:
    return {"id": "m", "model": "c", "content": list(blocks), "stop_reason": reason, "usage": {}}


def read(given: Mapping[str, Any], tool: str = "counts") -> Completion:
    return fold(read_whole(decode(given, "c"), reader(tool)))


def read_stream(stream: Iterable[Mapping[str, Any]], tool: str) -> Completion:
    decoder, answer = StreamDecoder("c"), reader(tool)
    return fold(ours for event in stream for ours in read_some(decoder.decode(event), answer))


def test_s3_what_fits_is_asked_for_natively() -> None:
    made = prepared("claude-opus-5-5", form=FITTING, effort="low")
    assert made.answer_tool is None
    assert made.payload["output_config"]["format"]["type"] == "json_schema"
    assert made.payload["output_config"]["effort"] == "low"
    assert "tools" not in made.payload


def test_s5_what_does_not_fit_is_asked_for_by_a_tool_that_is_forced() -> None:
    made = prepared("claude-opus-5")
    assert made.answer_tool == "counts"
    assert [tool["name"] for tool in made.payload["tools"]] == ["counts"]
    assert made.payload["tools"][0]["input_schema"] == FORM.schema
    assert "strict" not in made.payload["tools"][0]
    assert made.payload["tool_choice"] == {"type": "tool", "name": "counts", "disable_parallel_tool_use": True}
    assert "output_config" not in made.payload
    assert [(change.field, change.lost) for change in made.changes] == [("format", True)]
    assert "any name" in made.changes[0].reason
    assert "the answer is not checked either" in made.changes[0].reason


def test_what_the_answer_is_read_by_is_not_lost_where_a_tool_takes_it() -> None:
    (change,) = prepared("claude-opus-5", form=Schema(dict[str, int]).format()).changes
    assert (change.field, change.lost) == ("format", False)
    assert "checked" not in change.reason


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("claude-opus-5-5", {}),
        ("claude-haiku-4-5", {"extra": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}),
    ],
)
def test_s5_g3_where_it_may_not_be_forced_the_model_is_told_to_call_it(model: str, settings: dict[str, Any]) -> None:
    made = prepared(model, **settings)
    assert made.payload["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "`counts`" in made.payload["system"][-1]["text"]
    assert [(change.field, change.lost) for change in made.changes] == [("format", True)]


def test_beside_the_callers_tools_some_tool_is_forced() -> None:
    made = prepared("claude-opus-5", LOOK)
    assert [tool["name"] for tool in made.payload["tools"]] == ["look", "counts"]
    assert made.payload["tool_choice"] == {"type": "any"}
    assert prepared("claude-opus-5", LOOK, tool_choice="none").payload["tool_choice"]["name"] == "counts"
    assert prepared("claude-opus-5", LOOK, tool_choice=Only("look")).payload["tool_choice"]["name"] == "look"
    assert prepared("claude-opus-5", Tool("counts", "", {})).answer_tool == "counts_answer"


def test_s7_recursion_and_s3_limits_and_citations_are_asked_for_by_a_tool() -> None:
    node: dict[str, Any] = {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}}
    recursive = JsonSchema({**node, "$defs": {"N": node}}, "N")
    many = JsonSchema({"type": "object", "properties": {f"a{n}": {"type": "string"} for n in range(25)}}, "many")
    for form in (recursive, many):
        assert prepared("claude-opus-5", form=form).answer_tool == form.name
    cited = File("text/plain", "a", data=b"x", metadata={"anthropic": {"citations": {"enabled": True}}})
    assert encode(Request((user([cited]),), format=FITTING), "claude-opus-5").answer_tool == "fits"


def test_a_list_at_the_root_is_listed_as_lost() -> None:
    made = prepared("claude-opus-5", form=JsonSchema({"type": "array", "items": {}}))
    assert made.answer_tool is None
    assert [(change.field, change.lost) for change in made.changes] == [("format", True)]


def test_twenty_one_tools_are_no_trouble_for_none_is_strict() -> None:
    tools = [Tool(f"t{number}", "", {"type": "object"}) for number in range(21)]
    assert prepared("claude-opus-5", *tools, form=FITTING).answer_tool is None


def test_the_arguments_are_the_text_and_the_answer_stops() -> None:
    said = read(answer({"type": "thinking", "thinking": "hm", "signature": "s"}, CALL))
    assert said.parts == (Thinking("hm"), Text('{"a": 1, "é": 2}'))
    assert said.finish == Finish("stop", "tool_use")


def test_what_is_said_beside_the_call_is_no_part_of_the_answer_and_goes_back_as_it_was() -> None:
    before, after = {"type": "text", "text": "Here:"}, {"type": "text", "text": "Done."}
    said = read(answer(before, CALL, after))
    assert said.text == '{"a": 1, "é": 2}'
    assert said.finish == Finish("stop", "tool_use")
    replayed = encode(Request((user("hi"), said.message, user("ok"))), "c").payload["messages"][1]["content"]
    assert replayed == [before, {"type": "text", "text": said.text}, after]


def test_an_answer_without_the_call_is_its_text() -> None:
    said = read(answer({"type": "text", "text": '{"a": 1}'}, reason="end_turn"))
    assert said.parts == (Text('{"a": 1}'),)
    assert said.finish == Finish("stop", "end_turn")


def test_the_callers_tools_are_still_called() -> None:
    look: dict[str, Any] = {"type": "tool_use", "id": "t2", "name": "look", "input": {}}
    said = read(answer({"type": "text", "text": "Wait."}, look))
    assert said.parts == (Text("Wait."), ToolCall("t2", "look", "{}"))
    assert said.finish == Finish("tool_calls", "tool_use")
    assert read(answer(CALL, look)).finish == Finish("tool_calls", "tool_use")


def test_s8_an_answer_that_is_cut_says_so() -> None:
    assert read(answer(CALL, reason="max_tokens")).finish == Finish("length", "max_tokens")
    assert read(answer(CALL, reason="refusal")).finish == Finish("refusal", "refusal")


def test_of_two_answers_the_first_counts() -> None:
    assert json.loads(read(answer(CALL, CALL | {"input": {}})).text) == CALL["input"]


@given(ANSWERS, st.data())
def test_any_stream_folds_to_the_whole_answer_by_tool_too(given_answer: dict[str, Any], data: st.DataObject) -> None:
    names = [block["name"] for block in given_answer["content"] if block["type"] == "tool_use"]
    tool = data.draw(st.sampled_from([*names, "absent"]))
    stream = data.draw(streams(given_answer))
    whole = read(given_answer, tool)
    assert read_stream(stream, tool) == whole
    assert tool not in [call.name for call in whole.tool_calls]


def test_a_dict_is_answered_as_a_dict_through_the_client() -> None:
    """S5: what a strict schema would have made `{}`."""
    by_tool = wire.ANTHROPIC | {"content": [CALL | {"name": "Output", "input": {"value": {"a": 1}}}]}
    name = Schema[dict[str, int]](dict[str, int]).format().name
    by_tool["content"][0] |= {"name": name, "input": {"a": 1}}
    provider: AnthropicProvider = wire.anthropic(wire.answering(by_tool, []))
    with Client(provider=provider) as client:
        response = client.complete("count", output=dict[str, int])
    assert response.output == {"a": 1}
    assert response.warnings == ()
    assert [change.field for change in response.receipt.changes] == ["format"]


def test_the_decoders_of_a_provider_follow_what_was_prepared() -> None:
    arguments = '{"a": 1, "é": 2}'
    for form, parts in ((FORM, (Text(arguments),)), (None, (ToolCall("t1", "counts", arguments),))):
        provider = wire.anthropic(wire.answering(answer(CALL), []))
        asked = encode(Request((user("hi"),), format=form), "claude-test")
        assert fold(asyncio.run(provider.acomplete(asked))).parts == parts
