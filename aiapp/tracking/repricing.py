"""What `reprice` answers with: what recorded traffic cost, and would have cost on another model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Estimate:
    """Some calls, what they cost, and what they would have. What is None is unknown, for the reasons `unknown`.

    Between `low` and `high` lies the error of the token counts. It does not cover that another model may answer at
    another length: nobody recorded that.
    """

    calls: int
    recorded: Decimal | None
    recorded_at_least: Decimal
    low: Decimal | None
    expected: Decimal | None
    high: Decimal | None
    at_least: Decimal
    """A lower bound of what is known of `low`."""
    unknown: tuple[str, ...] = ()

    @property
    def change(self) -> Decimal | None:
        """`expected` over `recorded`; None where either is unknown or nothing was paid."""
        return self.expected / self.recorded if self.expected is not None and self.recorded else None


@dataclass(frozen=True, slots=True)
class Repricing:
    """An estimate of all calls, and of those of each model and prompt. `notes` say what was assumed, of how many."""

    model: str
    on: date
    total: Estimate
    by_model: Mapping[str, Estimate]
    by_prompt: Mapping[str, Estimate]
    notes: tuple[str, ...]
    source: str = ""
    as_of: date | None = None
