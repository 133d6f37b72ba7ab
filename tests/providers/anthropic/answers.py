"""Any answer of the Messages API, and the same answer as any stream of its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
COUNT = st.integers(0, 1000)
REASONS = ("end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "a_future_reason")
CITATIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("char_location"),
            "cited_text": TEXT,
            "document_index": COUNT,
            "document_title": st.none() | TEXT,
            "start_char_index": COUNT,
            "end_char_index": COUNT,
            "file_id": st.none(),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("page_location"), "cited_text": TEXT, "document_index": COUNT, "start_page_number": COUNT}
    ),
    st.fixed_dictionaries({"type": st.just("search_result_location"), "cited_text": TEXT, "source": TEXT}),
    st.fixed_dictionaries({"type": st.just("web_search_result_location"), "cited_text": TEXT, "url": TEXT}),
)
IDS = st.from_regex(r"toolu_[a-z0-9]{6}", fullmatch=True)


def _block(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


BLOCKS = st.one_of(
    _block("text", text=TEXT | st.just("")),
    _block("text", text=TEXT, citations=st.lists(CITATIONS, max_size=2)),
    _block("thinking", thinking=TEXT | st.just(""), signature=TEXT),
    _block("redacted_thinking", data=TEXT),
    _block("tool_use", id=IDS, name=TEXT, input=st.dictionaries(TEXT, JSON, max_size=3)),
    _block("tool_use", id=IDS, name=TEXT, input=st.just({}), caller=st.just({"type": "direct"})),
    _block("server_tool_use", id=IDS, name=st.just("web_search"), input=st.dictionaries(TEXT, JSON, max_size=2)),
    _block("web_search_tool_result", tool_use_id=IDS, content=st.lists(JSON, max_size=2)),
    _block("a_future_block", anything=JSON),
)
USAGES = st.fixed_dictionaries(
    {
        "input_tokens": COUNT,
        "output_tokens": COUNT,
        "cache_read_input_tokens": st.none() | COUNT,
        "cache_creation_input_tokens": st.none() | COUNT,
        "output_tokens_details": st.none() | st.fixed_dictionaries({"thinking_tokens": COUNT}),
        "service_tier": st.sampled_from(["standard", "priority", "batch", None]),
        "server_tool_use": st.none() | st.fixed_dictionaries({"web_search_requests": COUNT}),
    }
)
ANSWERS = st.fixed_dictionaries(
    {
        "id": st.just("msg_1"),
        "model": st.just("claude-served"),
        "content": st.lists(BLOCKS, max_size=6),
        "stop_reason": st.sampled_from(REASONS),
        "stop_details": st.none() | st.just({"type": "refusal", "category": "cyber", "explanation": None}),
        "usage": USAGES,
    }
)


@st.composite
def streams(draw: st.DrawFn, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The events of an answer: its texts cut anywhere, with pings and unknown events between them."""
    usage = dict(answer["usage"])
    first = {**usage, "output_tokens": 1, "output_tokens_details": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": answer["id"], "model": answer["model"], "usage": first}}
    ]
    for index, block in enumerate(answer["content"]):
        start, deltas = draw(_streamed(block))
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        for delta in deltas:
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            if draw(st.integers(0, 9)) == 0:
                events.append(draw(st.sampled_from([{"type": "ping"}, {"type": "a_future_event", "index": index}])))
        events.append({"type": "content_block_stop", "index": index})
    ending = {name: answer[name] for name in ("stop_reason", "stop_details")}
    if draw(st.booleans()):  # counts so far; they are cumulative
        events.append({"type": "message_delta", "delta": {}, "usage": {**usage, "output_tokens": 3}})
    events.append({"type": "message_delta", "delta": ending, "usage": usage})
    events.append({"type": "message_stop"})
    return events


@st.composite
def _streamed(draw: st.DrawFn, block: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a block starts with, and its deltas."""
    deltas: list[dict[str, Any]] = []
    start = dict(block)
    match block["type"]:
        case "text":
            start["text"] = ""
            deltas = [{"type": "text_delta", "text": piece} for piece in draw(_pieces(block["text"]))]
            if "citations" in block:
                start["citations"] = []
                cited = [{"type": "citations_delta", "citation": one} for one in block["citations"]]
                place = draw(st.integers(0, len(deltas)))
                deltas[place:place] = cited
        case "thinking":
            start |= {"thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in draw(_pieces(block["thinking"]))]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        case "tool_use" | "server_tool_use":
            start["input"] = {}
            whole = json.dumps(block["input"], ensure_ascii=False) if block["input"] else ""
            pieces = ["", *draw(_pieces(whole))]
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        case "a_future_block":
            deltas = [{"type": "a_future_delta", "anything": 1}]
        case _:
            pass
    return start, deltas


@st.composite
def _pieces(draw: st.DrawFn, text: str) -> list[str]:
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)) | {0, len(text)})
    return [text[start:end] for start, end in pairwise(places) if text[start:end]]


@st.composite
def answers_and_streams(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An answer, whole and as a stream."""
    answer: dict[str, Any] = draw(ANSWERS)
    return answer, draw(streams(answer))
