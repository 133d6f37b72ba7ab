"""Each need against one offer: a pure function a need, all of them in `check`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TypeVar

from aiapp.catalog.abilities import Abilities, abilities
from aiapp.catalog.models import Benchmark
from aiapp.catalog.needs import LATENCY, Feature, Needs, money
from aiapp.catalog.offers import Offer
from aiapp.catalog.ranking import Check, Measured, Verdict
from aiapp.catalog.traffic import MonthlyCost

T = TypeVar("T")


def check(needs: Needs, offer: Offer, cost: MonthlyCost, on: date, measured: Measured | None) -> Iterator[Check]:
    """All that is asked, in the order in which it is shown. What was not asked is not checked."""
    yield from _served(needs, offer, on)
    yield from _prices(needs, cost)
    yield from _sizes(needs, offer)
    yield from _modalities(needs, offer)
    yield from _features(needs, offer, on)
    yield from _openness(needs, offer)
    yield from _places(needs, offer)
    yield from _floors(needs, offer)
    yield from _latency(needs, measured)
    yield from _vendors(needs, offer)


def _served(needs: Needs, offer: Offer, on: date) -> Iterator[Check]:
    """Served on the day, and until the day that is asked for, as far as ends are announced."""
    last = max(on, needs.until or on)
    wanted = f"served on {on}" if last == on else f"served from {on} to {last}"
    source, as_of = offer.source, offer.as_of
    if offer.released is not None and offer.released > on:
        missing = Decimal((on - offer.released).days)
        yield Check("alive", wanted, f"released {offer.released}", "missed", source, as_of, missing, "days")
    elif offer.retires is not None:
        left = (offer.retires - last).days - 1  # the day on which it retires, it is not served any more
        verdict: Verdict = "met" if left >= 0 else "missed"
        yield Check("alive", wanted, f"retires {offer.retires}", verdict, source, as_of, Decimal(left), "days")
    elif offer.deprecated is not None and needs.until is not None and offer.deprecated <= last:
        yield Check("alive", wanted, None, "unknown", f"{source}: deprecated {offer.deprecated}, no end given", as_of)
    else:
        yield Check("alive", wanted, "no end announced", "met", source, as_of)


def _prices(needs: Needs, cost: MonthlyCost) -> Iterator[Check]:
    for need, limit, found, least in (
        ("price a month", money("max_month", needs.max_month), cost.total, cost.at_least),
        ("price a call", money("max_call", needs.max_call), cost.per_call, cost.at_least / cost.calls),
    ):
        if limit is None:
            continue
        wanted, unit = f"at most {dollars(limit)}", f"US dollars {need.removeprefix('price ')}"
        if found is not None:
            verdict: Verdict = "met" if found <= limit else "missed"
            yield Check(need, wanted, dollars(found), verdict, cost.source, cost.as_of, limit - found, unit)
        elif least > limit:
            known = f"at least {dollars(least)}"
            yield Check(need, wanted, known, "missed", cost.source, cost.as_of, limit - least, unit)
        else:
            yield Check(need, wanted, None, "unknown", "; ".join(cost.unknown), cost.as_of)


def _sizes(needs: Needs, offer: Offer) -> Iterator[Check]:
    known = abilities(offer.provider, offer.name)
    context = _either(offer.context, known.context)
    longest = _either(offer.output_tokens, known.output_tokens)
    if longest is None and offer.free:
        longest = context  # on this machine nobody sets a limit but the context
    for need, wanted, found in (
        ("context", needs.tokens, context),
        ("answer length", needs.traffic.output_tokens, longest),
    ):
        yield _at_least(need, Decimal(wanted), None if found is None else Decimal(found), "tokens", offer)


def _modalities(needs: Needs, offer: Offer) -> Iterator[Check]:
    for way, wanted, offered in (("input", needs.inputs, offer.inputs), ("output", needs.outputs, offer.outputs)):
        for kind in wanted:
            yield _yes(f"{way}: {kind}", kind in offered, offer, ", ".join(offered), kind)


def _features(needs: Needs, offer: Offer, on: date) -> Iterator[Check]:
    known = abilities(offer.provider, offer.name)
    for feature in needs.features:
        yield _yes(f"feature: {feature}", _has(feature, offer, known, on), offer)


def _has(feature: Feature, offer: Offer, known: Abilities, on: date) -> bool | None:
    """What the offer says, else what the table of its provider says."""
    match feature:
        case "tools":
            return offer.tools
        case "json_schema":
            return _either(offer.json_schema, known.json_schema)
        case "reasoning":
            by_effort = None if known.efforts is None else any(effort != "none" for effort in known.efforts)
            return _either(offer.reasoning, by_effort)
        case "prompt_cache":
            prices = offer.price(on)
            rates = None if prices is None else prices.rates()
            cached = rates is not None and rates.cache_read is not None
            return True if cached or known.cache_marks else None
        case "images":
            return True if "image" in offer.inputs else _either(known.images, False)
        case "files":
            return True if "file" in offer.inputs else _either(known.files, False)
        case "forced_tools" | "sampling" | "prefill":
            found: bool | None = getattr(known, feature)
            return found


def _openness(needs: Needs, offer: Offer) -> Iterator[Check]:
    if needs.weights != "any":
        found = None if offer.open is None else "open" if offer.open else "closed"
        yield _yes("weights", None if found is None else found == needs.weights, offer, found, needs.weights)


def _places(needs: Needs, offer: Offer) -> Iterator[Check]:
    if needs.where == "here":
        yield _yes("where", offer.free, offer, "on this machine" if offer.free else offer.vendor, "on this machine")
    elif needs.where == "self-hostable":
        open_weights = True if offer.free else offer.open
        found = None if open_weights is None else "weights open" if open_weights else "weights closed"
        yield _yes("where", open_weights, offer, found, "self-hostable")
    if needs.region is not None:
        if offer.free:
            yield _yes("region", True, offer, "this machine", needs.region)
        else:
            found = ", ".join(offer.regions) or None
            yield _yes("region", needs.region in offer.regions if found else None, offer, found, needs.region)


def _floors(needs: Needs, offer: Offer) -> Iterator[Check]:
    for name, floor in needs.quality.items():
        need, wanted = f"quality: {name}", Decimal(str(floor))
        found = score(offer, name)
        if found is None:
            yield Check(need, f"at least {wanted}", None, "unknown", "no published score in the catalogue")
        else:
            margin = Decimal(str(found.score)) - wanted
            verdict: Verdict = "met" if margin >= 0 else "missed"
            yield Check(
                need, f"at least {wanted}", f"{found.score:g}", verdict, found.source, found.as_of, margin, "points"
            )


def score(offer: Offer, name: str) -> Benchmark | None:
    """The newest published score of an offer's model; names are compared without case and punctuation."""
    found = [] if offer.model is None else [one for one in offer.model.benchmarks if _plain(one.name) == _plain(name)]
    return max(found, key=lambda one: one.as_of, default=None)


def _latency(needs: Needs, measured: Measured | None) -> Iterator[Check]:
    if needs.latency == "any":
        return
    longest, fewest = LATENCY[needs.latency]
    seen = measured or Measured(source="nobody measured it here")
    slow = "" if seen.first_token_p95 is None else f" (p95 {seen.first_token_p95:.3g} s)"
    for need, wanted, found, sign, unit, beside in (
        ("first token", longest, seen.first_token, -1, "s", slow),
        ("speed", fewest, seen.tokens_per_second, 1, "tokens/s", ""),
    ):
        asked = f"at {'most' if sign < 0 else 'least'} {wanted:g} {unit}"
        if found is None:
            yield Check(f"latency: {need}", asked, None, "unknown", seen.source, seen.as_of)
        else:
            margin = (Decimal(str(found)) - Decimal(str(wanted))) * sign
            verdict: Verdict = "met" if margin >= 0 else "missed"
            shown = f"{found:.3g} {unit}{beside}"
            yield Check(f"latency: {need}", asked, shown, verdict, seen.source, seen.as_of, margin, unit)


def _vendors(needs: Needs, offer: Offer) -> Iterator[Check]:
    names = {offer.vendor.casefold(), offer.provider.casefold()}
    if needs.vendors:
        wanted = {name.casefold() for name in needs.vendors}
        yield _yes("vendor", bool(names & wanted), offer, offer.vendor, " or ".join(needs.vendors))
    if needs.without:
        unwanted = {name.casefold() for name in needs.without}
        yield _yes("no vendor of", not names & unwanted, offer, offer.vendor, f"not {' or '.join(needs.without)}")


def _at_least(need: str, wanted: Decimal, found: Decimal | None, unit: str, offer: Offer) -> Check:
    asked = f"at least {wanted:,} {unit}"
    if found is None:
        return Check(need, asked, None, "unknown", offer.source, offer.as_of)
    verdict: Verdict = "met" if found >= wanted else "missed"
    return Check(need, asked, f"{found:,} {unit}", verdict, offer.source, offer.as_of, found - wanted, unit)


def _yes(need: str, found: bool | None, offer: Offer, shown: str | None = None, wanted: str = "yes") -> Check:
    if found is None:
        return Check(need, wanted, None, "unknown", offer.source, offer.as_of)
    verdict: Verdict = "met" if found else "missed"
    return Check(need, wanted, shown or ("yes" if found else "no"), verdict, offer.source, offer.as_of)


def _either(first: T | None, second: T | None) -> T | None:
    return second if first is None else first


def dollars(amount: Decimal) -> str:
    """US dollars to read: two places, and as many as it takes to show three figures of less than a cent."""
    if amount == 0 or abs(amount) >= Decimal("0.1"):
        return f"${amount:,.2f}"
    return f"${amount:.{2 - amount.adjusted()}f}"


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
