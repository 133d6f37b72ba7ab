"""Usage: how many tokens a call took. `None` means that nobody said; it is never the same as 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts with inclusive totals.

    `cached_tokens` and `cache_write_tokens` are inside `input_tokens`, `reasoning_tokens` inside `output_tokens`,
    whatever the provider's own convention is. `raw` is the provider's own report, which may say more (the lifetimes of
    cache writes, searches); a sum has none.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    raw: Mapping[str, Any] = field(default_factory=_nothing, compare=False, repr=False)

    @property
    def known(self) -> bool:
        """Whether both totals are known."""
        return self.input_tokens is not None and self.output_tokens is not None

    def __add__(self, other: Usage) -> Usage:
        return total_usage((self, other))


def total_usage(usages: Iterable[Usage]) -> Usage:
    """The sum; a count that any of them does not know is unknown in the sum."""
    items = list(usages)
    if not items:
        return Usage(0, 0)

    def total(name: str) -> int | None:
        counts: list[int | None] = [getattr(usage, name) for usage in items]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    counts: dict[str, Any] = {name: total(name) for name in _COUNTS}
    return Usage(**counts)
