"""The Responses API, both ways; each test that begins with a letter and a number keeps a fact of the wire."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.core import errors
from aiapp.core.errors import InvalidInput
from aiapp.core.events import Event, UsageReport, fold
from aiapp.core.formats import Choice, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import Citation, File, Image, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.serialisation import from_json, to_json
from aiapp.core.usage import Usage
from aiapp.providers.openai.decode import StreamDecoder, decode
from aiapp.providers.openai.encode import encode
from aiapp.providers.tools import ANSWER_TOOL
from tests.providers.openai.wires import ASK, answering, both, complete, responses, stream_of, streamed

USAGE: dict[str, Any] = {
    "input_tokens": 50,
    "output_tokens": 20,
    "total_tokens": 70,
    "input_tokens_details": {
        "cached_tokens": 10,
        "cache_write_tokens": 5,
        "cache_write_tokens_details": {"ttl_30m_tokens": 5, "ttl_12h_tokens": 0},
    },
    "output_tokens_details": {"reasoning_tokens": 7},
}
REASONING: dict[str, Any] = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "First."}, {"type": "summary_text", "text": "Second."}],
    "encrypted_content": "opaque",
}
SOURCE = {"type": "url_citation", "url": "https://a.b/c", "title": "C", "start_index": 0, "end_index": 5}


def said(text: str, phase: str | None = "final_answer", **more: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"type": "output_text", "text": text, "annotations": [], **more}
    item: dict[str, Any] = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [content],
    }
    return item if phase is None else {**item, "phase": phase}


def called(number: int, arguments: str = '{"at": "it"}') -> dict[str, Any]:
    ids = {"id": f"fc_{number}", "call_id": f"call_{number}"}
    return {"type": "function_call", **ids, "name": "look", "arguments": arguments, "status": "completed"}


def answer(*items: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    return {"id": "resp_1", "model": "gpt-1", "status": status, "output": list(items), "usage": USAGE, **more}


REFUSAL = {**said("", None), "content": [{"type": "refusal", "refusal": "I will not."}]}
ANSWERS: list[Any] = [
    pytest.param(answer(REASONING, said("Hello there"), called(1), called(2)), id="reasoning, text, calls"),
    pytest.param(answer(said("Looking", "commentary"), called(1)), id="commentary"),
    pytest.param(answer(said("Hello", annotations=[SOURCE])), id="annotations"),
    pytest.param(answer(REFUSAL), id="refusal"),
    pytest.param(answer({**REASONING, "summary": []}, said("x", None)), id="reasoning without a word"),
    pytest.param(answer({"type": "web_search_call", "id": "ws_1", "status": "completed"}, said("x")), id="search"),
    pytest.param(answer(called(1, "")), id="no arguments"),
    pytest.param(answer(said("", None)), id="no text"),
    pytest.param(
        answer(said("Hel"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}), id="cut off"
    ),
    pytest.param(answer(service_tier="priority"), id="nothing"),
    pytest.param(answer({**called(1), "name": ANSWER_TOOL}), id="answer by tool"),
]


@pytest.mark.parametrize("whole", ANSWERS)
def test_a_stream_folds_to_what_the_whole_answer_is(whole: dict[str, Any]) -> None:
    expected, got = asyncio.run(both(responses(answering(whole, stream_of(whole["output"], whole)))))
    assert got == expected
    assert [part.metadata for part in got.parts] == [part.metadata for part in expected.parts]


@pytest.mark.parametrize("whole", ANSWERS)
def test_u9_a_stream_cut_anywhere_has_unknown_usage_never_zero(whole: dict[str, Any]) -> None:
    stream = stream_of(whole["output"], whole)
    for length in range(len(stream)):
        cut = asyncio.run(streamed(responses(answering(whole, stream[:length]))))
        assert (cut.usage, cut.finish) == (Usage(), None)


def test_u1_usage_is_inclusive_and_the_report_is_kept() -> None:
    usage = asyncio.run(complete(responses(answering(answer(said("x")))))).usage
    assert usage == Usage(50, 20, 10, 5, 7, long_cache_write_tokens=0)
    assert usage.raw == USAGE


def test_u9_a_missing_count_is_none() -> None:
    body = answer(said("x")) | {"usage": {"input_tokens": 3}}
    assert asyncio.run(complete(responses(answering(body)))).usage == Usage(3)


def test_u8_usage_comes_on_incomplete_and_on_failed_too() -> None:
    cut = answer(said("x"), status="incomplete", incomplete_details={"reason": "content_filter"})
    got = asyncio.run(streamed(responses(answering(cut, stream_of(cut["output"], cut)))))
    assert got.usage.input_tokens == 50
    failed = answer(status="failed", error={"code": "rate_limit_exceeded", "message": "slow"})
    events = StreamDecoder("gpt").decode({"type": "response.failed", "response": failed})
    assert isinstance(next(events), UsageReport)
    with pytest.raises(errors.RateLimited, match="slow"):
        next(events)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", "length"),
        ("content_filter", "content_filter"),
        ("max_messages", "pause"),
        ("steered", "pause"),
        ("something_new", "unknown"),
    ],
)
def test_o1_an_incomplete_answer_says_why(reason: str, finish: str) -> None:
    body = answer(REASONING, status="incomplete", incomplete_details={"reason": reason})
    got = asyncio.run(complete(responses(answering(body))))
    assert got.finish is not None
    assert (got.finish.reason, got.finish.raw, got.text) == (finish, reason, "")


def test_u5_the_tier_is_the_one_that_served() -> None:
    body = answer(said("x"), service_tier="priority")
    provider = responses(answering(body, stream_of(body["output"], body)))
    request = Request(ASK.messages, settings=Settings(service_tier="fast"))
    assert provider.prepare(request).payload["service_tier"] == "fast"
    assert [got.tier for got in asyncio.run(both(provider, request))] == ["priority", "priority"]


def test_o2_a_refusal_is_a_finish_and_goes_back_as_one() -> None:
    got = asyncio.run(complete(responses(answering(answer(REFUSAL)))))
    assert got.finish is not None
    assert (got.finish.reason, got.text) == ("refusal", "I will not.")
    again = encode(Request((*ASK.messages, got.message)), "gpt").payload["input"][1]
    assert again["content"] == REFUSAL["content"]


def test_o4_encrypted_reasoning_is_taken_from_the_end_of_its_item() -> None:
    body = answer(REASONING, said("x"))
    stream = stream_of(body["output"], body)
    opened = {**REASONING, "encrypted_content": "not whole"}
    stream[1] = {"type": "response.output_item.added", "output_index": 0, "item": opened}
    stream[-1] = {"type": "response.completed", "response": {**body, "output": [opened, said("x")]}}
    thinking = asyncio.run(streamed(responses(answering(body, stream)))).parts[0]
    assert thinking == Thinking("First.\n\nSecond.")
    assert thinking.metadata == {"openai": REASONING}


def test_o4_nothing_is_stored_and_reasoning_comes_encrypted() -> None:
    payload = encode(ASK, "gpt").payload
    assert (payload["store"], payload["include"]) == (False, ["reasoning.encrypted_content"])


def test_o4_what_is_no_list_is_passed_on_as_it_is() -> None:
    for odd in (5, "abc", {"a": 1}):
        assert encode(replace(ASK, settings=Settings(extra={"include": odd})), "gpt").payload["include"] == odd


@pytest.mark.parametrize("more", [["web_search_call.action.sources"], []])
def test_o4_what_else_a_user_includes_stands_beside_it(more: list[str]) -> None:
    prepared = encode(replace(ASK, settings=Settings(extra={"include": more})), "gpt")
    assert prepared.payload["include"] == (["reasoning.encrypted_content", *more] if more else [])
    assert prepared.changes == ()


def test_o5_o6_o7_what_the_model_made_goes_back_exactly_and_in_order() -> None:
    output: list[dict[str, Any]] = [
        REASONING,
        said("Let me look", "commentary"),
        called(1),
        called(2, "{not json"),
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        said("Done", annotations=[SOURCE]),
    ]
    got = asyncio.run(complete(responses(answering(answer(*output)))))
    results = tool(ToolResult("call_1", "a"), ToolResult("call_2", "b"))
    for message in (got.message, from_json(Message, to_json(got.message))):
        sent = encode(Request((*ASK.messages, message, results)), "gpt").payload["input"]
        assert sent[1:7] == output
        assert [item["call_id"] for item in sent[7:]] == ["call_1", "call_2"]


def test_o5_reasoning_that_the_server_dropped_is_told() -> None:
    dropped = {"id": "rs_0", "action": "removed", "reason": "model_mismatch", "type": "reasoning"}
    whole = answer(said("Hello"), input_transformations=[dropped])
    client = Client(provider=responses(answering(whole, stream_of(whole["output"], whole))))
    stream = client.stream("hi")
    list(stream)
    for response in (client.complete("hi"), stream.response):
        [warning] = response.warnings
        assert str(warning) == "messages.thinking: reasoning rs_0 was removed by OpenAI: model_mismatch"


def test_o6_commentary_is_not_the_answer() -> None:
    got = asyncio.run(complete(responses(answering(answer(said("Let me see", "commentary"), said('{"a": 1}'))))))
    assert got.text == '{"a": 1}'
    assert got.parts[0] == Thinking("Let me see")
    whole = answer(said("Let me see: 7", "commentary"), said('{"value": 1}'))
    client = Client(provider=responses(answering(whole, stream_of(whole["output"], whole))))
    assert client.complete("one?", output=int).output == 1
    stream = client.stream("one?", output=int)
    assert list(stream.partials()) == [1]
    assert stream.response.output == 1


def test_o6_the_first_item_need_not_be_a_message() -> None:
    assert asyncio.run(complete(responses(answering(answer(REASONING, said("Hello")))))).text == "Hello"


def test_o7_arguments_are_the_text_as_the_model_wrote_it() -> None:
    got = asyncio.run(complete(responses(answering(answer(called(1, "{not json"))))))
    assert [(one.id, one.arguments) for one in got.tool_calls] == [("call_1", "{not json")]


@given(st.data())
def test_o8_any_interleaving_of_argument_deltas_gives_the_same_calls(data: st.DataObject) -> None:
    arguments = data.draw(st.lists(st.text(max_size=8), min_size=1, max_size=5))
    queues: list[list[dict[str, Any]]] = []
    for index, text in enumerate(arguments):
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        kind = "response.function_call_arguments.delta"
        deltas = [{"type": kind, "output_index": index, "delta": piece} for piece in pieces]
        item = called(index, text)
        begun = {"type": "response.output_item.added", "output_index": index, "item": {**item, "arguments": ""}}
        queues.append([begun, *deltas, {"type": "response.output_item.done", "output_index": index, "item": item}])
    decoder, events = StreamDecoder("gpt"), list[Event]()
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        events += decoder.decode(queue.pop(0))
    got = {one.id: (one.name, one.arguments) for one in fold(events).tool_calls}
    assert got == {f"call_{index}": ("look", text) for index, text in enumerate(arguments)}


def test_o8_a_call_is_not_lost_where_only_its_end_came() -> None:
    stream = [{"type": "response.output_item.done", "output_index": 3, "item": called(1)}]
    got = asyncio.run(streamed(responses(answering({}, stream))))
    assert [(one.id, one.arguments) for one in got.tool_calls] == [("call_1", '{"at": "it"}')]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        (Only("look"), {"type": "function", "name": "look"}),
    ],
)
def test_o9_a_named_tool_is_flat_and_parallel_calls_stand_at_the_top(choice: Any, sent: Any) -> None:
    look = Tool("look", "Look", {"type": "object", "properties": {}})
    settings = Settings(tool_choice=choice, parallel_tools=False)
    payload = encode(Request(ASK.messages, (look,), settings=settings), "gpt").payload
    assert (payload["tool_choice"], payload["parallel_tool_calls"]) == (sent, False)


def test_o9_a_tool_choice_without_tools_is_listed_not_sent() -> None:
    prepared = encode(Request(ASK.messages, settings=Settings(tool_choice="required", parallel_tools=True)), "gpt")
    assert not {"tool_choice", "parallel_tool_calls"} & prepared.payload.keys()
    assert {change.field: change.lost for change in prepared.changes} == {"tool_choice": True, "parallel_tools": False}


def test_o10_every_tool_says_whether_it_is_strict() -> None:
    closed = Tool("a", "", {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]})
    optional = Tool("b", "", {"type": "object", "properties": {"x": {"type": "string"}}})
    free = Tool("c", "", {"type": "object"})
    prepared = encode(Request(ASK.messages, (closed, optional, free)), "gpt")
    sent = prepared.payload["tools"]
    assert [one["strict"] for one in sent] == [True, False, False]
    assert sent[0]["parameters"]["additionalProperties"] is False
    assert [one["parameters"] for one in sent[1:]] == [optional.parameters, free.parameters]
    assert [change.field for change in prepared.changes] == ["tools.b", "tools.c"]


def test_o11_cache_hints_go_to_models_that_take_them() -> None:
    messages = (system("Long rules", cache=True), user("hi"))
    for hint, options in (("short", {"ttl": "30m"}), ("long", {"ttl": "12h"})):
        prepared = encode(Request(messages, settings=Settings(cache=hint)), "gpt-6-sol")  # type: ignore[arg-type]
        assert prepared.payload["prompt_cache_options"] == options
        assert prepared.payload["input"][0]["content"][-1]["prompt_cache_breakpoint"] == {"mode": "explicit"}
        assert prepared.changes == ()
    off = encode(Request(messages, settings=Settings(cache="off")), "gpt-6-sol").payload
    assert off["prompt_cache_options"] == {"mode": "explicit"}
    assert "prompt_cache_breakpoint" not in json.dumps(off)


def test_o11_elsewhere_they_are_listed() -> None:
    request = Request((system("Rules", cache=True), user("hi")), settings=Settings(cache="long"))
    prepared = encode(request, "gpt-5.4")
    assert "prompt_cache" not in json.dumps(prepared.payload)
    assert {change.field: change.lost for change in prepared.changes} == {"messages.cache": False, "cache": True}


def test_o11_a_mark_on_a_tools_turn_stands_on_its_output() -> None:
    turn = Message("tool", (ToolResult("c", "found"),), cache=True)
    call = assistant([ToolCall("c", "look", "{}")])
    item = encode(Request((*ASK.messages, call, turn)), "gpt-6-sol").payload["input"][-1]
    assert item["output"] == [{"type": "input_text", "text": "found", "prompt_cache_breakpoint": {"mode": "explicit"}}]


def test_o12_each_request_stands_alone() -> None:
    payload = encode(Request((system("Rules"), user("hi"))), "gpt").payload
    assert not {"instructions", "previous_response_id", "conversation", "truncation"} & payload.keys()
    assert payload["input"][0]["role"] == "system"


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_o14_the_sdk_tries_once(status: int) -> None:
    tries: list[int] = []

    def handle(_: httpx2.Request) -> httpx2.Response:
        tries.append(1)
        return httpx2.Response(status, json={}, headers={"retry-after": "0"})

    with pytest.raises(errors.ProviderError):
        asyncio.run(complete(responses(handle)))
    assert len(tries) == 1


def test_o3_efforts_and_sampling_as_the_model_takes_them() -> None:
    def changed(model: str, **given: Any) -> tuple[dict[str, Any], list[str]]:
        prepared = encode(Request(ASK.messages, settings=Settings(**given)), model)
        return dict(prepared.payload), [change.field for change in prepared.changes]

    payload, fields = changed("gpt-6-sol", effort="none", temperature=0.2)
    assert (payload["reasoning"], payload["temperature"], fields) == ({"effort": "none"}, 0.2, [])
    assert changed("gpt-6-sol", temperature=0.2, top_p=0.5)[1] == ["temperature", "top_p"]
    assert changed("gpt-5.4", temperature=0.2)[1] == []
    assert changed("gpt-5.4", effort="high", temperature=0.2)[1] == ["temperature"]
    assert changed("gpt-6.1-sol", effort="none")[1] == ["effort"]
    assert changed("gpt-4.1", effort="low", temperature=1)[1] == ["effort"]
    payload, fields = changed("nobody-knows", effort="max", temperature=0.2, max_tokens=10**7)
    assert (payload["reasoning"], payload["temperature"], fields) == ({"effort": "max"}, 0.2, [])


def test_more_tokens_than_the_model_gives_are_capped() -> None:
    prepared = encode(Request(ASK.messages, settings=Settings(max_tokens=10**6)), "gpt-6-sol")
    assert prepared.payload["max_output_tokens"] == 128_000
    assert [change.field for change in prepared.changes] == ["max_tokens"]


def test_extra_is_laid_over_the_payload_without_losing_what_stands_beside() -> None:
    extra = {"text": {"verbosity": "low"}, "reasoning": {"summary": "auto"}, "metadata": {"a": "b"}}
    request = Request(ASK.messages, format=JsonSchema({}), settings=Settings(effort="low", extra=extra))
    payload = encode(request, "gpt").payload
    assert payload["text"]["verbosity"] == "low"
    assert payload["text"]["format"]["type"] == "json_schema"
    assert payload["reasoning"] == {"effort": "low", "summary": "auto"}
    assert payload["metadata"] == {"a": "b"}


def test_results_carry_their_images_and_files() -> None:
    attachments = (Image("image/png", data=b"png"), File("application/pdf", "a.pdf", data=b"pdf"))
    turns = (assistant([ToolCall("c", "look", "{}")]), tool(ToolResult("c", "two", attachments=attachments)))
    item = encode(Request(turns), "gpt").payload["input"][1]
    assert [block["type"] for block in item["output"]] == ["input_text", "input_image", "input_file"]
    assert item["output"][2] == {
        "type": "input_file",
        "filename": "a.pdf",
        "file_data": "data:application/pdf;base64,cGRm",
    }
    turns = (*turns[:1], tool(ToolResult("c", "no", is_error=True)))
    failed = encode(Request(turns), "gpt").payload["input"][1]
    assert failed["output"] == "Error: no"


@pytest.mark.parametrize("part", [Text("and this"), Image("image/png", b"x")])
def test_what_else_stands_in_a_tools_turn_is_said_by_the_user(part: Text | Image) -> None:
    turns = (assistant([ToolCall("c", "look", "{}")]), Message("tool", [ToolResult("c", "fog"), part]))
    _, result, message = encode(Request(turns), "gpt").payload["input"]
    assert (result["type"], message["type"], message["role"]) == ("function_call_output", "message", "user")


def test_sources_are_events_and_are_not_said_again() -> None:
    file = {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 3}
    got = asyncio.run(complete(responses(answering(answer(said("Hello", annotations=[SOURCE, file]))))))
    assert [(one.source, one.start, one.end, one.quote) for one in got.citations] == [
        ("https://a.b/c", None, None, ""),
        ("a.pdf", None, None, ""),
    ]
    foreign = assistant([Text("Hello"), Citation("https://x", None, None, "quoted words")])
    prepared = encode(Request((*ASK.messages, foreign)), "gpt")
    assert "quoted words" not in json.dumps(prepared.payload)
    assert [(change.field, change.lost) for change in prepared.changes] == [("messages.citation", True)]
    assert encode(Request((*ASK.messages, got.message)), "gpt").changes == ()
    own = encode(Request((user([Citation("a", 0, 3, "mine")]),)), "gpt")
    assert own.payload["input"][0]["content"][0]["text"] == "mine"


def test_a_changed_text_is_sent_as_it_was_changed() -> None:
    got = asyncio.run(complete(responses(answering(answer(said("secret", annotations=[SOURCE]))))))
    edited = assistant([Text("struck out", got.parts[0].metadata)])
    assert "secret" not in json.dumps(encode(Request((*ASK.messages, edited)), "gpt").payload)


def test_a_model_without_schemas_answers_by_a_tool_and_the_caller_sees_text() -> None:
    schema = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
    request = Request(ASK.messages, format=JsonSchema(schema))
    prepared = encode(request, "gpt-5.5-pro")
    assert prepared.payload["tool_choice"] == {"type": "function", "name": ANSWER_TOOL}
    assert "text" not in prepared.payload
    assert [(change.field, change.lost) for change in prepared.changes] == [("format", False)]
    output: list[dict[str, Any]] = [{**REASONING, "summary": []}, {**called(1), "name": ANSWER_TOOL}]
    got = asyncio.run(complete(responses(answering(answer(*output)), "gpt-5.5-pro"), request))
    assert (got.text, got.tool_calls) == ('{"at": "it"}', ())
    assert got.finish is not None
    assert got.finish.reason == "stop"
    again = encode(Request((*ASK.messages, got.message, user("more"))), "gpt-5.5-pro").payload["input"]
    assert again[1:3] == output
    assert (again[3]["type"], again[3]["call_id"]) == ("function_call_output", "call_1")


@pytest.mark.parametrize("form", [Regex("a+"), Choice(("a", "b")), Grammar('start: "a"'), Quotation(("a b",))])
def test_a_form_that_the_wire_lacks_is_listed(form: Any) -> None:
    assert [change.field for change in encode(Request(ASK.messages, format=form), "gpt").changes] == ["format"]


def test_reasoning_of_another_provider_is_left_out_and_listed() -> None:
    turn = assistant([Thinking("hm", {"anthropic": {"signature": "sig"}}), Text("x"), ToolCall("c", "look", "{}")])
    prepared = encode(Request((*ASK.messages, turn, tool(ToolResult("c", "fog")))), "gpt")
    assert "sig" not in json.dumps(prepared.payload)
    assert [change.field for change in prepared.changes] == ["messages.thinking"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("server_error", errors.Unavailable),
        ("rate_limit_exceeded", errors.RateLimited),
        ("bio_policy", errors.ContentFiltered),
        ("insufficient_quota", errors.PermissionDenied),
        ("context_length_exceeded", errors.ContextOverflow),
        ("never_heard_of", errors.Unavailable),
    ],
)
def test_failures_inside_an_answer_are_typed(code: str, error: type[Exception]) -> None:
    body = answer(status="failed", error={"code": code, "message": "why"})
    with pytest.raises(error, match="why"):
        list(decode(body, "gpt"))
    with pytest.raises(error, match="why"):
        list(StreamDecoder("gpt").decode({"type": "error", "code": code, "message": "why"}))


def test_tokens_are_counted_by_openai() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/v1/responses/input_tokens"
        assert json.loads(request.content).keys() <= {"model", "input", "tools", "text"}
        return httpx2.Response(200, json={"object": "response.input_tokens", "input_tokens": 42})

    counted = asyncio.run(responses(handle).acount_tokens(ASK))
    assert (counted.tokens, counted.exact) == (42, True)


def test_without_a_connection_tokens_are_estimated(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    counted = responses(answering({})).count_tokens(Request((user("x" * 40),)))
    assert (counted.tokens, counted.exact) == (10, False)
    assert counted.source.startswith("estimate")


def test_a_failure_without_a_type_is_a_failure() -> None:
    """As gateways send it in the middle of a stream."""
    with pytest.raises(errors.RateLimited, match="slow"):
        list(StreamDecoder("gpt").decode({"error": {"code": "rate_limit_exceeded", "message": "slow"}}))


def test_nothing_to_answer_is_refused() -> None:
    with pytest.raises(InvalidInput, match="they are empty"):
        encode(Request((user([]),)), "gpt")
    with pytest.raises(InvalidInput, match="reasoning of another provider"):
        encode(Request((assistant([Thinking("hm")]),)), "gpt")
    stored = Settings(extra={"prompt": {"id": "pmpt_1"}})
    assert encode(Request((user([]),), settings=stored), "gpt").payload["input"] == []
