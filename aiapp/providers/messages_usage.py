"""What the Messages API counted, as our usage, and how it says that it served; others pass its words on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core.events import Served
from aiapp.core.usage import Iteration, Usage, total_usage
from aiapp.providers.reading import as_count, as_label, fields

_FREE = ("web_fetch_requests",)
"""Paid for by the tokens that it brings in, and by nothing else."""
_SUMMED = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "long_cache_write_tokens")


def decode_usage(usage: Mapping[str, Any]) -> Usage:
    """Inclusive totals: the API counts input that was read from or written to the cache apart.

    Its own totals leave out a compaction and an advisor, which `iterations` tells; ours are the sum of all of them.
    """
    details = fields(usage.get("output_tokens_details"))
    own = {name: as_count(count) for name, count in fields(usage.get("server_tool_use")).items()}
    iterations = decode_iterations(usage)
    counted = total_usage(one.usage for one in iterations) if iterations else Usage(**_counts(usage))
    return Usage(
        **{name: getattr(counted, name) for name in _SUMMED},
        reasoning_tokens=as_count(details.get("thinking_tokens")),
        uses={name.removesuffix("_requests"): count for name, count in own.items() if count and name not in _FREE},
        iterations=iterations,
        raw=dict(usage),
    )


def decode_service(usage: Mapping[str, Any]) -> Served | None:
    """The tier and the region that served, in our words; None where nothing is said of them."""
    tier = "fast" if usage.get("speed") == "fast" else as_label(usage.get("service_tier"))
    region = as_label(usage.get("inference_geo"))
    region = None if region == "not_available" else region
    return Served(tier=tier, region=region) if tier or region else None


def decode_iterations(usage: Mapping[str, Any]) -> tuple[Iteration, ...]:
    """The requests that were made of one call; none where it was one."""
    told: list[Any] | None = usage.get("iterations")
    reported = map(fields, told) if isinstance(told, list) else ()
    return tuple(Iteration(str(one.get("type")), Usage(**_counts(one)), as_label(one.get("model"))) for one in reported)


def _counts(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The whole input is the sum of three counts, by the API's own word; so one that is null adds nothing to it."""
    fresh, output = as_count(usage.get("input_tokens")), as_count(usage.get("output_tokens"))
    cached, written = _added(usage.get("cache_read_input_tokens")), _added(usage.get("cache_creation_input_tokens"))
    if fresh is None or cached is None or written is None:
        return {"output_tokens": output}
    return {
        "input_tokens": fresh + cached + written,
        "output_tokens": output,
        "cached_tokens": cached,
        "cache_write_tokens": written,
        "long_cache_write_tokens": _written_for_an_hour(usage, written),
    }


def _added(count: object) -> int | None:
    return 0 if count is None else as_count(count)


def _written_for_an_hour(usage: Mapping[str, Any], written: int) -> int | None:
    """None where the split was not told, or is of an earlier count: a stream tells it at its start alone."""
    split = fields(usage.get("cache_creation"))
    long, short = as_count(split.get("ephemeral_1h_input_tokens")), as_count(split.get("ephemeral_5m_input_tokens"))
    return long if long is not None and short is not None and long + short == written else None
