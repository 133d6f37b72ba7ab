"""Which model for this? Every offer of the catalogue against what is needed, ranked by one rule.

The rule: first what is known to meet every need, then what misses none but has something unknown (fewest unknowns
first), then what misses some (fewest first, then fewest unknowns). Among those that stand alike the preferred
thing decides (`Needs.prefer`: more context, or a higher score; what has none known comes last), then the price of a
month (unknown last), then the name. So an unknown never counts as met nor as missed, and a cheaper offer never ranks
below a dearer one that is otherwise alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from aiapp.catalog import catalogue as packaged
from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.checking import check, score
from aiapp.catalog.explaining import explain
from aiapp.catalog.needs import CONTEXT, PRICE, Needs
from aiapp.catalog.ranking import Candidate, Measured, Ranking, Relaxation
from aiapp.catalog.traffic import monthly_cost
from aiapp.core.errors import InvalidInput

NOTHING_MEASURED: Mapping[str, Measured] = {}


def choose(
    needs: Needs | None = None,
    *,
    catalogue: Catalogue | None = None,
    on: date | None = None,
    measured: Mapping[str, Measured] = NOTHING_MEASURED,
) -> Ranking:
    """Rank every offer of a catalogue by what is needed, at the prices of a day (today).

    `measured` are speeds by offer, from a ledger or an evaluation; without them a latency is unknown. A vendor or a
    benchmark that the catalogue has never heard of is `InvalidInput`.
    """
    wanted, day = needs or Needs(), on or date.today()
    known = packaged.catalogue() if catalogue is None else catalogue
    _refuse_strangers(wanted, known)
    candidates = [_candidate(wanted, known, name, day, measured) for name in known.offers]
    ranked = tuple(sorted(candidates, key=lambda candidate: _order(candidate, wanted.prefer)))
    relaxations = _relaxations(ranked)
    return Ranking(wanted, day, ranked, relaxations, explain(wanted, ranked, relaxations))


def _candidate(needs: Needs, known: Catalogue, name: str, on: date, measured: Mapping[str, Measured]) -> Candidate:
    offer = known.offers[name]
    cost = monthly_cost(offer, needs.traffic, on, needs.region)
    return Candidate(offer, cost, tuple(check(needs, offer, cost, on, measured.get(name))))


def _order(candidate: Candidate, prefer: str) -> tuple[int, int, int, Decimal, bool, Decimal, str]:
    group = {True: 0, None: 1, False: 2}[candidate.fits]
    total = candidate.cost.total
    preferred = _preferred(candidate, prefer)
    return (
        group,
        len(candidate.missed),
        len(candidate.unknown),
        Decimal("Infinity") if preferred is None else -preferred,
        total is None,
        candidate.cost.at_least if total is None else total,
        candidate.offer.id,
    )


def _preferred(candidate: Candidate, prefer: str) -> Decimal | None:
    """More of it is better; by price nothing is, so that the price alone decides."""
    if prefer == PRICE:
        return Decimal(0)
    if prefer == CONTEXT:
        context = candidate.offer.context
        return None if context is None else Decimal(context)
    found = score(candidate.offer, prefer)
    return None if found is None else Decimal(str(found.score))


def _relaxations(ranked: Iterable[Candidate]) -> tuple[Relaxation, ...]:
    """Needs that alone keep candidates out, the one that keeps out most of what is known to fit first."""
    kept_out: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in ranked:
        if len(candidate.missed) == 1:
            kept_out[candidate.missed[0].need].append(candidate)
    found: list[Relaxation] = []
    for need, those in kept_out.items():
        known = [candidate for candidate in those if not candidate.unknown]
        found.append(Relaxation(need, len(those), len(known), _nearest(known or those)))
    return tuple(sorted(found, key=lambda one: (-one.known, -one.lets_in, one.need)))


def _nearest(those: list[Candidate]) -> Candidate:
    """The one that misses by least; the first where the need is a yes or no."""
    return max(those, key=lambda candidate: candidate.missed[0].margin or Decimal(0))


def _refuse_strangers(needs: Needs, known: Catalogue) -> None:
    offers = known.offers.values()
    vendors = {name.casefold() for offer in offers for name in (offer.vendor, offer.provider)}
    for name in (*needs.vendors, *needs.without):
        if name.casefold() not in vendors:
            raise InvalidInput("vendors", name, f"one of {', '.join(sorted(vendors)) or 'none: it is empty'}")
    benchmarks = {one.name for model in known.models.values() for one in model.benchmarks}
    benchmarks |= {one.name for offer in offers if offer.model is not None for one in offer.model.benchmarks}
    asked = [*needs.quality, *([] if needs.prefer in (PRICE, CONTEXT) else [needs.prefer])]
    for name in asked:
        if not any(score(offer, name) for offer in offers):
            accepted = ", ".join(sorted(benchmarks)) or "none: the catalogue has no scores"
            raise InvalidInput("benchmark", name, f"one that an offer has a published score for: {accepted}")
