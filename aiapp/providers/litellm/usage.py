"""What litellm counted, as our usage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core.usage import Usage
from aiapp.providers.messages_usage import decode_iterations
from aiapp.providers.reading import as_count, fields


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Inclusive totals. No prompt takes 0 tokens: litellm writes that where the provider did not say."""
    total, output = as_count(usage.get("prompt_tokens")), as_count(usage.get("completion_tokens"))
    if not total:
        return Usage(raw=dict(usage))
    inputs = fields(usage.get("prompt_tokens_details"))
    outputs = fields(usage.get("completion_tokens_details"))
    tools = fields(usage.get("server_tool_use"))
    lifetimes = fields(inputs.get("cache_creation_token_details"))
    cached = fields(inputs.get("cached_tokens_details"))
    reasoning = as_count(outputs.get("reasoning_tokens"))
    if reasoning and output is not None and usage.get("total_tokens") == total + output + reasoning:
        output += reasoning  # a provider that counts reasoning outside the output: the sum tells
    uses = {
        "web_search": as_count(inputs.get("web_search_requests")) or as_count(tools.get("web_search_requests")),
        "google_maps": as_count(inputs.get("google_maps_grounding_requests")),
    }
    return Usage(
        total,
        output,
        as_count(inputs.get("cached_tokens")),
        as_count(inputs.get("cache_write_tokens", inputs.get("cache_creation_tokens"))),
        reasoning,
        long_cache_write_tokens=as_count(lifetimes.get("ephemeral_1h_input_tokens")),
        audio_input_tokens=as_count(inputs.get("audio_tokens")),
        audio_output_tokens=as_count(outputs.get("audio_tokens")),
        audio_cached_tokens=as_count(cached.get("audio_tokens")),
        image_input_tokens=as_count(inputs.get("image_tokens")),
        image_output_tokens=as_count(outputs.get("image_tokens")),
        uses={name: count for name, count in uses.items() if count},
        iterations=decode_iterations(usage),
        raw=dict(usage),
    )
