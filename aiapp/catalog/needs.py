"""What a user needs of a model, as one value that is checked when it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias, get_args

from aiapp.catalog.offers import Modality
from aiapp.catalog.traffic import Traffic
from aiapp.core.errors import InvalidInput

Weights: TypeAlias = Literal["any", "open", "closed"]
Where: TypeAlias = Literal["anywhere", "self-hostable", "here"]
Latency: TypeAlias = Literal["any", "relaxed", "interactive"]
Feature: TypeAlias = Literal[
    "tools", "forced_tools", "json_schema", "reasoning", "sampling", "prompt_cache", "prefill", "files", "images"
]
Money: TypeAlias = Decimal | str | int

LATENCY: Mapping[Latency, tuple[float, float]] = {"relaxed": (10.0, 10.0), "interactive": (1.0, 30.0)}
"""The longest wait for a first token in seconds, and the fewest tokens a second after it."""

PRICE, CONTEXT = "price", "context"


def _no_floors() -> Mapping[str, float]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a model must do, for which traffic, and at which price.

    `max_month` and `max_call` are US dollars for `traffic`. `context` is the tokens that request and answer may have
    together (as many as a call of `traffic` where it is None), of which `headroom` more must fit. `latency` is a class
    of `LATENCY`. `where` is who may run it: anyone, anyone as long as the weights can be had, or this machine alone.
    `until` is the last day on which it must be served. `quality` is the lowest score by a benchmark's name. `vendors`
    are the only ones wanted, `without` those that are not. `prefer` orders what fits: by `price`, by `context`, or
    by the score of a benchmark.
    """

    traffic: Traffic = field(default_factory=Traffic)
    weights: Weights = "any"
    max_month: Money | None = None
    max_call: Money | None = None
    context: int | None = None
    headroom: float = 0.2
    latency: Latency = "any"
    inputs: tuple[Modality, ...] = ("text",)
    outputs: tuple[Modality, ...] = ("text",)
    features: tuple[Feature, ...] = ()
    where: Where = "anywhere"
    region: str | None = None
    until: date | None = None
    quality: Mapping[str, float] = field(default_factory=_no_floors)
    vendors: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    prefer: str = PRICE

    def __post_init__(self) -> None:
        for name, words in (("weights", Weights), ("where", Where), ("latency", Latency)):
            _one_of(name, getattr(self, name), get_args(words))
        for name, words in (("inputs", Modality), ("outputs", Modality), ("features", Feature)):
            for word in _words(name, getattr(self, name), f"a tuple of {', '.join(get_args(words))}"):
                _one_of(name, word, get_args(words))
        for name in ("vendors", "without"):
            _words(name, getattr(self, name), "a tuple of vendors' names")
        for name in ("max_month", "max_call"):
            money(name, getattr(self, name))
        _of_kind("traffic", self.traffic, Traffic, "a Traffic")
        _of_kind("until", self.until, date | None, "a datetime.date, or None")
        _of_kind("region", self.region, str | None, "a region's name such as 'eu', or None")
        _of_kind("prefer", self.prefer, str, f"{PRICE!r}, {CONTEXT!r} or a benchmark's name")
        if self.context is not None and (not _is_number(self.context, int) or self.context < 1):
            raise InvalidInput("context", self.context, "a whole number of tokens from 1, or None")
        if not _is_number(self.headroom) or not 0 <= self.headroom <= 10:
            raise InvalidInput("headroom", self.headroom, "a share from 0 to 10, such as 0.2 for a fifth more")
        for benchmark, floor in self.quality.items():
            if not _is_number(floor) or floor != floor:
                raise InvalidInput(f"quality[{benchmark!r}]", floor, "a number in the benchmark's own unit")

    @property
    def tokens(self) -> int:
        """The context that is asked for, head-room included."""
        wanted = self.traffic.tokens if self.context is None else self.context
        return math.ceil(wanted * (1 + Decimal(str(self.headroom))))


def money(name: str, value: object) -> Decimal | None:
    """US dollars from what was given; a float is refused because it is not exact."""
    if value is None:
        return None
    if isinstance(value, Decimal | str) or _is_number(value, int):
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if amount.is_finite() and amount >= 0:
            return amount
    raise InvalidInput(name, value, "US dollars from 0 as a Decimal, a whole number or a string such as '0.50'")


def _is_number(value: object, kind: type | tuple[type, ...] = (int, float)) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _one_of(name: str, value: object, words: tuple[str, ...]) -> None:
    if value not in words:
        raise InvalidInput(name, value, f"one of {', '.join(words)}")


def _of_kind(name: str, value: object, kind: Any, accepted: str) -> None:
    if not isinstance(value, kind) or isinstance(value, datetime) or value == "":
        raise InvalidInput(name, value, accepted)


def _words(name: str, values: tuple[str, ...], accepted: str) -> tuple[str, ...]:
    """A tuple of words; a lone string, which would be read letter by letter, is refused."""
    if type(values) is not tuple or not all(type(word) is str and word for word in values):
        raise InvalidInput(name, values, accepted)
    return values
