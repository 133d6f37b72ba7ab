"""Prices of one offer: rates by service tier and by size of request, valid from a date, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from decimal import Decimal

STANDARD = "standard"


def _no_factors() -> Mapping[str, Decimal]:
    return {}


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens; None where nobody wrote the rate down, which is not 0.

    `cache_write` is for the provider's usual lifetime (Anthropic 5 minutes, OpenAI 30 minutes), `cache_write_long` for
    the longer one (1 hour, 12 hours). `reasoning` is there only where it differs from `output`, and the audio and image
    rates where they differ from text.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_long: Decimal | None = None
    reasoning: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    audio_cache_read: Decimal | None = None
    image_input: Decimal | None = None
    image_output: Decimal | None = None

    def times(self, factor: Decimal) -> Rates:
        """Every rate multiplied; what is unknown stays so."""
        known = {one.name: rate for one in fields(self) if (rate := getattr(self, one.name)) is not None}
        return Rates(**{name: rate * factor for name, rate in known.items()})


@dataclass(frozen=True, slots=True)
class Step:
    """The rates of a request whose whole input, cached tokens included, is more than `above` tokens.

    A step is a cliff: over it every token of the request takes these rates, not only those beyond.
    """

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of the day, in UTC, on some days of the week (1 is Monday). `end` is exclusive; midnight ends the day."""

    days: tuple[int, ...]
    begin: time
    end: time

    @classmethod
    def between(cls, begin: str, end: str, days: Iterable[int]) -> Hours:
        """From `HH:MM` to `HH:MM`."""
        return cls(tuple(days), time.fromisoformat(begin), time.fromisoformat(end))

    def hold(self, moment: datetime) -> bool:
        """Whether a moment in UTC lies in them."""
        in_time = self.begin <= moment.time() and (self.end == time.min or moment.time() < self.end)
        return moment.isoweekday() in self.days and in_time


@dataclass(frozen=True, slots=True)
class PriceList:
    """What an offer costs from `valid_from` (inclusive; None: since ever) on, until the next list begins.

    `tiers` are by service tier in our words (`standard`, `batch`, `flex`, `priority`, `fast`, `ultrafast`), each with
    its steps in rising order, the first at 0. A tier that is not there has no known price. `factors` multiply all
    rates by where or how the request was served, such as `us` for inference in the United States alone. `uses` are US
    dollars for one use of the provider's own tools, such as `web_search`, wherever and however fast it was served. A
    list with `hours` holds in these alone, beside one without that holds in all others: off-peak prices.
    """

    tiers: Mapping[str, tuple[Step, ...]]
    source: str
    as_of: date
    valid_from: date | None = None
    factors: Mapping[str, Decimal] = field(default_factory=_no_factors)
    uses: Mapping[str, Decimal] = field(default_factory=_no_factors)
    hours: tuple[Hours, ...] = ()

    def rates(self, input_tokens: int = 0, tier: str = STANDARD) -> Rates | None:
        """The rates of a request with so many input tokens, cached ones included; None for a tier without a price."""
        step = self.step(input_tokens, tier)
        return None if step is None else step.rates

    def step(self, input_tokens: int = 0, tier: str = STANDARD) -> Step | None:
        """The step whose rates those are."""
        steps = self.tiers.get(tier)
        if not steps:
            return None
        return next((step for step in reversed(steps) if input_tokens > step.above), steps[0])


def valid_at(lists: tuple[PriceList, ...], at: date | datetime) -> PriceList | None:
    """The list that holds at a moment (one without a time zone is UTC), or on a day; None before the first one began.

    A day alone does not tell the hour: then a list with `hours` does not hold.
    """
    moment = None
    if isinstance(at, datetime):
        moment = at if at.tzinfo is None else at.astimezone(UTC)
    day = at if moment is None else moment.date()
    valid = [
        one
        for one in lists
        if (one.valid_from is None or one.valid_from <= day)
        and (not one.hours or (moment is not None and any(hours.hold(moment) for hours in one.hours)))
    ]
    return max(valid, key=lambda one: (one.valid_from or date.min, bool(one.hours)), default=None)
