"""What the Responses API counted, as our usage. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.core.usage import Iteration, Usage, total_usage
from aiapp.providers.reading import as_count, as_label, fields

_SUMMED = ("input_tokens", "output_tokens", "cached_tokens", "image_input_tokens", "image_output_tokens")
_PAID = ("web_search_call", "file_search_call", "code_interpreter_call")
_PAINTER = "image_generation"
"""The tool; and the name of its model where the provider chose one."""


def decode_usage(response: Mapping[str, Any]) -> Usage:
    """Counts as OpenAI gives them are inclusive already. What its own tools took is told beside them.

    Images that it generated are an iteration: another model made them, with tokens that the totals leave out.
    """
    reported = fields(response.get("usage"))
    inputs = fields(reported.get("input_tokens_details"))
    outputs = fields(reported.get("output_tokens_details"))
    lifetimes = fields(inputs.get("cache_write_tokens_details"))
    counts: dict[str, Any] = {
        "input_tokens": as_count(reported.get("input_tokens")),
        "output_tokens": as_count(reported.get("output_tokens")),
        "cached_tokens": as_count(inputs.get("cached_tokens")),
        "cache_write_tokens": as_count(inputs.get("cache_write_tokens")),
        "reasoning_tokens": as_count(outputs.get("reasoning_tokens")),
        "long_cache_write_tokens": as_count(lifetimes.get("ttl_12h_tokens")),
        "audio_input_tokens": as_count(inputs.get("audio_tokens")),
        "audio_output_tokens": as_count(outputs.get("audio_tokens")),
        "image_input_tokens": as_count(inputs.get("image_tokens")),
        "image_output_tokens": as_count(outputs.get("image_tokens")),
    }
    painted = _painted(response)
    if painted is None:
        return Usage(**counts, uses=dict(_uses(response)), raw=dict(reported))
    iterations = (Iteration("response", Usage(**counts)), painted)
    whole = total_usage(one.usage for one in iterations)
    totals = {name: getattr(whole, name) for name in _SUMMED}
    return Usage(**counts | totals, uses=dict(_uses(response)), iterations=iterations, raw=dict(reported))


def _uses(response: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The uses of its tools that cost money, each once; a page that is opened is no search."""
    items = [item for item in map(fields, response.get("output") or ()) if item.get("type") in _PAID]
    if not items and not response.get("tool_usage"):
        return iter(())
    told = as_count(fields(fields(response.get("tool_usage")).get("web_search")).get("num_requests"))
    seen = sum(item.get("type") == "web_search_call" and _searches(item) for item in items)
    counts = {
        "web_search": seen if told is None else told,
        "file_search": sum(item.get("type") == "file_search_call" for item in items),
        # A container is paid for, however often code runs in it.
        "code_interpreter": len({item.get("container_id") for item in items if _runs_code(item)}),
    }
    return ((name, count) for name, count in counts.items() if count)


def _searches(item: Mapping[str, Any]) -> bool:
    return bool(fields(item.get("action")).get("type", "search") == "search")


def _runs_code(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "code_interpreter_call"


def _painted(response: Mapping[str, Any]) -> Iteration | None:
    """What the images took that were generated; the tool names the model that made them, unless it is its default."""
    own = fields(fields(response.get("tool_usage")).get("image_gen"))
    if not own.get("total_tokens"):
        return None
    inputs = fields(own.get("input_tokens_details"))
    outputs = fields(own.get("output_tokens_details"))
    usage = Usage(
        as_count(own.get("input_tokens")),
        as_count(own.get("output_tokens")),
        as_count(own.get("cached_tokens")),
        image_input_tokens=as_count(inputs.get("image_tokens")),
        image_output_tokens=as_count(outputs.get("image_tokens")),
    )
    tools = map(fields, response.get("tools") or ())
    named = (as_label(tool.get("model")) for tool in tools if tool.get("type") == _PAINTER)
    return Iteration(_PAINTER, usage, next(filter(None, named), _PAINTER))
