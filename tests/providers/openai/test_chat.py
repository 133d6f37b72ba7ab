"""Chat Completions, both ways; each test that begins with a letter and a number keeps a fact of the wire."""

from __future__ import annotations

import asyncio
import copy
import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core import errors
from aiapp.core.events import Event, fold
from aiapp.core.formats import Choice, Grammar, JsonSchema, Regex
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.schema import Schema
from aiapp.core.usage import Usage
from aiapp.providers.openai.chat.decode import StreamDecoder
from aiapp.providers.openai.chat.usage import decode_usage
from aiapp.providers.openai.vendors import vendors
from aiapp.providers.protocol import Prepared
from aiapp.providers.tools import ANSWER_TOOL
from tests.providers.openai.wires import ASK, answering, both, call, chat, chunk, complete, streamed, total, whole

USAGE: dict[str, Any] = {
    "prompt_tokens": 50,
    "completion_tokens": 20,
    "total_tokens": 70,
    "prompt_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 5, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 7, "accepted_prediction_tokens": 1},
}
COUNTED = Usage(50, 20, 10, 5, 7, long_cache_write_tokens=0, audio_input_tokens=0)
SCHEMA = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]}
LOOK = Tool("look", "Look", SCHEMA)
NATIVE = vendors()["openai-chat"]


def prepared(request: Request, vendor: str = "openai-chat", model: str = "m") -> Prepared:
    given_url = {"base_url": "http://localhost:1"} if vendor in ("compatible", "azure") else {}
    return chat(answering({}), vendor, model, **given_url).prepare(request)


def asked(vendor: str = "openai-chat", model: str = "m", **given: Any) -> tuple[dict[str, Any], dict[str, bool]]:
    made = prepared(Request(ASK.messages, settings=Settings(**given)), vendor, model)
    return dict(made.payload), {change.field: change.lost for change in made.changes}


def delta(index: int | None, call_id: str | None, name: str | None, arguments: str | None) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {"index": index, "id": call_id, "type": "function", "function": function}


CALLS = [call("call_1", "look", '{"at": "a"}'), call("call_2", "look", '{"at": "b"}')]
STREAM = [
    chunk({"role": "assistant", "content": ""}, service_tier="default", obfuscation="xyz"),
    chunk({"reasoning_content": "Well"}),
    chunk({"reasoning_content": " then"}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}),
    chunk({"tool_calls": [delta(0, "call_1", "look", "")]}),
    chunk({"tool_calls": [delta(1, "call_2", "look", "")]}),
    chunk({"tool_calls": [delta(1, None, None, '{"at":'), delta(0, None, None, '{"at"')]}),
    chunk({"tool_calls": [delta(0, None, None, ': "a"}')]}),
    chunk({"tool_calls": [delta(1, None, None, ' "b"}')]}),
    chunk({}, "tool_calls"),
    total(USAGE),
]
WHOLE = whole({"reasoning_content": "Well then", "content": "Hello", "tool_calls": CALLS}, "tool_calls", USAGE)
WHOLE["service_tier"] = "default"


def test_a_stream_folds_to_what_the_whole_answer_is() -> None:
    expected, got = asyncio.run(both(chat(answering(WHOLE, STREAM))))
    assert got == expected
    assert [part.metadata for part in got.parts] == [part.metadata for part in expected.parts]
    assert got.parts[:2] == (Thinking("Well then"), Text("Hello"))
    assert [(one.id, one.arguments) for one in got.tool_calls] == [("call_1", '{"at": "a"}'), ("call_2", '{"at": "b"}')]
    assert (got.usage, got.tier, got.model) == (COUNTED, "standard", "m-1")
    assert got.usage.raw == USAGE


def test_u7_u9_a_stream_cut_anywhere_has_unknown_usage_never_zero() -> None:
    counting = [{**one, "usage": {"prompt_tokens": 50, "completion_tokens": 1}} for one in STREAM[:-2]]
    counting += STREAM[-2:]
    for stream in (STREAM, counting):
        for length in range(len(stream) - 1):
            cut = asyncio.run(streamed(chat(answering({}, stream[:length]))))
            if cut.finish is None:
                assert cut.usage == (Usage(50) if stream is counting and length else Usage())
    assert asyncio.run(streamed(chat(answering({}, STREAM[:-1])))).usage == Usage()


def test_u7_usage_is_asked_for_in_streams_alone() -> None:
    provider = chat(answering({}))
    payload = provider.prepare(ASK).payload
    assert "stream_options" not in payload
    assert provider.streaming(payload)["stream_options"] == {"include_usage": True}
    assert "stream_options" not in chat(answering({}), "mistral").streaming(payload)


def test_o13_padding_is_passed_over_wherever_it_stands() -> None:
    padded: list[dict[str, Any]] = [
        {**copy.deepcopy(one), "obfuscation": "x" * place} for place, one in enumerate(STREAM)
    ]
    for one in padded:
        for choice in one["choices"]:
            choice["obfuscation"] = choice["delta"]["obfuscation"] = "padding"
    _, got = asyncio.run(both(chat(answering(WHOLE, padded))))
    assert got == asyncio.run(complete(chat(answering(WHOLE))))
    assert "padding" not in repr(got)


def test_u1_u3_usage_is_inclusive_but_where_a_vendor_says_otherwise() -> None:
    assert decode_usage(USAGE, NATIVE) == COUNTED
    assert decode_usage(USAGE, vendors()["xai"]) == replace(COUNTED, output_tokens=27)
    assert decode_usage({"prompt_tokens": 3, "prompt_cache_hit_tokens": 2}, NATIVE) == Usage(3, None, 2)
    assert asyncio.run(complete(chat(answering(WHOLE), "xai"))).usage.output_tokens == 27


def test_u9_missing_usage_is_unknown() -> None:
    assert asyncio.run(complete(chat(answering(whole({"content": "x"}, "stop"))))).usage == Usage()


def test_u7_some_servers_count_in_the_chunk_that_ends() -> None:
    stream = [chunk({"content": "x"}), chunk({}, "stop", usage={"prompt_tokens": 3, "completion_tokens": 1})]
    assert asyncio.run(streamed(chat(answering({}, stream)))).usage == Usage(3, 1)


def collected(deltas: list[dict[str, Any]], finish: str = "tool_calls") -> list[tuple[str, str, str]]:
    decoder = StreamDecoder("m", NATIVE)
    events: list[Event] = []
    for one in deltas:
        events += decoder.decode(chunk({"tool_calls": [one]}))
    events += decoder.decode(chunk({}, finish))
    return [(one.id, one.name, one.arguments) for one in fold(events).tool_calls]


@given(st.data())
def test_o8_any_interleaving_of_deltas_gives_the_same_calls(data: st.DataObject) -> None:
    arguments = data.draw(st.lists(st.text(max_size=8), min_size=1, max_size=5))
    queues: list[list[dict[str, Any]]] = []
    for index, text in enumerate(arguments):
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        first = delta(index, f"call_{index}", f"tool_{index}", pieces[0])
        queues.append([first, *(delta(index, None, None, piece) for piece in pieces[1:])])
    mixed: list[dict[str, Any]] = []
    while any(queues):
        mixed.append(data.draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
    assert sorted(collected(mixed)) == [(f"call_{i}", f"tool_{i}", text) for i, text in enumerate(arguments)]


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5), st.booleans(), st.sampled_from([0, None]))
def test_o8_gateways_that_reuse_an_index_lose_no_call(texts: list[str], repeat: bool, index: int | None) -> None:
    """Each call opens with a new id at the same index; some repeat id and name with every piece."""
    deltas: list[dict[str, Any]] = []
    for number, text in enumerate(texts):
        call_id, name = f"call_{number}", f"tool_{number}"
        deltas.append(delta(index, call_id, name, text[:3]))
        deltas.append(delta(index, call_id if repeat else None, name if repeat else None, text[3:]))
    assert collected(deltas) == [(f"call_{i}", f"tool_{i}", text) for i, text in enumerate(texts)]


@given(st.data())
def test_o8_reused_indexes_with_ids_may_interleave(data: st.DataObject) -> None:
    queues = [
        [delta(0, f"c{n}", f"t{n}", "a"), delta(0, f"c{n}", None, "b")] for n in range(data.draw(st.integers(1, 4)))
    ]
    count, mixed = len(queues), list[dict[str, Any]]()
    while any(queues):
        mixed.append(data.draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
    assert sorted(collected(mixed)) == [(f"c{n}", f"t{n}", "ab") for n in range(count)]


def test_o8_a_call_without_an_id_gets_one() -> None:
    got = collected([delta(0, None, "a", "{}"), delta(1, "", "b", '{"x"'), delta(1, None, None, ": 1}")])
    assert [(name, arguments) for _, name, arguments in got] == [("a", "{}"), ("b", '{"x": 1}')]
    assert len({call_id for call_id, _, _ in got}) == 2


def test_o8_an_id_may_come_late_and_arguments_as_an_object() -> None:
    late = [delta(0, None, "a", "{"), delta(0, "c", None, "}")]
    assert collected(late) == [("c", "a", "{}")]
    given_object = {"index": 0, "id": "c", "function": {"name": "a", "arguments": {"x": 1}}}
    assert collected([given_object], "stop") == [("c", "a", '{"x": 1}')]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("new_word", "unknown")],
)
def test_o1_o2_finish_reasons(raw: str, reason: str) -> None:
    got = asyncio.run(complete(chat(answering(whole({"content": None}, raw)))))
    assert got.finish is not None
    assert (got.finish.reason, got.finish.raw, got.text) == (reason, raw, "")


def test_o2_a_refusal_is_a_field_whole_and_streamed() -> None:
    stream = [chunk({"refusal": "I will"}), chunk({"refusal": " not."}), chunk({}, "stop")]
    refused = whole({"content": None, "refusal": "I will not."}, "stop")
    provider = chat(answering(refused, stream))
    expected, got = asyncio.run(both(provider))
    assert got == expected
    assert got.finish is not None
    assert (got.text, got.finish.reason) == ("I will not.", "refusal")
    again = prepared(Request((*ASK.messages, got.message))).payload["messages"][1]
    assert (again["content"], again["refusal"]) == (None, "I will not.")


def test_o1_the_limit_has_the_name_that_the_vendor_takes() -> None:
    assert asked(max_tokens=9)[0]["max_completion_tokens"] == 9
    assert asked("mistral", max_tokens=9)[0]["max_tokens"] == 9
    assert "max_completion_tokens" not in asked("mistral", max_tokens=9)[0]


def test_settings_have_the_names_that_the_vendor_takes() -> None:
    payload, changes = asked(seed=1, stop=("x",), top_k=3, effort="low", service_tier="flex", temperature=0)
    assert (payload["seed"], payload["stop"], payload["reasoning_effort"]) == (1, ["x"], "low")
    assert (payload["service_tier"], payload["temperature"], changes) == ("flex", 0, {"top_k": True})
    assert asked("mistral", seed=1)[0]["random_seed"] == 1
    assert asked("vllm", top_k=3)[0]["top_k"] == 3
    assert asked("deepseek", seed=1, service_tier="flex")[1] == {"seed": True, "service_tier": True}


@pytest.mark.parametrize(("vendor", "most"), [("openai-chat", 4), ("azure", 4), ("xai", 4), ("deepseek", 16)])
def test_no_more_texts_end_an_answer_than_the_vendor_takes(vendor: str, most: int) -> None:
    stops = [f"<{number}>" for number in range(most + 1)]
    payload, changes = asked(vendor, stop=stops)
    assert (payload["stop"], changes) == (stops[:most], {"stop": True})
    payload, changes = asked(vendor, stop=stops[:most])
    assert (payload["stop"], changes) == (stops[:most], {})
    assert asked("vllm", stop=stops)[0]["stop"] == stops


@pytest.mark.parametrize(
    ("choice", "sent"),
    [("auto", "auto"), ("required", "required"), (Only("look"), {"type": "function", "function": {"name": "look"}})],
)
def test_o9_a_named_tool_is_nested(choice: Any, sent: Any) -> None:
    request = Request(ASK.messages, (LOOK,), settings=Settings(tool_choice=choice, parallel_tools=False))
    payload = prepared(request).payload
    assert (payload["tool_choice"], payload["parallel_tool_calls"]) == (sent, False)
    if choice == "required":
        assert prepared(request, "mistral").payload["tool_choice"] == "any"


def test_o9_servers_that_take_no_tool_choice_get_none() -> None:
    request = Request(ASK.messages, (LOOK,), settings=Settings(tool_choice="required", parallel_tools=False))
    made = prepared(request, "ollama")
    assert not {"tool_choice", "parallel_tool_calls"} & made.payload.keys()
    assert {change.field: change.lost for change in made.changes} == {"tool_choice": True, "parallel_tools": True}
    none = prepared(Request(ASK.messages, (LOOK,), settings=Settings(tool_choice="none")), "ollama")
    assert "tools" not in none.payload


def test_o10_strict_tools_go_to_those_who_know_them() -> None:
    request = Request(ASK.messages, (LOOK,))
    assert prepared(request).payload["tools"][0]["function"]["strict"] is True
    assert "strict" not in prepared(request, "ollama").payload["tools"][0]["function"]


def test_o11_cache_hints() -> None:
    messages = (system("Rules", cache=True), user("hi"))
    made = prepared(Request(messages, settings=Settings(cache="long")), model="gpt-6-sol")
    assert made.payload["prompt_cache_options"] == {"ttl": "30m"}
    assert made.payload["messages"][0]["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
    assert [(change.field, change.lost) for change in made.changes] == [("cache", True)]
    elsewhere = prepared(Request(messages, settings=Settings(cache="short")), "groq")
    assert "cache" not in json.dumps(elsewhere.payload)
    assert [(change.field, change.lost) for change in elsewhere.changes] == [
        ("messages.cache", False),
        ("cache", False),
    ]


def test_roles_and_contents() -> None:
    parts: list[Part] = [Text("What?"), Image("image/png", data=b"png"), File("application/pdf", "a.pdf", data=b"pdf")]
    messages = (
        system("Rules"),
        user([*parts, Citation("s", 0, 5, "words")]),
        assistant("It"),
        user([Text("a"), Text("b")]),
    )
    sent = prepared(Request(messages)).payload["messages"]
    assert [one["role"] for one in sent] == ["developer", "user", "assistant", "user"]
    assert [block["type"] for block in sent[1]["content"]] == ["text", "image_url", "file", "text"]
    assert sent[1]["content"][1]["image_url"] == {"url": "data:image/png;base64,cG5n"}
    assert sent[1]["content"][2]["file"] == {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}
    assert (sent[0]["content"], sent[2]["content"], sent[3]["content"]) == ("Rules", "It", "ab")
    assert prepared(Request(messages), "ollama").payload["messages"][0]["role"] == "system"


def test_what_the_wire_cannot_carry_is_listed() -> None:
    file = File("application/pdf", "a.pdf", url="https://x/a.pdf")
    messages = (
        user([Text("x"), file]),
        assistant([Thinking("hm", {"other": {}}), Text("y"), Citation("s", None, None, "")]),
    )
    made = prepared(Request(messages))
    assert {change.field: change.lost for change in made.changes} == {
        "messages.file": True,
        "messages.thinking": True,
        "messages.citation": True,
    }
    own = assistant([Text("y"), Citation("s", None, None, "", metadata={"openai-chat": {"url": "s"}})])
    assert [change.lost for change in prepared(Request((*ASK.messages, own))).changes] == [False]
    blind = prepared(Request((user([Text("x"), Image("image/png", data=b"x")]),)), "deepseek")
    assert [change.field for change in blind.changes] == ["messages.image"]


def test_o7_calls_and_results_travel_by_id() -> None:
    image = Image("image/png", data=b"png")
    turns = (
        *ASK.messages,
        assistant([ToolCall("c1", "look", "{not json"), ToolCall("c2", "look", "{}")]),
        tool(ToolResult("c1", "a", attachments=(image,)), ToolResult("c2", "no", is_error=True)),
    )
    made = prepared(Request(turns))
    sent = made.payload["messages"]
    assert (sent[1]["content"], [one["id"] for one in sent[1]["tool_calls"]]) == (None, ["c1", "c2"])
    assert sent[1]["tool_calls"][0]["function"] == {"name": "look", "arguments": "{not json"}
    assert [(one["role"], one.get("tool_call_id")) for one in sent[2:]] == [
        ("tool", "c1"),
        ("tool", "c2"),
        ("user", None),
    ]
    assert sent[3]["content"] == "Error: no"
    assert [block["type"] for block in sent[4]["content"]] == ["text", "image_url"]
    assert [change.lost for change in made.changes] == [False]


def test_mistral_takes_ids_of_nine_letters_and_call_and_result_agree() -> None:
    turns = (assistant([ToolCall("call_much_too_long", "a", "{}"), ToolCall("Ab1Cd2Ef3", "a", "{}")]),)
    results = tool(ToolResult("call_much_too_long", "x"), ToolResult("Ab1Cd2Ef3", "y"))
    sent = prepared(Request((*turns, results)), "mistral").payload["messages"]
    ids = [one["id"] for one in sent[0]["tool_calls"]]
    assert ids == [one["tool_call_id"] for one in sent[1:]]
    assert (len(ids[0]), ids[1]) == (9, "Ab1Cd2Ef3")


def test_reasoning_goes_back_where_it_is_wanted_and_nowhere_else() -> None:
    got = asyncio.run(complete(chat(answering(WHOLE), "deepseek")))
    again = Request((*ASK.messages, got.message, tool(*(ToolResult(call.id, "seen") for call in got.tool_calls))))
    turn = prepared(again, "deepseek").payload["messages"][1]
    assert turn["reasoning_content"] == "Well then"
    elsewhere = prepared(again, "groq")
    assert "Well then" not in json.dumps(elsewhere.payload)
    assert [(change.field, change.lost) for change in elsewhere.changes] == [("messages.thinking", True)]


def test_openrouters_details_go_back_whole() -> None:
    def detail(text: str, **more: Any) -> dict[str, Any]:
        return {"type": "reasoning.text", "text": text, "index": 0, "signature": None, **more}

    stream = [
        chunk({"reasoning": "We", "reasoning_details": [detail("We")]}),
        chunk({"reasoning": "ll", "reasoning_details": [detail("ll", signature="sig")]}),
        chunk({"content": "x"}),
        chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "opaque", "index": 1}]}),
        chunk({}, "stop"),
    ]
    joined = [detail("Well", signature="sig"), {"type": "reasoning.encrypted", "data": "opaque", "index": 1}]
    message = {"reasoning": "Well", "content": "x", "reasoning_details": joined}
    provider = chat(answering(whole(message, "stop"), stream), "openrouter")
    expected, got = asyncio.run(both(provider))
    assert got == expected
    sent = prepared(Request((*ASK.messages, got.message)), "openrouter").payload["messages"][1]
    assert (sent["reasoning_details"], sent["content"]) == (joined, "x")


def test_mistrals_lists_of_chunks_are_read() -> None:
    content = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Yes"}]
    got = asyncio.run(complete(chat(answering(whole({"content": content}, "stop")), "mistral")))
    assert got.parts == (Thinking("hm"), Text("Yes"))


def test_sources_that_the_vendor_names_are_citations() -> None:
    source = {
        "type": "url_citation",
        "url_citation": {"url": "https://a", "start_index": 0, "end_index": 1, "title": ""},
    }
    got = asyncio.run(complete(chat(answering(whole({"content": "x", "annotations": [source]}, "stop")))))
    assert [one.source for one in got.citations] == ["https://a"]


def test_azures_opening_chunk_is_passed_over() -> None:
    opening: dict[str, Any] = {"id": "", "model": "", "choices": [], "prompt_filter_results": [{}]}
    got = asyncio.run(streamed(chat(answering({}, [opening, chunk({"content": "x"}), chunk({}, "stop")]))))
    assert (got.model, got.id, got.text) == ("m-1", "c1", "x")


def test_only_the_first_choice_is_read() -> None:
    other = {"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}
    stream = [
        {**chunk({"content": "yes"}), "choices": [other, chunk({"content": "yes"})["choices"][0]]},
        chunk({}, "stop"),
    ]
    assert asyncio.run(streamed(chat(answering({}, stream)))).text == "yes"


def schema_of(vendor: str, tools: tuple[Tool, ...] = (), model: str = "m", **given: Any) -> Prepared:
    return prepared(Request(ASK.messages, tools, JsonSchema(SCHEMA, "place"), Settings(**given)), vendor, model)


def test_a_schema_is_sent_natively_where_it_can_be() -> None:
    made = schema_of("openai-chat").payload["response_format"]["json_schema"]
    assert (made["name"], made["strict"], made["schema"]["additionalProperties"]) == ("place", True, False)
    assert schema_of("ollama").payload["response_format"]["json_schema"]["schema"] == SCHEMA


def test_else_as_any_json_object_with_an_instruction() -> None:
    made = schema_of("deepseek")
    assert made.payload["response_format"] == {"type": "json_object"}
    assert json.dumps(SCHEMA) in made.payload["messages"][0]["content"]
    assert [(change.field, change.lost) for change in made.changes] == [("format", True)]
    typed = prepared(Request((user("hi"),), format=Schema(dict[str, int]).format()), "deepseek")
    assert [(change.field, change.lost) for change in typed.changes] == [("format", False)]
    request = Request((system("Rules"), user("hi")), format=JsonSchema(SCHEMA))
    assert prepared(request, "deepseek").payload["messages"][0]["content"].startswith("Rules\n\nAnswer with")


def test_or_as_a_tool_whose_arguments_are_the_answer() -> None:
    made = schema_of("openai-chat", model="gpt-5.5-pro")
    assert made.payload["tool_choice"] == {"type": "function", "function": {"name": ANSWER_TOOL}}
    assert schema_of("openai-chat", (LOOK,), "gpt-5.5-pro").payload["tool_choice"] == "required"
    assert "response_format" not in made.payload
    reply = whole({"content": None, "tool_calls": [call("c", ANSWER_TOOL, '{"at": "x"}')]}, "tool_calls")
    stream = [
        chunk({"tool_calls": [delta(0, "c", ANSWER_TOOL, '{"at"')]}),
        chunk({"tool_calls": [delta(0, None, None, ': "x"}')]}),
    ]
    provider = chat(answering(reply, [*stream, chunk({}, "tool_calls")]), model="gpt-5.5-pro")
    expected, got = asyncio.run(both(provider, Request(ASK.messages, format=JsonSchema(SCHEMA))))
    assert got == expected
    assert got.finish is not None
    assert (got.text, got.tool_calls, got.finish.reason) == ('{"at": "x"}', (), "stop")


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        (Regex("a+"), {"regex": "a+"}),
        (Choice(("a", "b")), {"choice": ["a", "b"]}),
        (Grammar('start: "a"'), {"grammar": 'start: "a"'}),
    ],
)
def test_vllm_enforces_what_others_cannot(form: Any, sent: Any) -> None:
    request = Request(ASK.messages, format=form)
    assert prepared(request, "vllm").payload["structured_outputs"] == sent
    assert [change.field for change in prepared(request).changes] == ["format"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429, "message": "slow"}, errors.RateLimited),
        ({"code": "context_length_exceeded", "message": "long"}, errors.ContextOverflow),
        ({"code": 502, "message": "down"}, errors.Unavailable),
        ("broken", errors.Unavailable),
    ],
)
def test_errors_inside_an_answer_are_typed(error: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        asyncio.run(complete(chat(answering({"error": error}), "openrouter")))
    with pytest.raises(kind):
        asyncio.run(streamed(chat(answering({}, [chunk({"content": "x"}), {"error": error}]), "openrouter")))


def test_an_answer_without_choices_is_invalid() -> None:
    with pytest.raises(errors.InvalidResponse):
        asyncio.run(complete(chat(answering({"id": "x", "choices": []}))))


def test_a_server_without_a_key_gets_none_and_no_vendor_learns_the_organisation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-private")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=whole({"content": "x"}, "stop"))

    asyncio.run(complete(chat(handle, "ollama", api_key=None)))
    asyncio.run(complete(chat(handle, "groq", api_key="gsk")))
    asyncio.run(complete(chat(handle, "openai-chat", api_key="k")))
    assert "authorization" not in seen[0].headers
    assert seen[1].headers["authorization"] == "Bearer gsk"
    for request in seen[:2]:
        assert "private" not in str(request.headers)
        assert "sk-openai" not in str(request.headers)
    assert seen[2].headers["openai-organization"] == "org-private"
    assert [str(request.url) for request in seen[:2]] == [
        "http://localhost:11434/v1/chat/completions",
        "https://api.groq.com/openai/v1/chat/completions",
    ]


def test_messages_that_say_nothing_are_not_sent() -> None:
    silent = Message("assistant", (Thinking("", {"openai": {}}),))
    assert len(prepared(Request((*ASK.messages, silent))).payload["messages"]) == 1
