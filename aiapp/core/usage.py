"""Usage: how many tokens a call took. `None` means that nobody said; it is never the same as 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

COUNTS = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "long_cache_write_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "audio_cached_tokens",
    "image_input_tokens",
    "image_output_tokens",
)
"""The fields that are counts, and add up."""


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts with inclusive totals, whatever the provider's own convention is.

    `cached_tokens` and `cache_write_tokens` are inside `input_tokens`, and `long_cache_write_tokens`, those to be kept
    for the longer of the provider's lifetimes, inside the latter; `reasoning_tokens` are inside `output_tokens`. Audio
    and image tokens are inside the input or the output, `audio_cached_tokens` inside both `cached_tokens` and
    `audio_input_tokens`; providers name them only where there are some, so here None is as good as none.

    `uses` counts those uses of the provider's own tools that it charges for, such as `web_search`. `iterations` are the
    requests that the provider made of one call, where it tells them apart; all of them are inside the totals, though
    they are not in every provider's own. `raw` is the provider's own report; a sum has none.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    long_cache_write_tokens: int | None = field(default=None, kw_only=True)
    audio_input_tokens: int | None = field(default=None, kw_only=True)
    audio_output_tokens: int | None = field(default=None, kw_only=True)
    audio_cached_tokens: int | None = field(default=None, kw_only=True)
    image_input_tokens: int | None = field(default=None, kw_only=True)
    image_output_tokens: int | None = field(default=None, kw_only=True)
    uses: Mapping[str, int] = field(default_factory=_nothing, kw_only=True, hash=False)
    iterations: tuple[Iteration, ...] = field(default=(), kw_only=True)
    raw: Mapping[str, Any] = field(default_factory=_nothing, compare=False, repr=False, kw_only=True)

    @property
    def known(self) -> bool:
        """Whether both totals are known."""
        return self.input_tokens is not None and self.output_tokens is not None

    def __add__(self, other: Usage) -> Usage:
        return total_usage((self, other))


@dataclass(frozen=True, slots=True)
class Iteration:
    """One of the requests that the provider made of a call: what it was for, in the provider's word, and who served it.

    `model` is None where it is the call's own.
    """

    purpose: str
    usage: Usage
    model: str | None = None


def total_usage(usages: Iterable[Usage]) -> Usage:
    """The sum; a count that any of them does not know is unknown in the sum.

    It is for counting alone: a price may hang on the size of each request, so a call is billed before it is added.
    """
    items = list(usages)
    if not items:
        return Usage(0, 0)

    def total(name: str) -> int | None:
        counts: list[int | None] = [getattr(usage, name) for usage in items]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    counts: dict[str, Any] = {name: total(name) for name in COUNTS}
    uses = dict[str, int]()
    for name, count in (use for usage in items for use in usage.uses.items()):
        uses[name] = uses.get(name, 0) + count
    return Usage(**counts, uses=uses, iterations=tuple(one for usage in items for one in usage.iterations))
