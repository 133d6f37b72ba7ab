"""What recorded traffic would have cost on another model: an estimate, with its error and what it rests on. Pure.

Prices are those of one day. Tokens are taken over, call by call:

same tokenizer      the counts that were recorded: no error
measured            where content was recorded, and at least `MEASURED_FROM` calls of the other model's own tokenizer
                    with theirs: characters over the characters per token that these had, its error the quartiles
everything else     the counts that were recorded, from 0.74 to 1.35 times as many (see catalog/tokenizers.py)

The answer is taken to be as long as it was. Reasoning tokens are left out where the other model is known not to reason.
Tokens read from a prompt cache and written to it stay so where the other model has a price for that and caches prefixes
so short, and are plain input elsewhere. A service tier stays where the other model has it, else it is the standard one.
What came from the response cache cost nothing and would have cost nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import quantiles
from typing import Any

from aiapp.catalog import catalogue as packaged
from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import STANDARD, PriceList, Rates
from aiapp.catalog.tokenizers import RATIO_HIGH, RATIO_LOW, same_tokenizer
from aiapp.core.invoice import Invoice
from aiapp.core.usage import COUNTS, Iteration, Usage
from aiapp.tracking.billing import REFUSED, bill
from aiapp.tracking.entry import entry_of
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.repricing import Estimate, Repricing
from aiapp.tracking.span import Span
from aiapp.tracking.totals import NONE, totals

MEASURED_FROM = 20
_FREE = Invoice()
_ONE = Decimal(1)
_SCALED = (
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "long_cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
)
"""The counts of text. What an image or a second of audio takes has nothing to do with the tokenizer."""


@dataclass(frozen=True, slots=True)
class _Ratio:
    """Tokens of the other model for one that was recorded."""

    low: Decimal
    expected: Decimal
    high: Decimal
    note: str


_SAME = _Ratio(_ONE, _ONE, _ONE, "counted by the same tokenizer")
_STATED = _Ratio(RATIO_LOW, _ONE, RATIO_HIGH, f"of another tokenizer: {RATIO_LOW} to {RATIO_HIGH} times the tokens")


@dataclass(frozen=True, slots=True)
class _Repriced:
    """One call with what it would cost at each end."""

    span: Span
    low: Invoice
    expected: Invoice
    high: Invoice


def reprice(
    traffic: Ledger | Iterable[Span], model: str, *, catalogue: Catalogue | None = None, on: date | None = None
) -> Repricing:
    """What the calls would have cost on `model`, an offer of the catalogue, at the prices of a day (today).

    Embeddings are repriced where `model` makes them, and then they alone are.
    """
    known = packaged.catalogue() if catalogue is None else catalogue
    offer, day = known.offer(model), on or datetime.now(UTC).date()
    spans = traffic.spans() if isinstance(traffic, Ledger) else traffic
    calls = [span for span in spans if span.asks_a_model]
    kind = "embedding" if "embedding" in offer.outputs else "call"
    chosen = [span for span in calls if span.kind == kind]
    notes = Counter[str]()
    if len(chosen) < len(calls):
        notes[f"not repriced, being no {kind}s"] = len(calls) - len(chosen)
    repricer = _Repricer(offer, known, day, chosen, notes)
    repriced = [repricer.call(span) for span in chosen]
    prices = offer.price(day)
    return Repricing(
        offer.id,
        day,
        _estimate(repriced),
        _grouped(repriced, lambda span: span.model or NONE),
        _grouped(repriced, lambda span: span.prompt or NONE),
        tuple(f"{count:,} call{'' if count == 1 else 's'} {note}" for note, count in notes.items()),
        offer.source if prices is None else prices.source,
        offer.as_of if prices is None else prices.as_of,
    )


class _Repricer:
    """Takes calls to one offer, and counts what had to be assumed."""

    def __init__(self, offer: Offer, known: Catalogue, on: date, calls: Iterable[Span], notes: Counter[str]) -> None:
        self._offer, self._known, self._on, self._notes = offer, known, on, notes
        self._prices = offer.price(on)
        self._measured = _measured([span for span in calls if self._same(span)])

    def call(self, span: Span) -> _Repriced:
        """What one call would cost."""
        if span.cached:
            self._notes["answered from the response cache: free on either"] += 1
            return _Repriced(span, _FREE, _FREE, _FREE)
        usage = span.usage
        if usage is None or (usage.input_tokens is None and usage.output_tokens is None):
            return self._without_usage(span)
        ratio, tier = self._ratio(span), self._tier(span)
        self._notes[ratio.note] += 1
        low, expected, high = (self._taken(usage, one) for one in (ratio.low, ratio.expected, ratio.high))
        self._say(usage, expected)
        ends = (_each(low, _cheapest), _each(expected, _cheapest), _each(high, _dearest))
        return _Repriced(span, *(self._bill(one, tier) for one in ends))

    def _without_usage(self, span: Span) -> _Repriced:
        """A call that was refused costs nothing anywhere; of any other nobody knows."""
        if span.invoice is not None and [line.source for line in span.invoice.lines] == [REFUSED]:
            self._notes["refused before a model ran: free on either"] += 1
            return _Repriced(span, _FREE, _FREE, _FREE)
        nobody = Invoice((), ("a call has no recorded usage",))
        return _Repriced(span, nobody, nobody, nobody)

    def _bill(self, usage: Usage, tier: str) -> Invoice:
        invoice = bill(usage, self._offer.id, self._known.find, at=self._on, tier=tier)
        size, room = (usage.input_tokens or 0) + (usage.output_tokens or 0), self._offer.context
        if room is not None and size > room:
            over = f"a call is longer than the {room:,} tokens that {self._offer.id} has room for"
            return replace(invoice, unknown=(*invoice.unknown, over))
        return invoice

    def _same(self, span: Span) -> bool:
        asked = self._known.find(span.model or "")
        if asked is None:
            return span.model == self._offer.id
        return asked.id == self._offer.id or same_tokenizer(asked.model, self._offer.model)

    def _ratio(self, span: Span) -> _Ratio:
        if self._same(span):
            return _SAME
        recorded, characters = _tokens(span), _characters(span)
        if self._measured is None or not recorded or not characters:
            return _STATED
        low, middle, high = (Decimal(characters) / per / recorded for per in self._measured)
        return _Ratio(low, middle, high, "counted by their characters, as recorded calls of the same tokenizer were")

    def _tier(self, span: Span) -> str:
        tier = span.tier or STANDARD
        if tier == STANDARD or self._offer.free:
            return STANDARD
        prices = self._prices
        if prices is not None and (tier in prices.tiers or tier in prices.factors):
            return tier
        self._notes[f"of the tier {tier}, for which it has no price: at the standard one"] += 1
        return STANDARD

    def _taken(self, usage: Usage, ratio: Decimal) -> Usage:
        """The usage with the tokens of the other model; what the provider made of one call stays several requests."""
        scaled: dict[str, Any] = {name: _times(getattr(usage, name), ratio) for name in _SCALED}
        scaled |= {name: getattr(usage, name) for name in COUNTS if name not in scaled}
        parts = tuple(Iteration(one.purpose, self._taken(one.usage, ratio)) for one in usage.iterations)
        taken = self._cache(Usage(**scaled, uses=usage.uses, iterations=parts))
        if self._offer.reasoning is False and taken.reasoning_tokens and taken.output_tokens is not None:
            taken = replace(taken, output_tokens=taken.output_tokens - taken.reasoning_tokens, reasoning_tokens=0)
        return taken

    def _cache(self, usage: Usage) -> Usage:
        """What stays in the prompt cache of the other model."""
        rates = _rates(self._prices, usage)
        least = self._offer.cacheable_from or 0
        prefix = (usage.cached_tokens or 0) + (usage.cache_write_tokens or 0)
        reads = bool(rates is not None and rates.cache_read is not None and prefix >= least)
        writes = bool(reads and rates is not None and rates.cache_write is not None)
        keeps = bool(writes and rates is not None and rates.cache_write_long is not None)
        return replace(
            usage,
            cached_tokens=usage.cached_tokens if reads else 0,
            audio_cached_tokens=usage.audio_cached_tokens if reads else 0,
            cache_write_tokens=usage.cache_write_tokens if writes else 0,
            long_cache_write_tokens=usage.long_cache_write_tokens or 0 if keeps else 0,
        )

    def _say(self, before: Usage, after: Usage) -> None:
        if self._offer.free:
            return
        if before.cached_tokens and not after.cached_tokens:
            self._notes[
                "with tokens read from a cache, which it has no price for or keeps none so short: plain input"
            ] += 1
        if before.cache_write_tokens and not after.cache_write_tokens:
            self._notes["with tokens written to a cache: plain input here"] += 1
        if before.cached_tokens and after.cache_write_tokens is None:
            self._notes["with cached tokens and no count of those written: none, at the high end all of them"] += 1
        if before.reasoning_tokens and not after.reasoning_tokens:
            self._notes["with reasoning tokens, which it is known not to write: left out"] += 1
        elif self._offer.reasoning and not before.reasoning_tokens:
            self._notes["without reasoning tokens, though it can reason: what it would add is not estimated"] += 1
        if before.image_input_tokens or before.audio_input_tokens:
            self._notes["with images or audio, taken to be as many tokens as they were"] += 1


def _measured(calls: Iterable[Span]) -> tuple[Decimal, Decimal, Decimal] | None:
    """Characters per token of calls: the quartiles, most first, so that the first makes the fewest tokens."""
    found = [Decimal(_characters(call)) / tokens for call in calls if (tokens := _tokens(call)) and _characters(call)]
    if len(found) < MEASURED_FROM:
        return None
    low, middle, high = quantiles(found, n=4)
    return high, middle, low


def _tokens(span: Span) -> int | None:
    """Input and output, where both are known and nothing in them is hidden or no text."""
    usage = span.usage
    if usage is None or usage.reasoning_tokens or usage.image_input_tokens or usage.audio_input_tokens:
        return None
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    return usage.input_tokens + usage.output_tokens


def _characters(span: Span) -> int:
    """Of what was asked and answered; 0 where either was not recorded."""
    return _letters(span.input) + _letters(span.output) if span.input is not None and span.output is not None else 0


def _letters(value: Any) -> int:
    """The characters of every text in plain JSON, without the names of its fields."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_letters(one) for name, one in value.items() if name != "kind")  # pyright: ignore[reportUnknownVariableType]
    return sum(map(_letters, value)) if isinstance(value, list | tuple) else 0  # pyright: ignore[reportUnknownArgumentType]


def _times(count: int | None, ratio: Decimal) -> int | None:
    return None if count is None else int((count * ratio).to_integral_value(ROUND_HALF_UP))


def _each(usage: Usage, change: Callable[[Usage], Usage]) -> Usage:
    """A usage changed, and each of the requests inside of it, since these are what is billed."""
    parts = (Iteration(one.purpose, change(one.usage)) for one in usage.iterations)
    return replace(change(usage), iterations=tuple(parts))


def _cheapest(usage: Usage) -> Usage:
    """With nothing written to a cache, where nobody recorded how much was."""
    return replace(usage, cache_write_tokens=0) if usage.cache_write_tokens is None else usage


def _dearest(usage: Usage) -> Usage:
    """With as much written to it as was read from it, where nobody recorded how much was."""
    if usage.cache_write_tokens is not None or not usage.cached_tokens:
        return _cheapest(usage)
    return replace(usage, cached_tokens=0, cache_write_tokens=usage.cached_tokens)


def _rates(prices: PriceList | None, usage: Usage) -> Rates | None:
    return None if prices is None else prices.rates(usage.input_tokens or 0)


def _grouped(calls: Iterable[_Repriced], name: Callable[[Span], str]) -> Mapping[str, Estimate]:
    groups = dict[str, list[_Repriced]]()
    for call in calls:
        groups.setdefault(name(call.span), []).append(call)
    return {one: _estimate(groups[one]) for one in sorted(groups)}


def _estimate(calls: Sequence[_Repriced]) -> Estimate:
    before = totals(entry_of(call.span) for call in calls)
    reasons = dict.fromkeys(reason for call in calls for reason in call.expected.unknown)
    low = _sum([call.low.total for call in calls])
    expected = _sum([call.expected.total for call in calls])
    high = _sum([call.high.total for call in calls])
    at_least = sum((call.low.at_least for call in calls), Decimal(0))
    unknown = (*reasons, *(f"recorded: {reason}" for reason in before.unknown))
    return Estimate(len(calls), before.cost, before.at_least, low, expected, high, at_least, unknown)


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None
