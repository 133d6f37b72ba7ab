"""What a search will take, before any of it is asked.

A few of the requests of each candidate that is known are prepared and counted; nothing is sent, and no embedder asked:
where examples go with the query, others of the pool stand for them. Instructions that are not written yet are taken to
be `WORDS` words longer than the original's.

Low: no candidate is better on its first questions, and patience ends the proposals. Expected: one in three is, and is
asked all questions of the search. High: every one is, at the most that each call may take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from aiapp.client.client import Client
from aiapp.client.forecast import Estimate
from aiapp.client.limits import ANSWER_TOKENS
from aiapp.client.reserving import Amounts
from aiapp.core.request import Request
from aiapp.core.tokens import estimated_tokens
from aiapp.prompts.fewshot.builders import Fixed
from aiapp.prompts.fewshot.example import text_of
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.span import Span
from aiapp.tracking.wording import count, money, seconds

SAMPLE = 4
"""Requests of a candidate that are prepared."""
WORDS = 150
KEPT = 3
"""One candidate in so many is expected to do better on its first questions."""


@dataclass(frozen=True, slots=True)
class Take:
    """What something takes; None is not known."""

    calls: int
    tokens: int | None
    money: Decimal | None
    seconds: float | None

    def __str__(self) -> str:
        time = "" if self.seconds is None else f", {seconds(self.seconds)}"
        return f"{self.calls:,} calls, {count(self.tokens)} tokens, {money(self.money)}{time}"


@dataclass(frozen=True, slots=True)
class OptimiseForecast:
    """What a search will take. `least` is the smallest one: the original and one candidate, both on the held-out cases.

    A search stops where its budget ends, so `high` matters only where the budget is higher.
    """

    low: Take
    expected: Take
    high: Take
    least: Take
    proposal: Take
    """One proposal of new instructions, as expected."""
    most: Take
    """One try at the dearest call, at most: a budget that has less left may refuse it."""
    rests_on: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        rows = (("at least", self.least), ("low", self.low), ("expected", self.expected), ("high", self.high))
        lines = [f"{name:<9} {take}" for name, take in rows]
        lines += [f"  {about}" for about in self.rests_on]
        return "\n".join([*lines, *(f"  not known: {reason}" for reason in self.unknown)])

    def lacking(self, left: Amounts) -> str | None:
        """What a budget has too little of for the smallest search, in words; None where it suffices."""
        least = self.least
        if left.calls is not None and left.calls < least.calls:
            return f"{left.calls:,} calls; {least.calls:,} are the least"
        if left.money is not None and least.money is not None and left.money < least.money:
            return f"${left.money}; about ${least.money:.6f} is the least"
        if left.tokens is not None and least.tokens is not None and left.tokens < least.tokens:
            return f"{left.tokens:,} tokens; about {least.tokens:,} are the least"
        return None


@dataclass(frozen=True, slots=True)
class _Call:
    """What one call takes, as a mean over a few; None is not known."""

    tokens: float | None
    money: Decimal | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class _Rate:
    """What one call takes at least, usually and at most."""

    low: _Call
    expected: _Call
    high: _Call


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many questions there are, and how many of the search's knobs bear on what it takes."""

    search: int
    held_out: int
    batch: int
    finalists: int
    rounds: int
    patience: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of the requests that will be sent: of the original, of each known candidate, of one with instructions that
    a model might propose, and the one that asks for such."""

    original: Sequence[Request]
    candidates: Sequence[Sequence[Request]]
    proposed: Sequence[Request]
    proposal: Request | None


def forecast_of(
    client: Client,
    proposer: Client | None,
    sample: Sample,
    sizes: Sizes,
    *,
    answers: Sequence[Any],
    history: Ledger | Iterable[Span] | None,
) -> OptimiseForecast:
    """The forecast of a search. `answers` are those expected, which tell how long answers are where no history does."""
    rates = _Rates(history)
    long = None if history is not None else max((estimated_tokens(text_of(one)) for one in answers), default=None)
    base = rates.of(client, sample.original, long)
    tried = [rates.of(client, one, long) for one in sample.candidates]
    talk, rounds = None, 0
    if proposer is not None and sample.proposal is not None:
        talk, rounds = rates.of(proposer, [sample.proposal], None), sizes.rounds
        tried += [rates.of(client, sample.proposed, long)] * rounds
        rates.rests_on[f"proposed instructions are {WORDS} words longer than the original's"] = None
    search, held, batch = sizes.search, sizes.held_out, min(sizes.batch, sizes.search)
    patient = len(tried) - max(0, rounds - sizes.patience)
    whole = batch + (search - batch) // KEPT
    final = min(sizes.finalists, len(tried))
    dear = max(tried, key=lambda one: one.high.tokens or 0, default=base)
    every = [(search + held, base)]
    low = [*every, *((batch, one) for one in tried[:patient])]
    better = min(final, -(-len(tried) // KEPT))
    usual = [*every, *((whole, one) for one in tried), (held * better, _middle(tried, base))]
    most = [*every, *((search, one) for one in tried), (held * final, dear)]
    if talk is not None:
        low, usual, most = (
            [*low, (min(rounds, sizes.patience), talk)],
            [*usual, (rounds, talk)],
            [*most, (rounds, talk)],
        )
    least = [*every, (batch + held, _middle(tried, base))]
    return OptimiseForecast(
        low=_take(low, lambda one: one.low, sizes.concurrency),
        expected=_take(usual, lambda one: one.expected, sizes.concurrency),
        high=_take(most, lambda one: one.high, sizes.concurrency),
        least=_take(least, lambda one: one.expected, sizes.concurrency),
        proposal=_take([] if talk is None else [(1, talk)], lambda one: one.expected, 1),
        most=Take(1, rates.most_tokens, rates.most_money, None),
        rests_on=tuple(rates.rests_on),
        unknown=tuple(rates.unknown),
    )


def stand_in(few_shot: FewShot[Any, Any]) -> FewShot[Any, Any]:
    """Examples of about the same size, for which no embedder is asked."""
    return replace(few_shot, builder=Fixed(), order=None, common=0) if few_shot.builder.compares else few_shot


class _Rates:
    """What calls take, with what that rests on, and why some of it is not known."""

    def __init__(self, history: Ledger | Iterable[Span] | None) -> None:
        self._history = history if history is None or isinstance(history, Ledger) else list(history)
        self.rests_on = dict[str, None]()
        self.unknown = dict[str, None]()
        self.most_money: Decimal | None = None
        self.most_tokens: int | None = None

    def of(self, client: Client, requests: Sequence[Request], answer_tokens: int | None) -> _Rate:
        """The mean over some requests."""
        found = client.forecast(requests, answer_tokens=answer_tokens, history=self._history, concurrency=1)
        explained = [client.explain(one) for one in requests]
        heard = _mean([one.usage.input_tokens for one in explained])
        most = _mean([one.bound.tokens for one in explained])
        bounds = [one.bound for one in explained]
        money = [self.most_money, *(one.money for one in bounds)]
        tokens = [self.most_tokens, *(one.tokens for one in bounds)]
        self.most_money = max((one for one in money if one is not None), default=None)
        self.most_tokens = max((one for one in tokens if one is not None), default=None)
        said = ANSWER_TOKENS if answer_tokens is None else answer_tokens
        lines = [line for line in found.rests_on if not line.endswith(("calls at once", "as was said"))]
        own = [] if answer_tokens is None else [f"answers of {answer_tokens:,} tokens, as long as those expected"]
        self.rests_on |= dict.fromkeys([*own, *lines])
        self.unknown |= dict.fromkeys(found.unknown)
        many = len(requests)
        return _Rate(
            _call(heard, found.low, many),
            _call(None if heard is None else heard + said, found.expected, many),
            _call(most, found.high, many),
        )


def _call(tokens: float | None, estimate: Estimate, many: int) -> _Call:
    money = None if estimate.money is None else estimate.money / many
    return _Call(tokens, money, None if estimate.seconds is None else estimate.seconds / many)


def _middle(rates: Sequence[_Rate], base: _Rate) -> _Rate:
    """The one in the middle by what it reads."""
    return sorted(rates, key=lambda one: one.expected.tokens or 0)[len(rates) // 2] if rates else base


def _take(parts: Sequence[tuple[int, _Rate]], pick: Callable[[_Rate], _Call], concurrency: int) -> Take:
    """What so many calls of each take together."""
    asked = [(times, pick(rate)) for times, rate in parts if times]
    tokens = [None if one.tokens is None else times * one.tokens for times, one in asked]
    dollars = [None if one.money is None else times * one.money for times, one in asked]
    waits = [None if one.seconds is None else times * one.seconds / concurrency for times, one in asked]
    return Take(
        sum(times for times, _ in asked),
        None if None in tokens else round(sum(one for one in tokens if one is not None)),
        None if None in dollars else sum((one for one in dollars if one is not None), Decimal(0)),
        None if None in waits else sum(one for one in waits if one is not None),
    )


def _mean(values: Sequence[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
