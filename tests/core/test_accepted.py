"""What cannot be used is refused where it is handed in, by the name of its field."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pytest

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Choice, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import File, Image, Text, Thinking, ToolCall, ToolResult
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.serialisation import from_json

HELLO = (user("hi"),)
LOOK = Tool("look", "Looks.", {"type": "object", "properties": {}})
PICTURE = Image("image/png", b"x")
Given: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]


def given(*values: Any, **named: Any) -> Given:
    """Arguments that no type checker would let through."""
    return values, named


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", float("nan")),
        ("top_p", "0.5"),
        ("top_k", 2.0),
        ("top_k", np.float64(2.0)),
        ("top_k", np.int64(0)),
        ("max_tokens", np.bool_(True)),
        ("temperature", np.float32("nan")),
        ("temperature", np.array([0.5])),
        ("max_tokens", 1.5),
        ("max_tokens", True),
        ("max_tokens", "10"),
        ("seed", "x"),
        ("seed", 1.0),
        ("effort", 3),
        ("effort", "hard"),
        ("cache", True),
        ("tool_choice", {"a": 1}),
        ("tool_choice", "any"),
        ("parallel_tools", "no"),
        ("service_tier", 3),
        ("service_tier", ""),
        ("stop", (1,)),
        ("stop", 5),
        ("stop", None),
        ("stop", ""),
        ("stop", ["a", ""]),
        ("extra", [1]),
        ("extra", None),
    ],
)
def test_a_setting_of_another_type_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings(**{field: value})
    assert (caught.value.field, repr(caught.value.value)) == (field, repr(value))
    assert str(caught.value).startswith(f"{field}: ")


def test_one_stop_sequence_is_one() -> None:
    assert Settings(stop="END").stop == ("END",)
    assert Settings(stop=["a", "b"]) == Settings(stop=("a", "b"))


@pytest.mark.parametrize(
    ("field", "value", "held"),
    [
        ("max_tokens", np.int64(5), 5),
        ("top_k", np.uint8(5), 5),
        ("seed", np.int32(-3), -3),
        ("temperature", np.float32(0.5), 0.5),
        ("temperature", np.float64(0.5), 0.5),
        ("temperature", np.int64(1), 1),
        ("top_p", Fraction(1, 2), 0.5),
    ],
)
def test_a_number_of_another_library_becomes_one_that_json_has(field: str, value: Any, held: float) -> None:
    kept = getattr(Settings(**{field: value}), field)
    assert (type(kept), kept) == (type(held), held)


def test_streaming_is_asked_for_by_its_own_verb() -> None:
    with pytest.raises(InvalidInput, match=r"client\.stream") as caught:
        Settings(extra={"stream": True})
    assert caught.value.field == "extra.stream"


@pytest.mark.parametrize(
    ("field", "make", "arguments"),
    [
        ("text", Text, given(5)),
        ("text", Text, given(None)),
        ("text", Thinking, given(b"x")),
        ("metadata", Text, given("hi", None)),
        ("metadata", Thinking, given("hm", "openai")),
        ("metadata", ToolCall, given("1", "look", "{}", [])),
        ("metadata", ToolResult, given("1", "found", metadata=None)),
        ("metadata", Image, given("image/png", b"x", metadata=None)),
        ("metadata", File, given("text/plain", "a.txt", b"x", metadata="a")),
        ("value", from_json, given(int, None)),
        ("data", Image, given("image/png")),
        ("url", Image, given("image/png", b"x", "https://a.org/b.png")),
        ("data", Image, given("image/png", "a.png")),
        ("url", Image, given("image/png", url=5)),
        ("url", Image, given("image/png", url="")),
        ("media_type", Image, given(b"x", b"x")),
        ("data", File, given("text/plain", "a.txt")),
        ("url", File, given("text/plain", "a.txt", b"x", "https://a.org/a.txt")),
        ("name", File, given("text/plain", None, b"x")),
        ("arguments", ToolCall, given("1", "look", {"at": "it"})),
        ("id", ToolCall, given(1, "look", "{}")),
        ("content", ToolResult, given("1", {"found": True})),
        ("call_id", ToolResult, given(None, "found")),
        ("attachments", ToolResult, given("1", "found", attachments=PICTURE)),
        ("attachments", ToolResult, given("1", "found", attachments=None)),
        ("attachments", ToolResult, given("1", "found", attachments="a.png")),
        ("attachments[0]", ToolResult, given("1", "found", attachments=(b"x",))),
        ("attachments", ToolResult, given("1", "found", attachments=Image("image/png", b"x"))),
        ("is_error", ToolResult, given("1", "found", "yes")),
        ("cache", Message, given("user", (Text("hi"),), "short")),
        ("cache", user, given("hi", cache="long")),
        ("schema", JsonSchema, given("object")),
        ("schema", JsonSchema, given(int)),
        ("name", JsonSchema, given({}, "my answer")),
        ("name", JsonSchema, given({}, "")),
        ("pattern", Regex, given(5)),
        ("lark", Grammar, given(None)),
        ("options", Choice, given("yes")),
        ("options[1]", Choice, given(["yes", 5])),
        ("texts", Quotation, given("a text")),
        ("role", Message, given("robot", (Text("hi"),))),
        ("role", Message, given(None, (Text("hi"),))),
        ("parts", Message, given("user", "hi")),
        ("parts", Message, given("user", None)),
        ("parts[1]", Message, given("user", (Text("hi"), "you"))),
        ("content", user, given(5)),
        ("content", user, given(None)),
        ("content", system, given(b"hi")),
        ("parts[0]", user, given(["text", PICTURE])),
        ("parts[0]", assistant, given([None])),
        ("results[0]", tool, given("found")),
        ("name", Tool, given("", None, 5)),
        ("description", Tool, given("look", None, 5)),
        ("parameters", Tool, given("look", "Looks.", 5)),
        ("parameters", Tool, given("look", "Looks.", {"type": "string"})),
        ("parameters", Tool, given("look", "Looks.", {"properties": ["at"]})),
        ("parameters", Tool, given("look", "Looks.", {"properties": {"at": "string"}})),
        ("messages", Request, given("hi")),
        ("messages", Request, given(None)),
        ("messages[1]", Request, given((*HELLO, "hi"))),
        ("tools", Request, given(HELLO, LOOK)),
        ("tools[0]", Request, given(HELLO, (3,))),
        ("tools", Request, given(HELLO, (LOOK, Tool("look", "Looks again.", {})))),
        ("format", Request, given(HELLO, format=int)),
        ("settings", Request, given(HELLO, settings={"temperature": 0})),
        ("settings", Request, given(HELLO, settings=None)),
        ("tool_choice", Request, given(HELLO, settings=Settings(tool_choice=Only("nope")))),
        ("tool_choice", Request, given(HELLO, (LOOK,), settings=Settings(tool_choice=Only("nope")))),
        ("request", Request.of, given(5)),
        ("request", Request.of, given(b"hi")),
        ("request", Request.of, given({"role": "user", "content": "hi"})),
        ("request", Request.of, given(["hi"])),
        ("messages", Request.of, given([])),
    ],
)
def test_what_makes_no_value_is_refused(field: str, make: Callable[..., object], arguments: Given) -> None:
    with pytest.raises(InvalidInput) as caught:
        make(*arguments[0], **arguments[1])
    assert caught.value.field == field
    assert caught.value.accepted


def test_lists_become_what_a_request_holds() -> None:
    asked = Request([user("hi")], [LOOK])
    assert asked == Request(HELLO, (LOOK,))
    assert Message("user", [Text("hi")]) == user("hi")
    assert ToolResult("1", "found", attachments=[PICTURE]) == ToolResult("1", "found", attachments=(PICTURE,))
    assert Choice(["a", "b"]) == Choice(("a", "b"))
    assert Quotation(["a b"]) == Quotation(("a b",))
    attached = ToolResult("1", "found", attachments=(PICTURE,))
    assert ToolResult("1", "found", attachments=(one for one in [PICTURE])) == attached


def test_a_tool_of_the_providers_own_may_be_the_only_one() -> None:
    own = Settings(tool_choice=Only("web_search"), extra={"tools": [{"type": "web_search"}]})
    assert Request(HELLO, settings=own).settings.tool_choice == Only("web_search")
    assert Request(HELLO, (LOOK,), settings=Settings(tool_choice=Only("look"))).tools == (LOOK,)
