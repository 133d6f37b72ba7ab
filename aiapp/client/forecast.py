"""What many requests will take in money and time, before any of them is sent: `Client.forecast`.

Low: the input as this machine counts it, at the lowest rates that it may have, and no answer; as if every call were as
quick as the quickest that was measured. Expected: the same input at its plain rate, without the provider's cache, with
an answer as long as usual, and a usual time. High: every try that may be made, asking again and other models included,
at the most that it may take (bounds.py), which is a bound; and, in seconds, every call as slow as the slowest one that
was measured, which is none.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from aiapp.catalog.prices import STANDARD
from aiapp.client.bounds import bound
from aiapp.client.explanation import Explanation
from aiapp.client.fallback import UNFIT
from aiapp.client.limits import ANSWER_TOKENS
from aiapp.client.receipt import priced
from aiapp.client.route import Route
from aiapp.core.accepted import AT_LEAST_ONE, AT_LEAST_ZERO
from aiapp.core.request import Request
from aiapp.core.usage import Usage
from aiapp.providers.tiers import served_tier
from aiapp.tracking.entry import Entry, entry_of
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.span import Span
from aiapp.tracking.wording import money, seconds

_COMPLAINT_TOKENS = 1_024
"""What is said of an answer that does not fit when it is sent back."""
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars and seconds; None where they are not known."""

    money: Decimal | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What requests will take: `rests_on` says what the numbers rest on, `unknown` why one of them is None."""

    low: Estimate
    expected: Estimate
    high: Estimate
    requests: int
    cached: int = 0
    """Those whose answer is in the cache: they take nothing."""
    rests_on: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        rows = (("low", self.low), ("expected", self.expected), ("high", self.high))
        lines = [f"{self.requests:,} requests" + (f", {self.cached:,} of them in the cache" if self.cached else "")]
        lines += [f"  {name:<9} {money(one.money):>12} {seconds(one.seconds):>12}" for name, one in rows]
        lines += [f"  {about}" for about in self.rests_on]
        return "\n".join([*lines, *(f"  not known: {reason}" for reason in self.unknown)])


@dataclass(frozen=True, slots=True)
class Planned:
    """A request of a forecast, with what is known of it before it is sent."""

    request: Request
    explanation: Explanation


def forecast(
    routes: Sequence[Route],
    planned: Sequence[Planned],
    *,
    reasks: int,
    answer_tokens: int | None,
    history: Ledger | Iterable[Span] | None,
    concurrency: int,
) -> Forecast:
    """What the requests will take; `reasks` is how often an answer may be asked for again because it does not fit."""
    if answer_tokens is not None:
        AT_LEAST_ZERO.check("answer_tokens", answer_tokens)
        answer_tokens = int(answer_tokens)
    AT_LEAST_ONE.check("concurrency", concurrency)
    measured = _Measured(history)
    asked = [one for one in planned if not one.explanation.cached]
    low, expected, high = _Sum(), _Sum(), _Sum()
    times: list[Sequence[float]] = []
    for one in asked:
        explanation, now = one.explanation, datetime.now(UTC)
        entries = measured.like(explanation)
        tokens = measured.answer(explanation, entries, answer_tokens)
        input_tokens = explanation.usage.input_tokens
        tier = served_tier(explanation.payload.get("service_tier")) or STANDARD
        usual = priced(routes[0].provider, Usage(input_tokens, tokens, 0, 0, 0), now, tier=tier)
        low.add(None if usual.total is None else explanation.invoice.at_least, usual.unknown)
        expected.add(usual.total, usual.unknown)
        high.add(*_most(routes, one.request, reasks, now))
        times.append(sorted(entry.seconds for entry in entries))
    told = all(times)
    spans = [
        None if not told else _together([pick(one) for one in times], concurrency)
        for pick in (min, statistics.median, max)
    ]
    reasons = dict.fromkeys((*low.unknown, *expected.unknown, *high.unknown))
    if not told:
        reasons["no call of this model was measured: give a ledger as `history`"] = None
    about = (*measured.rests_on, *([f"{concurrency:,} calls at once"] if told and asked else []))
    return Forecast(
        low=Estimate(low.money, spans[0]),
        expected=Estimate(expected.money, spans[1]),
        high=Estimate(high.money, spans[2]),
        requests=len(planned),
        cached=len(planned) - len(asked),
        rests_on=about,
        unknown=tuple(reasons),
    )


class _Sum:
    """Money that is added up; unknown where any of it is."""

    def __init__(self) -> None:
        self.money: Decimal | None = _NOTHING
        self.unknown: dict[str, None] = {}

    def add(self, amount: Decimal | None, reasons: Iterable[str]) -> None:
        """Add an amount, or why it is not known."""
        if amount is None or self.money is None:
            self.money = None
            self.unknown |= dict.fromkeys(reasons)
        else:
            self.money += amount


class _Measured:
    """What calls of the past tell of those to come."""

    def __init__(self, history: Ledger | Iterable[Span] | None) -> None:
        entries: list[Entry] = []
        if isinstance(history, Ledger):
            entries = history.entries()
        elif history is not None:
            entries = [entry_of(span) for span in history if span.asks_a_model]
        self.rests_on: dict[str, None] = {}
        self._by: dict[tuple[str, str | None], list[Entry]] = {}
        for entry in entries:
            if entry.kind == "call" and not entry.failed and not entry.cached:
                self._by.setdefault((entry.model, None), []).append(entry)
                if entry.prompt is not None:
                    self._by.setdefault((entry.model, entry.prompt), []).append(entry)

    def like(self, explanation: Explanation) -> list[Entry]:
        """Calls of the same model with the same prompt; where there is none, with any."""
        same = self._by.get((explanation.model, explanation.prompt), []) if explanation.prompt else []
        return same or self._by.get((explanation.model, None), [])

    def answer(self, explanation: Explanation, entries: Sequence[Entry], stated: int | None) -> int:
        """How long an answer is expected to be, in tokens."""
        said = [count for entry in entries if (count := entry.usage.output_tokens) is not None]
        if stated is not None:
            tokens, about = stated, f"answers of {stated:,} tokens, as was said"
        elif said:
            tokens = math.ceil(statistics.median(said))
            of = "the same prompt" if entries[0].prompt and entries[0].prompt == explanation.prompt else "any prompt"
            about = f"answers of {tokens:,} tokens, the median of {len(said):,} calls of {explanation.model} with {of}"
        else:
            tokens, about = ANSWER_TOKENS, f"answers of {ANSWER_TOKENS:,} tokens, for want of a history"
        most = explanation.bound.output_tokens
        self.rests_on[about] = None
        if explanation.counted is not None:
            exact = explanation.counted.exact
            self.rests_on["input counted exactly" if exact else f"input by {explanation.counted.source}"] = None
        return tokens if most is None else min(tokens, most)


def _most(
    routes: Sequence[Route], request: Request, reasks: int, now: datetime
) -> tuple[Decimal | None, tuple[str, ...]]:
    """The most that a request may cost, with all tries at all models, and all that is asked again."""
    total = _NOTHING
    for route in routes:
        try:
            prepared, more = route.provider.prepare(request), 0
        except UNFIT:
            continue  # a fallback that is passed over; the first model was explained before
        for _ in range(1 + reasks):
            most = bound(route.provider, request, prepared, now, more_tokens=more)
            if most.money is None:
                return None, most.invoice.unknown
            total += most.money * route.retry.attempts
            more += (most.output_tokens or 0) + _COMPLAINT_TOKENS
    return total, ()


def _together(times: Sequence[float], concurrency: int) -> float:
    """How long calls take that are begun in turn, so many at once."""
    ends = [0.0] * min(concurrency, max(1, len(times)))
    for time in times:
        first = ends.index(min(ends))
        ends[first] += time
    return max(ends)
