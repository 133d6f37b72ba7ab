"""Usage: how many tokens a call took. `None` means that nobody said; it is never the same as 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts with inclusive totals.

    `cached_tokens` and `cache_write_tokens` are inside `input_tokens`, `reasoning_tokens` inside `output_tokens`,
    whatever the provider's own convention is.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None

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

    return Usage(**{field.name: total(field.name) for field in fields(Usage)})
