"""What the Messages API counted, as our usage, and how it says that it served; others pass its words on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiapp.core.events import Served
from aiapp.core.usage import Iteration, Usage, total_usage

_FREE = ("web_fetch_requests",)
"""Paid for by the tokens that it brings in, and by nothing else."""
_SUMMED = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "long_cache_write_tokens")


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Inclusive totals: the API counts input that was read from or written to the cache apart.

    Its own totals leave out a compaction and an advisor, which `iterations` tells; ours are the sum of all of them.
    """
    details: Mapping[str, Any] = usage.get("output_tokens_details") or {}
    own: Mapping[str, Any] = usage.get("server_tool_use") or {}
    iterations = decode_iterations(usage)
    counted = total_usage(one.usage for one in iterations) if iterations else Usage(**_counts(usage))
    return Usage(
        **{name: getattr(counted, name) for name in _SUMMED},
        reasoning_tokens=details.get("thinking_tokens"),
        uses={name.removesuffix("_requests"): count for name, count in own.items() if count and name not in _FREE},
        iterations=iterations,
        raw=dict(usage),
    )


def decode_service(usage: Mapping[str, Any]) -> Served | None:
    """The tier and the region that served, in our words; None where nothing is said of them."""
    tier = "fast" if usage.get("speed") == "fast" else usage.get("service_tier")
    region = usage.get("inference_geo")
    region = None if region == "not_available" else region
    return Served(tier=tier, region=region) if tier or region else None


def decode_iterations(usage: Mapping[str, Any]) -> tuple[Iteration, ...]:
    """The requests that were made of one call; none where it was one."""
    reported: Sequence[Mapping[str, Any]] = usage.get("iterations") or ()
    return tuple(Iteration(str(one.get("type")), Usage(**_counts(one)), one.get("model")) for one in reported)


def _counts(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The whole input is the sum of three counts, by the API's own word; so one that is null adds nothing to it."""
    fresh: int | None = usage.get("input_tokens")
    output: int | None = usage.get("output_tokens")
    if fresh is None:
        return {"output_tokens": output}
    cached: int = usage.get("cache_read_input_tokens") or 0
    written: int = usage.get("cache_creation_input_tokens") or 0
    return {
        "input_tokens": fresh + cached + written,
        "output_tokens": output,
        "cached_tokens": cached,
        "cache_write_tokens": written,
        "long_cache_write_tokens": _written_for_an_hour(usage, written),
    }


def _written_for_an_hour(usage: Mapping[str, Any], written: int) -> int | None:
    """None where the split was not told, or is of an earlier count: a stream tells it at its start alone."""
    split: Mapping[str, Any] = usage.get("cache_creation") or {}
    long, short = split.get("ephemeral_1h_input_tokens"), split.get("ephemeral_5m_input_tokens")
    return long if long is not None and short is not None and long + short == written else None
