"""The fold: a whole answer is what its events add up to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.events import (
    Completion,
    Event,
    Finish,
    PartEnd,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
    fold,
)
from aiapp.core.parts import Text, Thinking, ToolCall
from aiapp.core.usage import Usage


def test_text_deltas_make_one_part() -> None:
    events: list[Event] = [Started("m", "r1"), TextDelta("Hel"), TextDelta("lo"), Finish("stop", "end_turn")]
    assert fold(events) == Completion("m", (Text("Hello"),), Finish("stop", "end_turn"), Usage(), "r1")


def test_parts_keep_their_order_and_their_metadata() -> None:
    signed = {"anthropic": {"signature": "abc"}}
    events: list[Event] = [ThinkingDelta("hm"), PartEnd(signed), TextDelta("a"), PartEnd(), TextDelta("b")]
    parts = fold(events).parts
    assert parts == (Thinking("hm"), Text("a"), Text("b"))
    assert isinstance(parts[0], Thinking)
    assert parts[0].metadata == signed


def test_metadata_without_text_is_a_thinking_part_of_its_own() -> None:
    """A redacted or omitted reasoning block has no text, but must be sent back."""
    part = fold([PartEnd({"anthropic": {"data": "opaque"}}), TextDelta("x")]).parts[0]
    assert part == Thinking("")
    assert isinstance(part, Thinking)
    assert part.metadata == {"anthropic": {"data": "opaque"}}


def test_a_stream_cut_before_its_end_has_no_finish_and_unknown_usage() -> None:
    cut = fold([Started("m"), TextDelta("Hel")])
    assert cut.finish is None
    assert not cut.usage.known


def test_a_later_usage_report_replaces_an_earlier_one() -> None:
    assert fold([UsageReport(Usage(10, 1)), UsageReport(Usage(10, 7))]).usage == Usage(10, 7)


@given(
    st.lists(st.text(max_size=8), min_size=1, max_size=5).flatmap(
        lambda texts: st.tuples(st.just(texts), st.permutations([i for i, text in enumerate(texts) for _ in text]))
    )
)
def test_any_interleaving_of_parallel_tool_calls_gives_the_same_calls(case: tuple[list[str], list[int]]) -> None:
    texts, order = case
    events: list[Event] = [ToolCallStart(index, f"id{index}", f"tool{index}") for index in range(len(texts))]
    sent = [0] * len(texts)
    for index in order:
        events.append(ToolCallDelta(index, texts[index][sent[index]]))
        sent[index] += 1
    assert fold(events).tool_calls == tuple(ToolCall(f"id{i}", f"tool{i}", text) for i, text in enumerate(texts))


@given(st.text(st.characters(exclude_categories=[])))
def test_a_character_cut_between_its_utf_16_units_is_one_again(text: str) -> None:
    """As servers written in JavaScript cut a text: each half of a pair comes in a delta of its own."""
    units = text.encode("utf-16-le", "surrogatepass")
    pieces = [units[place : place + 2].decode("utf-16-le", "surrogatepass") for place in range(0, len(units), 2)]
    whole = units.decode("utf-16-le", "surrogatepass")
    assert fold(TextDelta(piece) for piece in pieces).text == whole
