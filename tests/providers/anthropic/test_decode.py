"""Answers of the Messages API as our events: whole, streamed, cut, refused, and unknown in part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core import errors
from aiapp.core.events import Cited, Completion, Event, Finish, TextDelta, fold
from aiapp.core.messages import Message, assistant, tool, user
from aiapp.core.parts import Citation, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Request
from aiapp.core.serialisation import from_json, to_json
from aiapp.core.usage import Usage
from aiapp.providers.anthropic import NAME
from aiapp.providers.anthropic.decode import StreamDecoder, decode
from aiapp.providers.anthropic.encode import encode
from aiapp.providers.messages_usage import decode_usage
from tests.providers import wire
from tests.providers.anthropic.answers import ANSWERS, JSON, TEXT, answers_and_streams, streams

OPAQUE = ("thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result")


def whole(answer: Mapping[str, Any]) -> Completion:
    return fold(decode(answer, "claude-test"))


def events_of(stream: Iterable[Mapping[str, Any]]) -> list[Event]:
    decoder = StreamDecoder("claude-test")
    return [ours for event in stream for ours in decoder.decode(event)]


def answer(*blocks: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "m", "model": "c", "content": list(blocks), "stop_reason": "end_turn", "usage": {}, **more}


@given(answers_and_streams())
def test_any_stream_folds_to_what_the_whole_answer_is(both: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    complete, streamed = whole(both[0]), fold(events_of(both[1]))
    assert streamed == complete
    assert [part.metadata for part in streamed.parts] == [part.metadata for part in complete.parts]
    assert streamed.usage.raw == complete.usage.raw


@given(st.lists(st.dictionaries(TEXT, JSON, max_size=3), min_size=1, max_size=5), st.data())
def test_a11_any_interleaving_of_deltas_gives_the_same_calls(inputs: list[dict[str, Any]], data: st.DataObject) -> None:
    """They are told apart by their index alone, though the API says one block after the other."""
    blocks = [
        {"type": "tool_use", "id": f"call_{number}", "name": f"tool_{number}", "input": given}
        for number, given in enumerate(inputs)
    ]
    first, *events, ended, stopped = data.draw(streams(answer(*blocks, stop_reason="tool_use", stop_details=None)))
    queues = [[event for event in events if event.get("index") == number] for number in range(len(blocks))]
    mixed: list[dict[str, Any]] = []
    while any(queues):
        mixed.append(data.draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
    calls = fold(events_of([first, *mixed, ended, stopped])).tool_calls
    assert [
        (call.id, call.name, json.loads(call.arguments or "{}")) for call in sorted(calls, key=lambda one: one.id)
    ] == [(block["id"], block["name"], block["input"]) for block in blocks]


@given(answers_and_streams(), st.data())
def test_a_stream_cut_anywhere_has_unknown_usage_never_zero(
    both: tuple[dict[str, Any], list[dict[str, Any]]], data: st.DataObject
) -> None:
    end = next(place for place, event in enumerate(both[1]) if event["type"] == "message_delta")
    cut = fold(events_of(both[1][: data.draw(st.integers(0, end))]))
    assert cut.finish is None
    assert cut.usage.output_tokens is cut.usage.reasoning_tokens is None
    assert not cut.usage.known


def test_a9_reasoning_that_the_api_dropped_is_told() -> None:
    """In the whole answer, and with the last event of a streamed one."""
    told = [
        {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "prefix_binding_mismatch"},
        {"type": "thinking_mismatch_allowed", "path": "messages.3.content.0", "reason": "model_binding_mismatch"},
    ]
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "input_transformations": told}
    for complete in (whole(answer(input_transformations=told)), fold(events_of([end]))):
        assert [one.lost for one in complete.altered] == [True, False]
        assert complete.altered[0].reason == "thinking_dropped at messages.1.content.0: prefix_binding_mismatch"


@given(ANSWERS)
def test_a9_what_is_opaque_goes_back_byte_for_byte_and_in_order(given_answer: dict[str, Any]) -> None:
    said = whole(given_answer)
    results = tool(*(ToolResult(call.id, "seen") for call in said.tool_calls))
    payload = encode(Request((user("hi"), said.message, results, user("go on"))), "claude-test").payload
    sent = [block for turn in payload["messages"] if turn["role"] == "assistant" for block in turn["content"]]
    assert [block for block in sent if block["type"] in OPAQUE] == [
        block for block in given_answer["content"] if block["type"] in OPAQUE
    ]
    kinds = [block["type"] for block in given_answer["content"] if block.get("text") != ""]
    assert [block["type"] for block in sent] == [kind for kind in kinds if kind != "a_future_block"]


def test_a9_reasoning_whose_text_is_omitted_keeps_its_signature() -> None:
    said = whole(answer({"type": "thinking", "thinking": "", "signature": "sig"}, {"type": "text", "text": "Yes"}))
    assert said.parts == (Thinking(""), Text("Yes"))
    block = {"type": "thinking", "thinking": "", "signature": "sig"}
    assert said.parts[0].metadata == {NAME: block | {"signed_by": ["claude-test", "c"]}}
    assert encode(Request((user("hi"), said.message, user("on"))), "c").payload["messages"][1]["content"][0] == block


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("something_new", "unknown"),
    ],
)
def test_a10_every_stop_reason(raw: str, reason: str) -> None:
    finish = whole(answer(stop_reason=raw)).finish
    assert finish is not None
    assert (finish.reason, finish.raw) == (reason, raw)


def test_a10_a_refusal_says_its_category() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "long"}
    partial = answer({"type": "text", "text": "I"}, stop_reason="refusal", stop_details=details)
    assert whole(partial).finish == Finish("refusal", "refusal", "bio")
    assert whole(partial).text == "I"
    unnamed = details | {"category": None, "explanation": "It is not allowed."}
    assert whole(partial | {"stop_details": unnamed}).finish == Finish("refusal", "refusal", "It is not allowed.")


def test_a10_a_call_cut_by_the_limit_keeps_its_broken_arguments() -> None:
    stream: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"model": "c"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t", "name": "n"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"a": "b'}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 5}},
    ]
    cut = fold(events_of(stream))
    assert cut.tool_calls == (ToolCall("t", "n", '{"a": "b'),)
    assert cut.finish == Finish("length", "max_tokens")
    prepared = encode(Request((user("hi"), cut.message, tool(ToolResult("t", "cut", is_error=True)))), "claude-test")
    assert prepared.payload["messages"][1]["content"][0]["input"] == {"text": '{"a": "b'}
    assert [(change.field, change.lost) for change in prepared.changes] == [("messages.tool_call", False)]


def test_a10_a_paused_turn_goes_back_last_and_as_it_was() -> None:
    call = {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {"query": "x"}}
    paused = whole(answer({"type": "text", "text": "Let me look."}, call, stop_reason="pause_turn"))
    assert paused.finish == Finish("pause", "pause_turn")
    assert paused.text == "Let me look."
    payload = encode(Request((user("hi"), paused.message)), "claude-opus-5-5").payload
    assert payload["messages"][-1] == {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, call]}


def test_a11_blocks_deltas_and_events_that_are_unknown_are_passed_over() -> None:
    stream: list[dict[str, Any]] = [
        {"type": "ping"},
        {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "never started"}},
        {"type": "content_block_stop", "index": 7},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "hologram", "text": "x"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "hologram_delta"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "odour_delta"}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_whatever"},
        {},
    ]
    assert fold(events_of(stream)).parts == ()


def test_a11_a_call_without_arguments_has_an_empty_object() -> None:
    stream: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 3, "content_block": {"type": "tool_use", "id": "t", "name": "n"}},
        {"type": "content_block_delta", "index": 3, "delta": {"type": "input_json_delta", "partial_json": ""}},
        {"type": "content_block_stop", "index": 3},
    ]
    assert fold(events_of(stream)).tool_calls == (ToolCall("t", "n", "{}"),)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("overloaded_error", errors.Overloaded),
        ("rate_limit_error", errors.RateLimited),
        ("invalid_request_error", errors.BadRequest),
        ("timeout_error", errors.TimedOut),
        ("api_error", errors.Unavailable),
        ("a_future_error", errors.Unavailable),
    ],
)
def test_a11_an_error_event_is_a_typed_error(kind: str, wanted: type[errors.ProviderError]) -> None:
    event = {"type": "error", "error": {"type": kind, "message": "no luck"}, "request_id": "req_7"}
    with pytest.raises(wanted, match="no luck") as caught:
        events_of([event])
    assert caught.value.request_id == "req_7"


def test_an_error_event_that_the_prompt_is_too_long() -> None:
    message = "prompt is too long: 210000 tokens > 200000 maximum"
    with pytest.raises(errors.ContextOverflow):
        events_of([{"type": "error", "error": {"type": "invalid_request_error", "message": message}}])


def test_u2_input_is_made_inclusive_and_output_is_so_already() -> None:
    usage = decode_usage(
        {
            "input_tokens": 35,
            "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 5,
            "output_tokens": 20,
            "output_tokens_details": {"thinking_tokens": 7},
        }
    )
    assert usage == Usage(50, 20, 10, 5, 7)
    assert decode_usage({"input_tokens": 3, "cache_read_input_tokens": None, "output_tokens": 1}) == Usage(3, 1, 0, 0)
    assert decode_usage({}) == Usage()


def test_u4_u5_the_providers_own_report_is_kept() -> None:
    report = {
        "input_tokens": 1,
        "output_tokens": 2,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
        "service_tier": "priority",
        "speed": "fast",
        "server_tool_use": {"web_search_requests": 2},
        "iterations": [{"type": "compaction", "input_tokens": 9, "model": "other"}],
    }
    said = whole(answer(usage=report))
    assert said.usage.raw == report
    assert said.tier == "fast"


def test_u6_counts_are_cumulative_and_the_first_output_count_is_never_shown() -> None:
    start = {"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 1, "service_tier": "standard"}
    stream = [
        {"type": "message_start", "message": {"model": "c", "usage": start}},
        {"type": "message_delta", "delta": {}, "usage": {"input_tokens": 10, "output_tokens": 5}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"input_tokens": 10, "output_tokens": 9},
        },
    ]
    assert fold(events_of(stream[:1])).usage == Usage(14, None, 4, 0)
    said = fold(events_of(stream))
    assert said.usage == Usage(14, 9, 4, 0)
    assert said.tier == "standard"


CITED: dict[str, Any] = {
    "type": "char_location",
    "cited_text": "grass is green",
    "document_index": 0,
    "document_title": "Lawns",
    "start_char_index": 4,
    "end_char_index": 18,
    "file_id": None,
}


def test_citations_follow_their_text_and_say_where() -> None:
    page = {"type": "page_location", "cited_text": "q", "document_index": 2, "start_page_number": 5}
    web = {"type": "web_search_result_location", "cited_text": "w", "url": "https://x.example", "title": "X"}
    said = whole(
        answer({"type": "text", "text": "Green.", "citations": [CITED, page, web]}, {"type": "text", "text": "."})
    )
    assert said.parts == (
        Text("Green."),
        Citation("Lawns", 4, 18, "grass is green"),
        Citation("document 2", None, None, "q", page=5),
        Citation("https://x.example", None, None, "w"),
        Text("."),
    )
    assert said.text == "Green.."
    assert said.citations[0].metadata == {NAME: CITED}


def test_citations_come_after_their_text_in_a_stream_too() -> None:
    stream: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": []}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": CITED}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Green."}},
        {"type": "content_block_stop", "index": 0},
    ]
    events = events_of(stream)
    assert [type(event) for event in events if isinstance(event, TextDelta | Cited)] == [TextDelta, Cited]


def test_a4_citations_go_back_on_the_assistants_text_alone() -> None:
    said = whole(answer({"type": "text", "text": "Green.", "citations": [CITED]}))
    payload = encode(Request((user("hi"), said.message, user(said.parts))), "claude-test").payload
    answered, asked = payload["messages"][1]["content"], payload["messages"][2]["content"]
    replayable = {name: value for name, value in CITED.items() if name != "file_id"}
    assert answered == [{"type": "text", "text": "Green.", "citations": [replayable]}]
    assert asked == [{"type": "text", "text": "Green."}]


def test_an_answer_that_is_none_is_an_invalid_response() -> None:
    for nothing in ({}, {"content": None}, {"content": "text"}):
        with pytest.raises(errors.InvalidResponse):
            whole(nothing)


def test_the_other_providers_answer_keeps_its_text_alone() -> None:
    foreign = assistant([Thinking("hm", {"openai": {"id": "rs_1"}}), Text("Yes", {"openai": {"id": "msg_1"}})])
    prepared = encode(Request((user("hi"), foreign, user("more"))), "claude-test")
    assert prepared.payload["messages"][1]["content"] == [{"type": "text", "text": "Yes"}]
    assert "openai" not in json.dumps(prepared.payload)
    assert [change.field for change in prepared.changes] == ["messages.thinking"]


def test_from_one_provider_to_another_and_back_signatures_stay() -> None:
    """Facts, 8.5: A, then B, then A."""
    mine = whole(wire.ANTHROPIC)
    history = (user("hi"), mine.message, tool(ToolResult("toolu_1", "ok")))
    foreign = wire.openai(wire.answering({}, [])).prepare(Request(history))
    assert "sig" not in json.dumps(foreign.payload["input"])
    assert "messages.thinking" in [change.field for change in foreign.changes]
    again = assistant([Thinking("", {"openai": {"id": "rs_1", "encrypted_content": "e"}}), Text("B says")])
    prepared = encode(Request((*history, again, user("and now?"))), "claude-test")
    assert prepared.payload["messages"][1]["content"][0] == wire.ANTHROPIC["content"][0]
    assert "encrypted_content" not in json.dumps(prepared.payload)
    assert [change.field for change in prepared.changes] == ["messages.thinking"]


@pytest.mark.parametrize("block", [wire.ANTHROPIC["content"][0], {"type": "redacted_thinking", "data": "sealed"}])
def test_a9_reasoning_goes_back_to_the_model_that_signed_it_alone(block: dict[str, Any]) -> None:
    said = whole(answer(block, {"type": "text", "text": "Yes"}))
    history = Request((user("hi"), from_json(Message, to_json(said.message)), user("more")))
    for own in ("claude-test", "c"):  # as it was asked, and as it was served
        prepared = encode(history, own)
        assert prepared.payload["messages"][1]["content"][0] == block
        assert prepared.changes == ()
    other = encode(history, "claude-other")
    assert other.payload["messages"][1]["content"] == [{"type": "text", "text": "Yes"}]
    assert [str(change) for change in other.changes if change.lost] == [
        "messages.thinking: reasoning that claude-test signed is refused here; left out"
    ]


def test_reasoning_that_was_stored_without_its_model_goes_back_as_it_did() -> None:
    block = wire.ANTHROPIC["content"][0]
    stored = assistant([Thinking("Well", {NAME: block}), Text("Yes")])
    prepared = encode(Request((user("hi"), stored, user("more"))), "claude-other")
    assert prepared.payload["messages"][1]["content"][0] == block
    assert prepared.changes == ()
