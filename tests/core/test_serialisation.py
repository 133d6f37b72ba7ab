"""Values as JSON: whatever is said comes back as it was, and what does not fit is named by its place."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core import events, formats, parts
from aiapp.core.errors import InvalidInput
from aiapp.core.events import Completion, Event, Finish, TextDelta, fold
from aiapp.core.messages import Message, user
from aiapp.core.parts import Image, Part, Text, Thinking
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.core.serialisation import canonical, from_json, from_plain, to_json, to_plain
from aiapp.core.usage import COUNTS, Iteration, Usage

texts = st.text()
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
opaque = st.dictionaries(texts, plain, max_size=3)
optional_texts = st.none() | texts
names = st.text(min_size=1).filter(lambda name: bool(name.strip()))
tool_names = st.from_regex(r"[a-zA-Z0-9_.:-]{1,128}", fullmatch=True)
images = st.builds(parts.Image, names, st.binary(), metadata=opaque) | st.builds(
    parts.Image, names, url=names, metadata=opaque
)
files = st.builds(parts.File, names, texts, st.binary(), metadata=opaque) | st.builds(
    parts.File, names, texts, url=names, metadata=opaque
)
places = st.none() | st.integers()
citations = st.builds(parts.Citation, texts, places, places, texts, places, places, opaque)
some_parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(parts.Text, texts, opaque),
    images,
    files,
    st.builds(parts.Thinking, texts, opaque),
    st.builds(parts.ToolCall, texts, texts, texts, opaque),
    st.builds(parts.ToolResult, texts, texts, st.booleans(), st.lists(images | files, max_size=2).map(tuple), opaque),
    citations,
)
roles = st.sampled_from(["system", "user", "assistant", "tool"])
some_messages = st.builds(Message, roles, st.lists(some_parts, max_size=4).map(tuple), st.booleans())
some_formats = (
    st.builds(formats.JsonSchema, opaque, st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True))
    | st.builds(formats.Regex, texts)
    | st.builds(formats.Choice, st.lists(texts).map(tuple))
    | st.builds(formats.Grammar, texts)
    | st.builds(formats.Quotation, st.lists(texts).map(tuple))
)


def with_look(tools: list[Tool]) -> tuple[Tool, ...]:
    """The tools, each of another name, and the one that the settings may choose."""
    return tuple({tool.name: tool for tool in [*tools, Tool("look", "", {})]}.values())


some_settings = st.builds(
    Settings,
    temperature=st.none() | st.floats(0, 2),
    max_tokens=st.none() | st.integers(1),
    stop=st.lists(st.text(min_size=1), max_size=2).map(tuple),
    effort=st.sampled_from([None, "none", "high"]),
    tool_choice=st.none() | st.sampled_from(["auto", "none"]) | st.just(Only("look")),
    parallel_tools=st.none() | st.booleans(),
    extra=opaque.filter(lambda extra: "stream" not in extra),
)
some_requests = st.builds(
    Request,
    st.lists(some_messages, max_size=3).map(tuple),
    st.lists(st.builds(Tool, tool_names, texts, opaque), max_size=2).map(with_look),
    st.none() | some_formats,
    some_settings,
    optional_texts,
)
counts = st.none() | st.integers(0)
told: dict[str, Any] = {**dict.fromkeys(COUNTS, counts), "raw": opaque}
some_iterations = st.builds(Iteration, texts, st.builds(Usage, **told), optional_texts)
usages = st.builds(
    Usage,
    **told,
    uses=st.dictionaries(texts, st.integers(0, 9), max_size=2),
    iterations=st.lists(some_iterations, max_size=2).map(tuple),
)
alternatives = st.lists(st.builds(events.Alternative, texts, st.floats(allow_nan=False, allow_infinity=False))).map(
    tuple
)
finishes = st.builds(Finish, st.sampled_from(get_args(events.FinishReason)), texts)
some_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(events.Started, texts, optional_texts),
    st.builds(events.Served, optional_texts, optional_texts),
    st.builds(events.Altered, texts, texts, st.booleans()),
    st.builds(events.TextDelta, texts),
    st.builds(events.ThinkingDelta, texts),
    st.builds(events.Cited, citations),
    st.builds(events.ToolCallStart, st.integers(0), texts, texts),
    st.builds(events.ToolCallDelta, st.integers(0), texts),
    st.builds(events.PartEnd, opaque, st.none() | st.integers(0)),
    st.builds(events.UsageReport, usages),
    st.builds(events.Ranking, alternatives),
    finishes,
)


def exact(value: Any) -> Any:
    """The value with what takes no part in `==`, such as metadata, taken into account."""
    if is_dataclass(value):
        return type(value), [exact(getattr(value, one.name)) for one in fields(value)]
    return [exact(one) for one in value] if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType]


@given(some_messages)
def test_any_message_comes_back_as_it_was(message: Message) -> None:
    assert exact(from_json(Message, to_json(message))) == exact(message)


@given(some_requests)
def test_any_request_comes_back_as_it_was(request: Request) -> None:
    assert exact(from_json(Request, to_json(request))) == exact(request)
    assert canonical(from_json(Request, to_json(request))) == canonical(request)


@given(st.lists(some_events, max_size=5).map(tuple))
def test_any_events_come_back_as_they_were(said: tuple[Event, ...]) -> None:
    assert exact(from_json(tuple[Event, ...], to_json(said))) == exact(said)


@given(st.lists(some_parts, max_size=3).map(tuple), st.none() | finishes, usages, optional_texts, alternatives)
def test_any_completion_comes_back_as_it_was(
    said: tuple[Part, ...], finish: Finish | None, usage: Usage, name: str | None, ranked: Any
) -> None:
    completion = Completion("m", said, finish, usage, name, alternatives=ranked)
    assert exact(from_json(Completion, to_json(completion))) == exact(completion)


@given(st.text(st.characters(categories=["Cs", "Lu", "So"]), max_size=1).map(lambda text: f"a{text}b"))
def test_a_lone_surrogate_survives(text: str) -> None:
    written = to_json(user(text))
    assert written.isascii()
    assert from_json(Message, written).text == text


def test_a_surrogate_pair_comes_back_as_its_character() -> None:
    assert from_json(Message, to_json(user("\ud83d\ude00"))).text == "\N{GRINNING FACE}"


def test_every_kind_of_part_event_and_format_can_be_written() -> None:
    from aiapp.core.serialisation import _KINDS  # pyright: ignore[reportPrivateUsage]

    unions: list[Any] = [parts.Part, events.Event, formats.Format]
    assert {member for union in unions for member in get_args(union)} <= set(_KINDS.values())
    written = {to_plain(part)["kind"] for part in (Text(""), Thinking(""), Image("image/png", b""))}
    assert written == {"text", "thinking", "image"}


def test_the_form_that_is_hashed_has_one_text() -> None:
    first = Request((user("hi"),), settings=Settings(extra={"b": 1, "a": (2, 3)}))
    second = Request((user("hi"),), format=None, settings=Settings(seed=None, extra={"a": [2, 3], "b": 1}))
    assert canonical(first) == canonical(second)
    assert canonical(first) == (
        '{"kind":"request","messages":[{"kind":"message","parts":[{"kind":"text","text":"hi"}],"role":"user"}],'
        '"settings":{"extra":{"a":[2,3],"b":1},"kind":"settings"}}'
    )


MESSAGE: dict[str, Any] = {"kind": "message", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "message:"),
        ({"kind": "text", "text": ""}, "message:"),
        ({**MESSAGE, "role": "king"}, "message.role:"),
        ({**MESSAGE, "role": ["user"]}, "message.role:"),
        ({"kind": "message", "role": "user"}, "message.parts:"),
        ({**MESSAGE, "colour": 1}, "message.colour:"),
        ({**MESSAGE, "cache": 1}, "message.cache:"),
        ({**MESSAGE, "parts": "hi"}, "message.parts:"),
        ({**MESSAGE, "parts": [{"kind": "text", "text": 1}]}, r"message\.parts\[0\]\.text:"),
        ({**MESSAGE, "parts": [{"kind": "finish", "reason": "stop", "raw": ""}]}, r"message\.parts\[0\]:"),
        ({**MESSAGE, "parts": [{"kind": "image", "media_type": "", "data": "?"}]}, r"message\.parts\[0\]\.data:"),
        ({**MESSAGE, "parts": [{"kind": "text", "text": "", "metadata": 1}]}, r"message\.parts\[0\]\.metadata:"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(value: Any, place: str) -> None:
    with pytest.raises(InvalidInput, match=place):
        from_plain(Message, value)
    with pytest.raises(InvalidInput, match=place):
        from_json(Message, json.dumps(value))


def test_settings_that_cannot_be_are_named_by_their_place() -> None:
    value = {"kind": "request", "messages": [MESSAGE], "settings": {"kind": "settings", "temperature": 9}}
    with pytest.raises(InvalidInput, match=r"request\.settings\.temperature: 9"):
        from_plain(Request, value)
    value["settings"] = {"kind": "settings", "top_k": True}
    with pytest.raises(InvalidInput, match=r"request\.settings\.top_k: True"):
        from_plain(Request, value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff\xfe\xff"])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidInput, match="JSON text"):
        from_json(Message, text)


@pytest.mark.parametrize("held", [float("nan"), float("inf"), b"bytes", {1, 2}, {1: 2}, Text("a part")])
def test_what_json_has_not_is_refused_before_it_is_lost(held: Any) -> None:
    with pytest.raises(InvalidInput, match=r"message\.parts\[0\]\.metadata\.openai"):
        to_json(Message("assistant", (Text("hi", {"openai": held}),)))


def test_events_fold_the_same_after_the_way_through_json() -> None:
    said: tuple[Event, ...] = (TextDelta("a"), TextDelta("b"), Finish("stop", "end_turn"))
    assert fold(from_json(tuple[Event, ...], to_json(said))) == fold(said)
