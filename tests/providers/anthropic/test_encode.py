"""Requests as the Messages API takes them, and what is listed where it cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import BadRequest, InvalidInput
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import Citation, File, Image, Part, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Caching, Effort, Only, Request, Settings, Tool, ToolChoice
from aiapp.core.response import Change
from aiapp.providers.anthropic.encode import encode
from aiapp.providers.anthropic.settings import DEFAULT_MAX_TOKENS

LOOK = Tool("look", "Look", {"type": "object"})
MODELS = ("claude-haiku-4-5", "claude-opus-4-6", "claude-opus-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-new")


def sent(model: str = "claude-test", *messages: Message, tools: tuple[Tool, ...] = (), **settings: Any) -> Any:
    return encode(Request(messages or (user("hi"),), tools, settings=Settings(**settings)), model)


def fields(changes: tuple[Change, ...]) -> list[str]:
    return [change.field for change in changes]


def test_a1_max_tokens_is_always_sent_and_never_above_what_the_model_gives() -> None:
    assert sent().payload["max_tokens"] == DEFAULT_MAX_TOKENS
    assert sent(max_tokens=7).payload["max_tokens"] == 7
    capped = sent("claude-haiku-4-5", max_tokens=100_000)
    assert capped.payload["max_tokens"] == 64_000
    assert fields(capped.changes) == ["max_tokens"]
    assert sent("claude-opus-5", max_tokens=128_000).changes == ()


def test_a1_the_callers_own_zero_prewarms_the_cache() -> None:
    assert sent(extra={"max_tokens": 0}).payload["max_tokens"] == 0


@pytest.mark.parametrize("model", MODELS)
def test_a3_g2_sampling_is_listed_and_never_sent(model: str) -> None:
    prepared = sent(model, temperature=0.0, top_p=1.0, top_k=1, seed=0)
    assert not {"temperature", "top_p", "top_k", "seed"} & prepared.payload.keys()
    assert fields(prepared.changes) == ["temperature", "top_p", "top_k", "seed"]
    assert all(change.lost for change in prepared.changes)


@pytest.mark.parametrize("part", [Image("image/png", data=b"x"), File("application/pdf", "a.pdf", data=b"x")])
def test_a4_the_assistants_turns_hold_no_documents(part: Part) -> None:
    prepared = sent("claude-test", user("hi"), assistant([Text("see"), part]), user("so?"))
    assert prepared.payload["messages"][1]["content"] == [{"type": "text", "text": "see"}]
    assert fields(prepared.changes) == [f"messages.{part.kind}"]


def test_a5_turns_alternate_and_instructions_stand_above() -> None:
    prepared = sent("claude-test", system("Be brief."), user("a"), user("b"), assistant("c"), assistant("d"), user("e"))
    assert prepared.payload["system"] == [{"type": "text", "text": "Be brief."}]
    assert [(turn["role"], len(turn["content"])) for turn in prepared.payload["messages"]] == [
        ("user", 2),
        ("assistant", 2),
        ("user", 1),
    ]


def test_a5_later_instructions_move_up_and_say_so() -> None:
    prepared = sent("claude-test", system("A"), user("a"), system("B"), assistant("b"), user("c"))
    assert [block["text"] for block in prepared.payload["system"]] == ["A", "B"]
    assert [(change.field, change.lost) for change in prepared.changes] == [("messages.system", False)]


def test_a5_instructions_hold_text_alone_and_alone_they_are_what_the_user_says() -> None:
    prepared = sent("claude-test", system([Text("A"), Image("image/png", data=b"x")]))
    assert prepared.payload["messages"] == [{"role": "user", "content": [{"type": "text", "text": "A"}]}]
    assert "system" not in prepared.payload
    assert fields(prepared.changes) == ["messages.system", "messages"]


@pytest.mark.parametrize(
    ("model", "accepted"),
    [("claude-haiku-4-5", True), ("claude-test", True), ("claude-opus-4-6", False), ("claude-fable-5", False)],
)
def test_a5_prefill_is_refused_at_once_where_the_model_lacks_it(model: str, accepted: bool) -> None:
    asked = Request((user("Name a colour."), assistant("The colour is")))
    if accepted:
        assert encode(asked, model).payload["messages"][-1]["role"] == "assistant"
    else:
        with pytest.raises(BadRequest, match="begun for it"):
            encode(asked, model)


@pytest.mark.parametrize(
    ("choice", "parallel", "wire"),
    [
        (None, None, None),
        ("auto", None, {"type": "auto"}),
        ("auto", True, {"type": "auto"}),
        ("none", None, {"type": "none"}),
        ("none", False, {"type": "none"}),
        ("required", None, {"type": "any"}),
        (Only("look"), None, {"type": "tool", "name": "look"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        (Only("look"), False, {"type": "tool", "name": "look", "disable_parallel_tool_use": True}),
    ],
)
def test_a6_tool_choice(choice: ToolChoice | None, parallel: bool | None, wire: dict[str, Any] | None) -> None:
    prepared = sent(tools=(LOOK,), tool_choice=choice, parallel_tools=parallel)
    assert prepared.payload.get("tool_choice") == wire
    assert prepared.changes == ()


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1", "claude-mythos-5-2"])
@pytest.mark.parametrize("choice", ["required", Only("look")])
def test_a6_g3_a_forced_tool_is_listed_where_the_model_refuses_it(model: str, choice: ToolChoice) -> None:
    prepared = sent(model, tools=(LOOK,), tool_choice=choice, parallel_tools=False)
    assert prepared.payload["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert [(change.field, change.lost) for change in prepared.changes] == [("tool_choice", True)]


def test_a6_without_tools_there_is_no_choice() -> None:
    assert "tool_choice" not in sent(tool_choice="none", parallel_tools=False).payload
    assert fields(sent(tool_choice="required").changes) == ["tool_choice"]


@given(st.permutations([0, 1, 2]), st.booleans())
def test_a7_all_results_come_first_in_one_turn_and_in_order(order: list[int], together: bool) -> None:
    calls = [ToolCall(f"c{number}", "look", "{}") for number in order]
    results = [ToolResult(f"c{number}", str(number)) for number in order]
    answers = [tool(*results)] if together else [tool(result) for result in results]
    answers.insert(0 if not together else 1, user("and?"))
    turns = sent("claude-test", user("hi"), assistant(calls), *answers).payload["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block.get("tool_use_id") for block in turns[2]["content"]] == [*(call.id for call in calls), None]


def test_a7_a_result_carries_its_images_and_files_and_whether_it_failed() -> None:
    picture, paper = Image("image/png", data=b"png"), File("application/pdf", "a.pdf", data=b"pdf")
    shown = ToolResult("c1", "two things", attachments=(picture, paper))
    failed, silent = ToolResult("c2", "no", is_error=True), ToolResult("c3", "", attachments=(picture,))
    calls = assistant([ToolCall(f"c{number}", "look", "{}") for number in (1, 2, 3)])
    first, second, third = sent("claude-test", user("hi"), calls, tool(shown, failed, silent)).payload["messages"][2][
        "content"
    ]
    assert [block["type"] for block in first["content"]] == ["text", "image", "document"]
    assert second == {"type": "tool_result", "tool_use_id": "c2", "content": "no", "is_error": True}
    assert [block["type"] for block in third["content"]] == ["image"]


def test_ids_of_other_providers_fit_and_still_belong_together() -> None:
    turns = sent(
        "claude-test", user("hi"), assistant(ToolCall("f.look:0", "look", "{}")), tool(ToolResult("f.look:0", ""))
    )
    call, result = turns.payload["messages"][1]["content"][0], turns.payload["messages"][2]["content"][0]
    assert call["id"] == result["tool_use_id"] == "f_look_0"


@pytest.mark.parametrize(
    ("model", "effort", "payload", "changed"),
    [
        ("claude-opus-5", "none", {"thinking": {"type": "disabled"}}, False),
        ("claude-sonnet-5-5", "none", {"thinking": {"type": "between_tools"}}, False),
        ("claude-opus-5-5", "none", {"output_config": {"effort": "low"}}, True),
        ("claude-fable-5", "none", {"output_config": {"effort": "low"}}, True),
        ("claude-opus-5-5", "xhigh", {"output_config": {"effort": "xhigh"}}, False),
        ("claude-opus-5-5", "minimal", {"output_config": {"effort": "low"}}, True),
        ("claude-opus-4-6", "xhigh", {"output_config": {"effort": "high"}}, True),
        ("claude-opus-4-6", "max", {"output_config": {"effort": "max"}}, False),
        ("claude-opus-4-5", "max", {"output_config": {"effort": "high"}}, True),
        ("claude-haiku-4-5", "high", {}, True),
        ("claude-haiku-4-5", "none", {"thinking": {"type": "disabled"}}, False),
        ("claude-new", "max", {"output_config": {"effort": "max"}}, False),
    ],
)
def test_a8_effort(model: str, effort: Effort, payload: dict[str, Any], changed: bool) -> None:
    prepared = sent(model, effort=effort)
    assert {
        name: prepared.payload[name] for name in ("thinking", "output_config") if name in prepared.payload
    } == payload
    assert fields(prepared.changes) == (["effort"] if changed else [])


@pytest.mark.parametrize(("caching", "lifetime"), [("short", "5m"), ("long", "1h")])
def test_a12_the_cache_is_asked_for_with_its_lifetime(caching: Caching, lifetime: str) -> None:
    prepared = sent("claude-test", system("A", cache=True), user("b"), cache=caching)
    control = {"type": "ephemeral", "ttl": lifetime}
    assert prepared.payload["cache_control"] == control
    assert prepared.payload["system"][-1]["cache_control"] == control


def test_a12_a_mark_stands_on_the_last_block_that_can_carry_it() -> None:
    thought = Thinking("hm", {"anthropic": {"type": "thinking", "thinking": "hm", "signature": "s"}})
    marked = Message("assistant", (Text("a"), Text("b"), thought), cache=True)
    payload = sent("claude-test", user("hi"), marked, user("more")).payload
    assert "cache_control" not in payload
    contents = payload["messages"][1]["content"]
    assert ["cache_control" in block for block in contents] == [False, True, False]
    assert contents[1]["cache_control"] == {"type": "ephemeral", "ttl": "5m"}


@given(st.integers(0, 8), st.sampled_from([None, "short"]))
def test_a12_there_are_at_most_four_marks(marks: int, caching: Caching | None) -> None:
    messages = [turn for number in range(8) for turn in (user(str(number), cache=number < marks), assistant("so"))]
    prepared = sent("claude-test", *messages, user("end"), cache=caching)
    room = 4 if caching is None else 3
    assert json.dumps(prepared.payload).count("cache_control") == min(marks, room) + (caching is not None)
    assert fields(prepared.changes) == (["messages.cache"] if marks > room else [])


def test_a12_off_is_off() -> None:
    assert "cache_control" not in json.dumps(sent("claude-test", user("a", cache=True), cache="off").payload)


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp"])
def test_a13_images_that_the_api_takes(kind: str) -> None:
    image = Image(f"image/{kind}", data=b"x")
    block = sent("claude-test", user([image])).payload["messages"][0]["content"][0]
    assert block == {"type": "image", "source": {"type": "base64", "media_type": f"image/{kind}", "data": "eA=="}}


@pytest.mark.parametrize(
    "part",
    [
        Image("image/tiff", data=b"x"),
        File("application/msword", "a.doc", data=b"x"),
        File("text/plain", "a.txt", data=b"\xff\xfe\xff"),
        File("text/plain", "a.txt", url="https://x.example/a.txt"),
    ],
)
def test_a13_what_the_api_does_not_take_is_listed(part: Part) -> None:
    prepared = sent("claude-test", user([Text("see"), part]))
    assert prepared.payload["messages"][0]["content"] == [{"type": "text", "text": "see"}]
    assert [(change.field, change.lost) for change in prepared.changes] == [(f"messages.{part.kind}", True)]


def test_a13_documents() -> None:
    parts: list[Part] = [
        File("application/pdf", "a.pdf", data=b"x"),
        File("application/pdf", "b.pdf", url="https://x.example/b.pdf"),
        File("text/markdown", "c.md", data=b"# c"),
        File("application/json", "", data=b"{}"),
        Image("image/png", url="https://x.example/i.png"),
    ]
    blocks = sent("claude-test", user(parts)).payload["messages"][0]["content"]
    assert [block["source"]["type"] for block in blocks] == ["base64", "url", "text", "text", "url"]
    assert [block.get("title") for block in blocks] == ["a.pdf", "b.pdf", "c.md", None, None]
    assert blocks[2]["source"] == {"type": "text", "media_type": "text/plain", "data": "# c"}


def test_a13_what_the_caller_says_of_a_document_to_this_provider_goes_with_it() -> None:
    """Citations on, or a file that is uploaded already."""
    cited = File("text/plain", "a", data=b"x", metadata={"anthropic": {"citations": {"enabled": True}}, "other": {}})
    source = {"type": "file", "file_id": "file_1"}
    uploaded = File("application/pdf", "", metadata={"anthropic": {"source": source}})
    first, second = sent("claude-test", user([cited, uploaded])).payload["messages"][0]["content"]
    assert first["citations"] == {"enabled": True}
    assert "other" not in first
    assert second == {"type": "document", "source": source}


def test_a_quote_of_the_callers_is_text_and_a_foreign_providers_citation_is_listed() -> None:
    quote, foreign = Citation("s", 0, 1, "q"), Citation("s", 0, 1, "f", metadata={"openai": {}})
    prepared = sent("claude-test", user([quote]), assistant([Text("a"), foreign]), user("b"))
    assert prepared.payload["messages"][0]["content"] == [{"type": "text", "text": "q"}]
    assert prepared.payload["messages"][1]["content"] == [{"type": "text", "text": "a"}]
    assert fields(prepared.changes) == ["messages.citation"]


@pytest.mark.parametrize("tier", ["auto", "standard_only"])
def test_the_service_tiers_that_there_are(tier: str) -> None:
    assert sent(service_tier=tier).payload["service_tier"] == tier


def test_a_service_tier_of_another_provider_is_listed() -> None:
    prepared = sent(service_tier="flex")
    assert "service_tier" not in prepared.payload
    assert fields(prepared.changes) == ["service_tier"]


def test_extra_keys_join_what_is_there() -> None:
    extra = {"output_config": {"task_budget": {"total": 9}}, "metadata": {"user_id": "u"}, "stop_sequences": ["z"]}
    payload = sent(effort="low", stop=("a",), extra=extra).payload
    assert payload["output_config"] == {"effort": "low", "task_budget": {"total": 9}}
    assert payload["metadata"] == {"user_id": "u"}
    assert payload["stop_sequences"] == ["z"]


def test_arguments_that_are_no_object_are_still_legal() -> None:
    for arguments in ("[1]", "not json", "3"):
        prepared = sent(
            "claude-test", user("hi"), assistant(ToolCall("c", "look", arguments)), tool(ToolResult("c", ""))
        )
        assert prepared.payload["messages"][1]["content"][0]["input"] == {"text": arguments}
        assert fields(prepared.changes) == ["messages.tool_call"]


@pytest.mark.parametrize("parts", [[File("application/zip", "a.zip", b"zip")], [Text("")]], ids=["zip", "nothing"])
def test_a_request_of_which_nothing_can_travel_is_refused(parts: list[Part]) -> None:
    with pytest.raises(InvalidInput, match=r"messages"):
        sent("claude-test", user(parts))
    assert sent("claude-test", user([*parts, Text("What is this?")])).payload["messages"]


def test_why_nothing_can_travel_is_said() -> None:
    with pytest.raises(InvalidInput, match=r"messages\.file: the Messages API does not take application/zip; left out"):
        sent("claude-test", user([File("application/zip", "a.zip", b"zip")]))


@pytest.mark.parametrize("own", [{"signature": "s"}, {}, "s", {"type": 1}])
def test_reasoning_whose_metadata_is_no_block_is_left_out(own: Any) -> None:
    thought = Thinking("hm", metadata={"anthropic": own})
    made = encode(Request((user("hi"), assistant([thought, Text("a")]), user("b"))), "claude-opus-5")
    assert made.payload["messages"][1]["content"] == [{"type": "text", "text": "a"}]
    assert [(change.field, change.lost) for change in made.changes] == [("messages.thinking", True)]
