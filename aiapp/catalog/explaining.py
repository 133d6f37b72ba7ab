"""A ranking in plain words: what the first few cost and trade, what is not known, and which need keeps most out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from aiapp.catalog.checking import dollars, score
from aiapp.catalog.needs import CONTEXT, PRICE, Needs
from aiapp.catalog.ranking import Candidate, Relaxation
from aiapp.catalog.traffic import DAYS, Traffic

SHOWN = 3


def explain(needs: Needs, ranked: Sequence[Candidate], relaxations: Sequence[Relaxation]) -> tuple[str, ...]:
    """One sentence a line."""
    return tuple(_sentences(needs, ranked, relaxations))


def _sentences(needs: Needs, ranked: Sequence[Candidate], relaxations: Sequence[Relaxation]) -> Iterator[str]:
    fitting = [candidate for candidate in ranked if candidate.fits]
    possible = [candidate for candidate in ranked if candidate.fits is None]
    yield f"Costs are for {describe(needs.traffic)}, in a month of {DAYS} days."
    if fitting:
        first, *others = _different(fitting)
        yield _winner(needs, first, len(fitting), len(ranked))
        yield from (_trade(needs, other, first) for other in others)
    elif possible:
        first, *others = _different(possible)
        lacks = "; ".join(f"{check.need} is not known" for check in first.unknown)
        yield f"Nothing is known to meet every need. {_named(first)} comes nearest: it misses none, but {lacks}."
        yield from (_trade(needs, other, first) for other in others)
    elif ranked:
        yield f"None of {len(ranked)} offers meets every need."
    else:
        yield "The catalogue has no offers."
    if possible:
        yield _possible(possible)
    elif not fitting:
        yield from _relaxed(ranked, relaxations)


def describe(traffic: Traffic) -> str:
    """The traffic in words."""
    calls = f"{traffic.calls_per_day:,} call{'' if traffic.calls_per_day == 1 else 's'} a day"
    text = f"{calls} of {traffic.input_tokens:,} tokens in and {traffic.output_tokens:,} out"
    if traffic.cached:
        text += f", {traffic.cached:.0%} of the input read from the cache"
    if traffic.written:
        text += f", {traffic.written:.0%} of it written there"
    return f"{text}, {traffic.batch:.0%} of the calls in batches" if traffic.batch else text


def _different(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first few that differ: the same model at a dearer vendor is no trade, nor is another name of one offer."""
    seen: set[object] = set()
    found: list[Candidate] = []
    for candidate in candidates:
        offer, cost = candidate.offer, candidate.cost
        model = offer.name if offer.model is None else offer.model.id
        alike = (offer.vendor, cost.total, offer.context, offer.output_tokens)
        if not seen & {model, alike}:
            found.append(candidate)
        seen |= {model, alike}
    return found[:SHOWN]


def _winner(needs: Needs, first: Candidate, fitting: int, all_of_them: int) -> str:
    quality = {PRICE: "the cheapest", CONTEXT: "the one with the longest context"}.get(
        needs.prefer, f"the one with the highest {needs.prefer}"
    )
    if fitting == 1:
        text = f"{_named(first)} is the only one of {all_of_them:,} offers that meets every need"
    else:
        text = f"{_named(first)} is {quality} of {fitting:,} offers that meet every need, of {all_of_them:,}"
    return f"{'; '.join([text, *_end(first)])}."


def _named(candidate: Candidate) -> str:
    total = candidate.cost.total
    money = "at an unknown price" if total is None else f"at {dollars(total)} a month"
    return f"{candidate.offer.id} {money}"


def _trade(needs: Needs, other: Candidate, first: Candidate) -> str:
    parts = [_price(other, first), *_context(other, first), *_scores(needs, other, first), *_end(other)]
    if other.offer.open is not None and other.offer.open != first.offer.open:
        parts.append(f"its weights are {'open' if other.offer.open else 'closed'}")
    known = {check.need for check in first.unknown}
    parts.extend(f"{check.need} is not known" for check in other.unknown if check.need not in known)
    return f"{other.offer.id}: {', '.join(parts)}."


def _end(candidate: Candidate) -> Iterator[str]:
    """An end that is announced, whether or not anyone asked."""
    offer = candidate.offer
    if offer.retires is not None:
        yield f"it retires {offer.retires}" + (f" for {offer.successor}" if offer.successor else "")


def _price(other: Candidate, first: Candidate) -> str:
    theirs, ours = other.cost.total, first.cost.total
    if theirs is None or ours is None:
        return "its price is not known" if theirs is None else f"{dollars(theirs)} a month"
    if theirs == ours:
        return f"the same price as {first.offer.id}"
    if not theirs or not ours:
        return f"{dollars(theirs)} a month"
    return f"{ratio(theirs / ours)} the price of {first.offer.id} ({dollars(theirs)} a month)"


def ratio(quotient: Decimal) -> str:
    """A ratio in words: half, 1.2 times, 40 times, 1/30 of."""
    for value, words in ((Decimal("0.5"), "half"), (Decimal(1), "about"), (Decimal(2), "twice")):
        if abs(quotient / value - 1) < Decimal("0.03"):
            return words
    if quotient < Decimal("0.1"):
        return f"1/{1 / quotient:.0f} of"
    return f"{quotient:.0f} times" if quotient >= 10 else f"{float(quotient):.2g} times"


def _context(other: Candidate, first: Candidate) -> Iterator[str]:
    theirs, ours = other.offer.context, first.offer.context
    if theirs is not None and ours is not None and theirs != ours:
        yield f"{abs(theirs - ours):,} tokens {'more' if theirs > ours else 'less'} context"


def _scores(needs: Needs, other: Candidate, first: Candidate) -> Iterator[str]:
    """The benchmarks that were asked for; without any, the first two that both have."""
    asked = [*needs.quality, *([] if needs.prefer in (PRICE, CONTEXT) else [needs.prefer])]
    model = other.offer.model
    both = [] if model is None else [one.name for one in model.benchmarks if score(first.offer, one.name)][:2]
    for name in dict.fromkeys(asked or both):
        theirs, ours = score(other.offer, name), score(first.offer, name)
        if theirs is None:
            yield f"no published {name} score"
        elif ours is None:
            yield f"{theirs.score:g} on {name}, where {first.offer.id} has no published score"
        else:
            apart = Decimal(str(theirs.score)) - Decimal(str(ours.score))
            yield f"{abs(apart)} points {'less' if apart < 0 else 'more'} on {name}" if apart else f"the same {name}"


def _possible(possible: Sequence[Candidate]) -> str:
    needs = Counter(check.need for candidate in possible for check in candidate.unknown)
    named = ", ".join(f"{need} ({count:,})" for need, count in needs.most_common(SHOWN))
    return f"Not known of {len(possible):,} that miss no need: {named}."


def _relaxed(ranked: Sequence[Candidate], relaxations: Sequence[Relaxation]) -> Iterator[str]:
    for one in relaxations[:SHOWN]:
        check, count = one.check, f"{one.lets_in:,} offer{'' if one.lets_in == 1 else 's'}"
        nearest = f"the nearest, {one.nearest.offer.id}, has {check.found} where {check.wanted} is wanted"
        fit = "fits" if one.known == one.lets_in == 1 else "fit" if one.known == one.lets_in else "may fit"
        yield f"Without the need '{one.need}' {count} {fit}: {nearest}."
    if ranked and not relaxations:
        few = len(ranked[0].missed)
        named = ", ".join(check.need for check in ranked[0].missed)
        yield f"No single need decides: the nearest, {ranked[0].offer.id}, misses {few} ({named})."
