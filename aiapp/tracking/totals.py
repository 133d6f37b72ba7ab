"""Totals of calls: tokens, money and time, all together or by model, prompt, tag, step or day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from aiapp.core.errors import InvalidInput
from aiapp.core.usage import Usage, total_usage
from aiapp.tracking.entry import Entry

By: TypeAlias = Literal["model", "prompt", "tag", "step", "day"]
BYS: tuple[By, ...] = get_args(By)
NONE = "(none)"
"""The group of what has no prompt, tag or step."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of seconds, interpolated between the two nearest; None where nothing was measured."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What some calls took.

    `usage` and `cost` are None where any call's are unknown; `usage_at_least` and `at_least` are the sums of what is
    known, and `unknown` says why there is no more. What came from the cache is counted in `calls` and `cached` alone.
    `seconds` and `first_token` are of calls that were answered, waiting and retries included; `tokens_per_second` is
    the output of all such calls over the seconds after their first tokens (all seconds of one that was not streamed).
    """

    calls: int
    failed: int
    cached: int
    usage: Usage
    usage_at_least: Usage
    cost: Decimal | None
    at_least: Decimal
    unknown: tuple[str, ...]
    seconds: Latency
    first_token: Latency
    tokens_per_second: float | None


def totals(entries: Iterable[Entry]) -> Totals:
    """The totals of some calls."""
    calls = list(entries)
    asked = [one for one in calls if not one.cached]
    answered = [one for one in asked if not one.failed]
    usages = [one.usage for one in asked]
    costs = [one.cost for one in asked]
    known = [cost for cost in costs if cost is not None]
    firsts = [one.first_token for one in answered if one.first_token is not None]
    return Totals(
        calls=len(calls),
        failed=sum(one.failed for one in calls),
        cached=len(calls) - len(asked),
        usage=total_usage(usages),
        usage_at_least=total_usage(map(_known, usages)),
        cost=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        at_least=sum((one.at_least for one in asked), Decimal(0)),
        unknown=tuple(dict.fromkeys(reason for one in asked for reason in one.unknown)),
        seconds=_latency([one.seconds for one in answered]),
        first_token=_latency(firsts),
        tokens_per_second=_speed(answered),
    )


def grouped(entries: Iterable[Entry], by: By) -> Mapping[str, Totals]:
    """The totals of each group, by name; days are those of UTC.

    A call with several tags counts in the group of each, so that those may add up to more than there is.
    """
    if by not in BYS:
        raise InvalidInput("by", by, ", ".join(BYS))
    names, groups = _NAMES[by], dict[str, list[Entry]]()
    for entry in entries:
        for name in names(entry):
            groups.setdefault(name, []).append(entry)
    return {name: totals(groups[name]) for name in sorted(groups)}


_NAMES: Mapping[By, Callable[[Entry], Sequence[str]]] = {
    "model": lambda entry: (entry.model,),
    "prompt": lambda entry: (entry.prompt or NONE,),
    "tag": lambda entry: entry.tags or (NONE,),
    "step": lambda entry: (" / ".join(entry.step) or NONE,),
    "day": lambda entry: (entry.started.astimezone(UTC).date().isoformat(),),
}


def _known(usage: Usage) -> Usage:
    return Usage(
        usage.input_tokens or 0,
        usage.output_tokens or 0,
        usage.cached_tokens or 0,
        usage.cache_write_tokens or 0,
        usage.reasoning_tokens or 0,
    )


def _latency(seconds: Sequence[float]) -> Latency:
    ordered = sorted(seconds)
    return Latency(_percentile(ordered, 0.5), _percentile(ordered, 0.95))


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _speed(answered: Iterable[Entry]) -> float | None:
    tokens, seconds = 0, 0.0
    for one in answered:
        if one.usage.output_tokens is not None and (writing := one.writing) is not None:
            tokens += one.usage.output_tokens
            seconds += writing
    return tokens / seconds if seconds > 0 else None
