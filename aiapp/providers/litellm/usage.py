"""What litellm counted, as our usage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core.usage import Usage
from aiapp.providers.messages_usage import decode_iterations


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Inclusive totals. No prompt takes 0 tokens: litellm writes that where the provider did not say."""
    total, output = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not total:
        return Usage(raw=dict(usage))
    inputs: Mapping[str, Any] = usage.get("prompt_tokens_details") or {}
    outputs: Mapping[str, Any] = usage.get("completion_tokens_details") or {}
    tools: Mapping[str, Any] = usage.get("server_tool_use") or {}
    lifetimes: Mapping[str, Any] = inputs.get("cache_creation_token_details") or {}
    cached: Mapping[str, Any] = inputs.get("cached_tokens_details") or {}
    reasoning: int | None = outputs.get("reasoning_tokens")
    if reasoning and output is not None and usage.get("total_tokens") == total + output + reasoning:
        output += reasoning  # a provider that counts reasoning outside the output: the sum tells
    uses = {
        "web_search": inputs.get("web_search_requests") or tools.get("web_search_requests"),
        "google_maps": inputs.get("google_maps_grounding_requests"),
    }
    return Usage(
        total,
        output,
        inputs.get("cached_tokens"),
        inputs.get("cache_write_tokens", inputs.get("cache_creation_tokens")),
        reasoning,
        long_cache_write_tokens=lifetimes.get("ephemeral_1h_input_tokens"),
        audio_input_tokens=inputs.get("audio_tokens"),
        audio_output_tokens=outputs.get("audio_tokens"),
        audio_cached_tokens=cached.get("audio_tokens"),
        image_input_tokens=inputs.get("image_tokens"),
        image_output_tokens=outputs.get("image_tokens"),
        uses={name: count for name, count in uses.items() if count},
        iterations=decode_iterations(usage),
        raw=dict(usage),
    )
