"""The shape of Chat Completions, both ways; litellm itself is not needed."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core import errors
from aiapp.core.events import Finish, fold
from aiapp.core.formats import Choice, JsonSchema
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import Citation, File, Image, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.usage import Usage
from aiapp.providers.litellm.decode import StreamDecoder, decode
from aiapp.providers.litellm.encode import encode
from aiapp.providers.litellm.errors import translate
from aiapp.providers.litellm.usage import decode_usage
from tests.providers.litellm.server import ANSWER, STREAM

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def read(chunks: list[dict[str, Any]]) -> Any:
    decoder = StreamDecoder("m")
    events = [event for chunk in chunks for event in decoder.decode(chunk)]
    return fold([*events, *decoder.end()])


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(place: int, call_id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    return {"index": place, "id": call_id, "function": {"name": name, "arguments": arguments}}


def test_messages_and_tools() -> None:
    seen = ToolResult("c1", "a cat", attachments=(Image("image/png", data=b"x"),))
    history = (
        system("Be brief."),
        user([Text("What?"), Image("image/png", url="https://x.example/i"), File("application/pdf", "a", data=b"x")]),
        assistant([Text("Let me see"), ToolCall("c1", "look", "{}"), ToolCall("c2", "look", "{}")]),
        tool(seen, ToolResult("c2", "no", is_error=True)),
    )
    prepared = encode(Request(history, (Tool("look", "Look", {"type": "object"}),)), "openai/model")
    messages = prepared.payload["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "tool", "user"]
    assert [block["type"] for block in messages[1]["content"]] == ["text", "image_url", "file"]
    assert [one["id"] for one in messages[2]["tool_calls"]] == ["c1", "c2"]
    assert messages[4] == {"role": "tool", "tool_call_id": "c2", "content": "Error: no"}
    assert messages[5]["content"][0]["type"] == "image_url"
    assert prepared.payload["tools"][0]["function"]["name"] == "look"
    assert [(change.field, change.lost) for change in prepared.changes] == [("messages.tool_result", False)]


def test_settings_are_all_passed_on_for_litellm_to_take_or_refuse() -> None:
    settings = Settings(
        temperature=0.0,
        top_p=0.5,
        top_k=3,
        max_tokens=9,
        stop=("x",),
        seed=0,
        effort="low",
        tool_choice=Only("look"),
        parallel_tools=False,
        service_tier="flex",
        cache="short",
        extra={"aws_region_name": "eu-west-1"},
    )
    prepared = encode(Request((user("hi"),), (Tool("look", "", {}),), settings=settings), "bedrock/model")
    assert {**prepared.payload, "messages": [], "tools": []} == {
        "model": "bedrock/model",
        "messages": [],
        "tools": [],
        "temperature": 0.0,
        "top_p": 0.5,
        "top_k": 3,
        "max_tokens": 9,
        "stop": ["x"],
        "seed": 0,
        "reasoning_effort": "low",
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "parallel_tool_calls": False,
        "service_tier": "flex",
        "aws_region_name": "eu-west-1",
    }
    assert [change.field for change in prepared.changes] == ["cache"]


def test_forms_of_the_answer() -> None:
    form = JsonSchema({"type": "object"}, "cat")
    wanted = encode(Request((user("hi"),), format=form), "m").payload["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"] == {"name": "cat", "schema": {"type": "object"}, "strict": False}
    assert [change.field for change in encode(Request((user("hi"),), format=Choice(("a",))), "m").changes] == ["format"]


def test_what_belongs_to_others_stays_behind_and_is_listed() -> None:
    foreign = Thinking("hm", {"anthropic": {"signature": "secret"}})
    said = assistant([foreign, Citation("s", None, None, "q"), Text("a")])
    prepared = encode(Request((user("hi"), said, user("b"))), "m")
    assert "secret" not in json.dumps(prepared.payload)
    assert prepared.payload["messages"][1] == {"role": "assistant", "content": "a"}
    assert [change.field for change in prepared.changes] == ["messages.thinking", "messages.citation"]


def test_a_mark_for_the_cache_stands_on_the_last_block() -> None:
    messages = (system("A", cache=True), Message("tool", (ToolResult("c", "r"),), cache=True))
    sent = encode(Request(messages), "m").payload["messages"]
    assert [one["content"][-1]["cache_control"] for one in sent] == [{"type": "ephemeral"}] * 2


def test_a_stream_folds_to_what_the_whole_answer_is() -> None:
    whole = fold(decode(ANSWER | {"model": "m"}, "m"))
    assert read(STREAM) == whole
    assert whole.parts == (Text("Hello there"), ToolCall("call_1", "look", '{"at": "it"}'))
    assert whole.finish == Finish("tool_calls", "tool_calls")
    assert whole.usage == Usage(12, 5, 4, None, 2)


TEXTS = st.lists(TEXT, max_size=3)


@given(TEXTS, TEXTS, st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=3))
def test_any_stream_folds_to_the_whole_answer(said: list[str], thought: list[str], calls: list[list[str]]) -> None:
    blocks = [{"type": "thinking", "thinking": "".join(thought), "signature": "s"}] if thought else None
    message = {
        "content": "".join(said) or None,
        "reasoning_content": "".join(thought) or None,
        "thinking_blocks": blocks,
        "tool_calls": [call(0, f"id{place}", "look", "".join(pieces)) for place, pieces in enumerate(calls)],
    }
    answer = {"id": "c", "model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}
    stream = [
        chunk({"reasoning_content": one, "thinking_blocks": [{"type": "thinking", "thinking": one}]}) for one in thought
    ]
    if thought:
        stream.append(chunk({"thinking_blocks": [{"type": "thinking", "thinking": "", "signature": "s"}]}))
    stream += [chunk({"content": one}) for one in said]
    for place, pieces in enumerate(calls):
        stream.append(chunk({"tool_calls": [call(place, f"id{place}", "look", "")]}))
        stream += [chunk({"tool_calls": [call(place, None, None, piece)]}) for piece in pieces]
    whole, streamed = fold(decode(answer, "m")), read([*stream, chunk({}, "stop")])
    assert streamed == whole
    assert [part.metadata for part in streamed.parts] == [part.metadata for part in whole.parts]
    again = encode(Request((user("hi"), streamed.message, user("b"))), "m").payload["messages"]
    if blocks:
        assert again[1]["thinking_blocks"] == blocks


@given(st.lists(st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=4), st.data())
def test_o8_any_interleaving_of_calls_gives_the_same_calls(calls: list[list[str]], data: st.DataObject) -> None:
    deltas = [
        [call(place, f"id{place}", "look", ""), *(call(place, None, None, piece) for piece in pieces)]
        for place, pieces in enumerate(calls)
    ]
    order = data.draw(st.permutations([place for place, made in enumerate(deltas) for _ in made]))
    made = read([chunk({"tool_calls": [deltas[place].pop(0)]}) for place in order]).tool_calls
    assert {one.id: one.arguments for one in made} == {f"id{place}": "".join(one) for place, one in enumerate(calls)}


def test_o8_a_new_id_at_the_same_index_is_a_new_call() -> None:
    pieces = [call(0, "a", "look", "{"), call(0, None, None, "}"), call(0, "b", "look", "[]")]
    made = read([chunk({"tool_calls": [piece]}) for piece in pieces]).tool_calls
    assert made == (ToolCall("a", "look", "{}"), ToolCall("b", "look", "[]"))


def test_o2_a_refusal_is_a_field() -> None:
    refused = read([chunk({"refusal": "I will"}), chunk({"refusal": " not"}), chunk({}, "stop")])
    assert (refused.text, refused.finish) == ("I will not", Finish("refusal", "refusal"))


def test_a_cut_stream_has_no_finish_and_unknown_usage() -> None:
    for left, right in pairwise(range(len(STREAM) - 1)):
        cut = read(STREAM[:left])
        assert cut.usage == Usage(), right
        assert cut.finish is None


def test_u3_usage_that_nobody_gave_is_unknown_and_reasoning_outside_is_added() -> None:
    """Gemini and xAI count reasoning outside the output; then the three make the total."""
    assert decode_usage({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}) == Usage()
    outside = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 18}
    details = {"completion_tokens_details": {"reasoning_tokens": 3}}
    assert decode_usage(outside | details) == Usage(10, 8, None, None, 3)
    assert decode_usage(outside | details | {"total_tokens": 15}) == Usage(10, 5, None, None, 3)


def test_an_answer_without_a_message_is_an_invalid_response() -> None:
    with pytest.raises(errors.InvalidResponse):
        fold(decode({"choices": []}, "m"))


def test_an_exception_that_nobody_foresaw_is_a_failure_of_no_kind() -> None:
    ours = translate(KeyError("usage"), "m")
    assert (type(ours), ours.retryable, ours.message) == (errors.ProviderError, False, "KeyError: 'usage'")


def test_an_exception_that_nobody_foresaw_is_what_its_status_says() -> None:
    class NovelError(Exception):
        status_code = 429
        message = "too fast, sk-0123456789"

    ours = translate(NovelError(), "m", ["sk-0123456789"])
    assert (type(ours), ours.status, ours.message) == (errors.RateLimited, 429, "NovelError: too fast, [key]")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError("late"), errors.TimedOut),
        (ConnectionResetError("gone"), errors.ConnectionFailed),
        (json.JSONDecodeError("no", "", 0), errors.InvalidResponse),
        (FileNotFoundError("credentials.json"), errors.ProviderError),
    ],
)
def test_an_exception_from_beneath_litellm(error: Exception, kind: type[errors.ProviderError]) -> None:
    assert type(translate(error, "m")) is kind


@pytest.mark.parametrize(("status", "kind"), [(400, errors.BadRequest), (500, errors.Unavailable)])
def test_a_status_outweighs_the_class_that_contradicts_it(status: int, kind: type[errors.ProviderError]) -> None:
    class ServiceUnavailableError(Exception):
        status_code = status

    ours = translate(ServiceUnavailableError("no luck"), "m")
    assert type(ours) is kind


@pytest.mark.parametrize(
    "model",
    [
        *("gemini/gemini-2.5-pro", "vertex_ai/gemini-2.5-pro", "bedrock/m", "ollama/llava", "snowflake/m"),
        *("new/m", "m", "claude-opus-5"),
    ],
)
@pytest.mark.parametrize("url", ["http://10.0.0.1/x?token=SECRETSECRET", "https://u:hunter2@x.example/x"])
def test_an_image_that_litellm_would_download_is_refused(model: str, url: str) -> None:
    shown = Image("image/png", url=url)
    for message in (user([shown]), tool(ToolResult("c", "see", attachments=(shown,)))):
        with pytest.raises(errors.InvalidInput, match=r"messages\.image: .*/x.*fetch=True") as raised:
            encode(Request((message,)), model)
        assert not any(secret in str(raised.value) for secret in ("SECRET", "hunter2"))


def test_which_urls_are_handed_on() -> None:
    def sent(part: Image | File, model: str) -> str:
        return json.dumps(encode(Request((user([part]),)), model).payload)

    assert "https://x.example/i" in sent(Image("image/png", url="https://x.example/i"), "anthropic/m")
    assert "http://x.example/i" in sent(Image("image/png", url="http://x.example/i"), "gpt-5.2")
    assert "gs://bucket/i" in sent(Image("image/png", url="gs://bucket/i"), "vertex_ai/m")
    for part in (Image("image/png", url="http://x.example/i"), File("application/pdf", "a", url="https://x.example/a")):
        with pytest.raises(errors.InvalidInput, match=rf"messages\.{part.kind}: .*fetch=True"):
            sent(part, "anthropic/m")


URL = "https://u:hunter2@x.example/a?token=SECRETSECRET"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": {"url": URL}},
        {"type": "image_url", "image_url": URL},
        {"type": "image_url", "image_url": {"url": f" {URL}"}},
        {"type": "file", "file": {"file_id": URL}},
        {"type": "file", "file": {"file_data": URL}},
        {"type": "video_url", "video_url": {"url": URL}},
        {"type": "document", "source": {"type": "url", "url": URL}},
        {"type": "tool_result", "content": [{"type": "image", "source": {"type": "url", "url": URL}}]},
    ],
)
def test_what_a_user_adds_is_looked_at_as_well(block: dict[str, Any]) -> None:
    settings = Settings(extra={"messages": [{"role": "user", "content": [block]}]})
    with pytest.raises(
        errors.InvalidInput, match=r"^messages\.\w+: .*x\.example/a' .*fetch=True.* for bedrock"
    ) as raised:
        encode(Request((user("hi"),), settings=settings), "bedrock/m")
    assert not any(secret in str(raised.value) for secret in ("SECRET", "hunter2"))


def test_what_a_user_adds_may_name_urls_that_nobody_downloads() -> None:
    spoken = [
        {"type": "text", "text": f"See {URL}"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aHR0cHM6Ly8="}},
        {"type": "tool_result", "content": f"found at {URL}"},
    ]
    messages = [{"role": "system", "content": URL}, {"role": "user", "content": spoken}]
    prepared = encode(Request((user("hi"),), settings=Settings(extra={"messages": messages})), "bedrock/m")
    assert prepared.payload["messages"] == messages


@pytest.mark.parametrize("extra", [{"model": "bedrock/m"}, {"custom_llm_provider": "bedrock"}])
def test_who_is_asked_in_the_end_counts(extra: dict[str, Any]) -> None:
    request = Request((user([Image("image/png", url="https://x.example/i")]),), settings=Settings(extra=extra))
    with pytest.raises(errors.InvalidInput, match="for bedrock, litellm would download it"):
        encode(request, "openai/m")


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"api_key": "sk-0123456789"}, r"extra\.api_key: .*Client\(api_key="),
        ({"base_url": "https://u:hunter2@x.example"}, r"extra\.base_url: .*Client\(base_url="),
        ({"timeout": 5}, r"extra\.timeout: 5 .*Client\(timeout="),
        ({"num_retries": 3}, r"extra\.num_retries: 3 .*Client\(retry="),
        ({"fallbacks": ["bedrock/m"]}, r"extra\.fallbacks: .*Client\(fallback="),
    ],
)
def test_what_the_client_sets_is_not_set_beside_it(extra: dict[str, Any], said: str) -> None:
    with pytest.raises(errors.InvalidInput, match=said) as raised:
        encode(Request((user("hi"),), settings=Settings(extra=extra)), "openai/m")
    assert not any(secret in str(raised.value) for secret in ("0123456789", "hunter2"))


def test_an_illegal_header_is_not_repeated() -> None:
    class APIConnectionError(Exception):
        pass

    ours = translate(APIConnectionError("oops: Illegal header value b'Bearer sk-abc\\n'"), "m")
    assert ours.message == "oops: Illegal header value"
