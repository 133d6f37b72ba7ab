"""A model as its maker released it, whoever serves it: open or closed, its size, and how good it was measured to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A published score, in the benchmark's own unit, as a rule percent."""

    name: str
    score: float
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the memory of a self-hosted model is worked out from.

    `parameters` and `active` (of a mixture of experts; else the same) in billions. Keys and values of one token take
    2 x `layers` x `kv_heads` x `head_size` numbers; `kv_numbers` overrides that product where attention is compressed,
    or where only some of the layers keep every token. `window_numbers` of a token are kept besides while it is one of
    the last `window`.
    """

    parameters: float
    active: float
    layers: int | None = None
    kv_heads: int | None = None
    head_size: int | None = None
    kv_numbers: int | None = None
    window: int | None = None
    window_numbers: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model. `open` says whether its weights can be had; then `licence` and `weights` (a repository) say how.

    `id` is ours: the maker's name in lower case with hyphens, such as `llama-3.3-70b`. What nobody published is None.
    """

    id: str
    maker: str
    family: str
    open: bool
    source: str
    as_of: date
    licence: str | None = None
    weights: str | None = None
    architecture: Architecture | None = None
    context: int | None = None
    released: date | None = None
    knowledge: date | None = None
    """The last day of what it was trained on; the first of the month where only that is known."""
    benchmarks: tuple[Benchmark, ...] = ()
