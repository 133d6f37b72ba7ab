"""What the Messages API counts, from payloads: U2, U4, U5, U6."""

from __future__ import annotations

from typing import Any

import pytest

from aiapp.core.events import Event, Served, fold
from aiapp.core.usage import Iteration, Usage
from aiapp.providers.anthropic.decode import StreamDecoder, decode
from aiapp.providers.litellm.decode import decode as decode_litellm
from aiapp.providers.litellm.usage import decode_usage as litellm_usage
from aiapp.providers.messages_usage import decode_service, decode_usage

COMPACTED: dict[str, Any] = {
    "input_tokens": 23_000,
    "output_tokens": 1_000,
    "cache_read_input_tokens": 0,
    "cache_creation_input_tokens": 0,
    "output_tokens_details": {"thinking_tokens": 400},
    "iterations": [
        {"type": "compaction", "input_tokens": 80_000, "output_tokens": 3_500, "cache_read_input_tokens": 100_000},
        {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000},
    ],
}


def test_u4_a_compaction_is_inside_our_totals_though_not_in_the_providers() -> None:
    usage = decode_usage(COMPACTED)
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (203_000, 4_500, 100_000)
    assert usage.reasoning_tokens == 400
    assert usage.iterations == (
        Iteration("compaction", Usage(180_000, 3_500, 100_000, 0)),
        Iteration("message", Usage(23_000, 1_000, 0, 0)),
    )
    assert usage.raw["input_tokens"] == 23_000


def test_u4_a_fallback_and_an_advisor_name_their_models() -> None:
    entries = [
        {"type": "message", "model": "asked", "input_tokens": 10, "output_tokens": 0},
        {"type": "fallback_message", "model": "other", "input_tokens": 10, "output_tokens": 5},
        {"type": "advisor_message", "model": "wise", "input_tokens": 90, "output_tokens": 8},
    ]
    usage = decode_usage({"input_tokens": 10, "output_tokens": 5, "iterations": entries})
    assert [one.model for one in usage.iterations] == ["asked", "other", "wise"]
    assert (usage.input_tokens, usage.output_tokens) == (110, 13)


def test_an_iteration_that_was_not_counted_leaves_the_total_unknown() -> None:
    usage = decode_usage({"input_tokens": 1, "output_tokens": 2, "iterations": [{"type": "compaction"}]})
    assert (usage.input_tokens, usage.output_tokens) == (None, None)


@pytest.mark.parametrize(
    ("split", "long"),
    [
        ({"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 20}, 20),
        ({"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 0}, 0),
        ({"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 20}, None),  # of an earlier count
        (None, None),
    ],
)
def test_u2_the_lifetimes_of_cache_writes(split: dict[str, int] | None, long: int | None) -> None:
    usage = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 50,
        "cache_read_input_tokens": None,
        "cache_creation": split,
        "output_tokens": 1,
    }
    assert decode_usage(usage) == Usage(55, 1, 0, 50, long_cache_write_tokens=long)


@pytest.mark.parametrize(
    ("usage", "served"),
    [
        ({"service_tier": "batch", "speed": "standard", "inference_geo": "us"}, Served("batch", region="us")),
        ({"service_tier": "standard", "speed": "fast"}, Served("fast")),
        ({"service_tier": "priority", "inference_geo": "not_available"}, Served("priority")),
        ({"inference_geo": "global"}, Served(region="global")),
        ({"service_tier": None}, None),
    ],
)
def test_u5_speed_and_region_are_those_of_the_answer(usage: dict[str, Any], served: Served | None) -> None:
    assert decode_service(usage) == served
    said = fold(decode({"model": "m", "content": [], "stop_reason": "end_turn", "usage": usage}, "m"))
    assert (said.tier, said.region) == (served and served.tier, served and served.region)


def test_u5_only_the_tools_that_are_charged_for_are_uses() -> None:
    usage = {"server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 7}}
    assert decode_usage(usage).uses == {"web_search": 2}
    assert decode_usage({"server_tool_use": {"web_search_requests": 0}}).uses == {}


def test_u6_a_stream_tells_its_input_at_the_start_and_replaces_it_at_the_end() -> None:
    begun = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 50,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 1,
        "iterations": [{"type": "message", "input_tokens": 5, "output_tokens": 1}],
    }
    ended = {"input_tokens": 5, "output_tokens": 9, "cache_creation_input_tokens": 50, "iterations": None}
    events = [
        {"type": "message_start", "message": {"model": "c", "usage": begun}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": ended},
    ]
    decoder = StreamDecoder("c")
    ours: list[Event] = [one for event in events[:1] for one in decoder.decode(event)]
    assert fold(ours).usage == Usage(55, None, 0, 50, long_cache_write_tokens=20)
    ours += decoder.decode(events[1])
    assert fold(ours).usage == Usage(55, 9, 0, 50, long_cache_write_tokens=20)


def test_what_litellm_passes_on() -> None:
    usage = {
        "prompt_tokens": 55,
        "completion_tokens": 9,
        "total_tokens": 64,
        "prompt_tokens_details": {
            "cached_tokens": 10,
            "cache_creation_tokens": 40,
            "cache_creation_token_details": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 10},
            "audio_tokens": 3,
            "image_tokens": 2,
            "cached_tokens_details": {"audio_tokens": 1},
        },
        "completion_tokens_details": {"reasoning_tokens": 4, "image_tokens": 6},
        "server_tool_use": {"web_search_requests": 2},
        "inference_geo": "us",
        "speed": "fast",
        "iterations": [{"type": "message", "input_tokens": 5, "output_tokens": 9, "model": "other"}],
    }
    assert litellm_usage(usage) == Usage(
        55,
        9,
        10,
        40,
        4,
        long_cache_write_tokens=10,
        audio_input_tokens=3,
        audio_cached_tokens=1,
        image_input_tokens=2,
        image_output_tokens=6,
        uses={"web_search": 2},
        iterations=(Iteration("message", Usage(5, 9, 0, 0), "other"),),
    )
    choice = {"message": {"content": "x"}, "finish_reason": "stop"}
    said = fold(decode_litellm({"choices": [choice], "usage": usage}, "m"))
    assert (said.tier, said.region) == ("fast", "us")
    plain = fold(decode_litellm({"choices": [choice], "usage": {}, "service_tier": "default"}, "m"))
    assert (plain.tier, plain.region) == ("standard", None)


def test_what_litellm_passes_on_and_is_no_count_is_unknown() -> None:
    usage = {"prompt_tokens": 12.0, "completion_tokens": "5", "prompt_tokens_details": {"cached_tokens": True}}
    assert litellm_usage(usage) == Usage(12, None)
