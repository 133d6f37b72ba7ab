"""Vectors of texts, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiapp.core.response import Change, Receipt
from aiapp.core.usage import Usage


@dataclass(frozen=True, slots=True)
class Vectors:
    """One vector for each text, in order, as numbers in 32 bits; `model` is the one that made them.

    `changes` is what of the texts the model could not take.
    """

    vectors: Sequence[Sequence[float]]
    model: str
    usage: Usage
    request_id: str | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Embeddings(Vectors):
    """What `Client.embed` returns: the vectors, with their receipt."""

    receipt: Receipt = field(kw_only=True)

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has; 0 where no text was given."""
        return len(self.vectors[0]) if self.vectors else 0

    @property
    def warnings(self) -> tuple[Change, ...]:
        """What was asked for and could not be honoured."""
        return self.receipt.warnings
