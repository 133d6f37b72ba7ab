"""What the Responses API and Chat Completions count, from payloads: U1, U3, U5, U9, P7."""

from __future__ import annotations

from typing import Any

import pytest

from aiapp.core.events import Served, fold
from aiapp.core.usage import Iteration, Usage
from aiapp.providers.openai.chat.decode import decode as decode_chat
from aiapp.providers.openai.chat.usage import decode_usage as chat_usage
from aiapp.providers.openai.decode import decode
from aiapp.providers.openai.usage import decode_usage
from aiapp.providers.openai.vendors import vendors
from aiapp.providers.tiers import served_tier

COUNTS: dict[str, Any] = {
    "input_tokens": 9000,
    "input_tokens_details": {
        "cached_tokens": 4000,
        "cache_write_tokens": 3000,
        "cache_write_tokens_details": {"ttl_30m_tokens": 2000, "ttl_12h_tokens": 1000},
    },
    "output_tokens": 500,
    "output_tokens_details": {"reasoning_tokens": 320},
    "total_tokens": 9500,
}
SEARCHES = [
    {"type": "web_search_call", "id": "1", "action": {"type": "search", "query": "a"}},
    {"type": "web_search_call", "id": "2", "action": {"type": "open_page", "url": "b"}},
    {"type": "web_search_call", "id": "3", "action": {"type": "search", "query": "c"}},
    {"type": "file_search_call", "id": "4"},
    {"type": "code_interpreter_call", "id": "5", "container_id": "one"},
    {"type": "code_interpreter_call", "id": "6", "container_id": "one"},
]


def response(**more: Any) -> dict[str, Any]:
    return {"id": "r", "model": "m", "status": "completed", "output": [], "usage": COUNTS, **more}


def test_u1_both_lifetimes_of_a_cache_write_are_inside_the_input() -> None:
    usage = decode_usage(response())
    assert usage == Usage(9000, 500, 4000, 3000, 320, long_cache_write_tokens=1000)
    assert usage.raw == COUNTS


def test_p7_the_uses_of_its_own_tools_are_counted_and_a_page_is_no_search() -> None:
    assert decode_usage(response(output=SEARCHES)).uses == {"web_search": 2, "file_search": 1, "code_interpreter": 1}
    told = {"web_search": {"num_requests": 1}, "image_gen": {"total_tokens": 0}}
    assert decode_usage(response(output=SEARCHES[:3], tool_usage=told)).uses == {"web_search": 1}
    assert decode_usage(response()).uses == {}


def test_p7_an_image_is_an_iteration_of_another_model() -> None:
    painted = {
        "input_tokens": 60,
        "input_tokens_details": {"image_tokens": 50, "text_tokens": 10},
        "output_tokens": 1000,
        "output_tokens_details": {"image_tokens": 1000, "text_tokens": 0},
        "total_tokens": 1060,
    }
    tools = [{"type": "image_generation", "model": "painter-2"}]
    usage = decode_usage(response(tool_usage={"image_gen": painted}, tools=tools))
    assert (usage.input_tokens, usage.output_tokens) == (9060, 1500)
    made = Usage(60, 1000, image_input_tokens=50, image_output_tokens=1000)
    assert usage.iterations[1] == Iteration("image_generation", made, "painter-2")
    assert usage.iterations[0].model is None
    unnamed = decode_usage(response(tool_usage={"image_gen": painted}))
    assert unnamed.iterations[1].model == "image_generation"


@pytest.mark.parametrize(
    ("word", "tier"),
    [
        ("default", "standard"),
        ("flex", "flex"),
        ("priority", "priority"),
        ("fast", "priority"),
        ("ultrafast", "ultrafast"),
        ("scale", "scale"),
        ("on_demand", "standard"),
        ("auto", None),
        (None, None),
    ],
)
def test_u5_the_tier_that_served_is_in_our_words(word: str | None, tier: str | None) -> None:
    assert served_tier(word) == tier
    answer = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "service_tier": word}
    assert fold(decode(response(service_tier=word), "m")).tier == tier
    assert fold(decode_chat(answer, "m", vendors()["openai-chat"])).tier == tier
    assert word != "auto" or not [one for one in decode(response(service_tier=word), "m") if isinstance(one, Served)]


def test_u1_audio_images_and_predictions_are_inside() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 20, "audio_tokens": 30, "image_tokens": 10},
        "completion_tokens_details": {"audio_tokens": 25, "reasoning_tokens": 5, "rejected_prediction_tokens": 8},
    }
    assert chat_usage(usage, vendors()["openai-chat"]) == Usage(
        100, 50, 20, None, 5, audio_input_tokens=30, audio_output_tokens=25, image_input_tokens=10
    )


def test_u3_xai_counts_reasoning_outside_and_its_searches_apart() -> None:
    usage = {
        "prompt_tokens": 40,
        "completion_tokens": 10,
        "completion_tokens_details": {"reasoning_tokens": 90},
        "server_side_tool_usage_details": {"web_search_calls": 3},
    }
    counted = chat_usage(usage, vendors()["xai"])
    assert (counted.output_tokens, counted.reasoning_tokens, counted.uses) == (100, 90, {"web_search": 3})
    assert chat_usage(usage, vendors()["groq"]).output_tokens == 10


def test_u9_all_choices_are_charged_for() -> None:
    """The report is of the whole answer: three choices of ten tokens, of which the first is read."""
    message = {"message": {"content": "x"}, "finish_reason": "stop"}
    answer = {
        "choices": [{**message, "index": index} for index in range(3)],
        "usage": {"prompt_tokens": 7, "completion_tokens": 30},
    }
    assert fold(decode_chat(answer, "m", vendors()["openai-chat"])).usage == Usage(7, 30)
