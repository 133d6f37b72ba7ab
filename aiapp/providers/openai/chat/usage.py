"""What Chat Completions counted, as our usage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core.usage import Usage
from aiapp.providers.openai.vendors import Vendor
from aiapp.providers.reading import as_count, fields

_SEARCHES = (
    ("server_tool_use", "web_search_requests"),  # OpenRouter
    ("server_side_tool_usage_details", "web_search_calls"),  # xAI
)


def decode_usage(usage: Mapping[str, Any], vendor: Vendor) -> Usage:
    """Inclusive counts, of all choices; where a vendor reports reasoning outside the output, it is added."""
    inputs = fields(usage.get("prompt_tokens_details"))
    outputs = fields(usage.get("completion_tokens_details"))
    cached = as_count(inputs.get("cached_tokens"))
    written = as_count(inputs.get("cache_write_tokens"))
    output = as_count(usage.get("completion_tokens"))
    reasoning = as_count(outputs.get("reasoning_tokens"))
    if vendor.reasoning_outside and output is not None:
        unknown = reasoning is None and outputs.get("reasoning_tokens") is not None
        output = None if unknown else output + (reasoning or 0)
    searches = next((count for tool, name in _SEARCHES if (count := as_count(fields(usage.get(tool)).get(name)))), 0)
    return Usage(
        as_count(usage.get("prompt_tokens")),
        output,
        as_count(usage.get("prompt_cache_hit_tokens")) if cached is None else cached,  # DeepSeek's name for it
        written,
        reasoning,
        long_cache_write_tokens=0 if written else None,  # over this wire none can be asked to be kept longer
        audio_input_tokens=as_count(inputs.get("audio_tokens")),
        audio_output_tokens=as_count(outputs.get("audio_tokens")),
        image_input_tokens=as_count(inputs.get("image_tokens")),
        image_output_tokens=as_count(outputs.get("image_tokens")),
        uses={"web_search": searches} if searches else {},
        raw=dict(usage),
    )
