"""From sources to the files of the catalogue. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from aiapp.catalog.builder.litellm_rows import Vendor, offers_of, with_tuples
from aiapp.catalog.builder.naming import Names
from aiapp.catalog.builder.second_source import NAME, Second, SecondSource
from aiapp.catalog.models import Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import STANDARD, PriceList, Rates, Step
from aiapp.catalog.rows import model_row, offer_row, read_offer

FORM = 1
"""Of the files; another number is for another reader."""
_SNAPSHOT = re.compile(r"(.+?)[-@](20\d\d-\d\d-\d\d|20\d{6})(.*)")
_SAME = tuple(
    field.name for field in fields(Offer) if field.name not in ("id", "source", "aliases", "regions", "prices")
)


@dataclass(frozen=True, slots=True)
class Sources:
    """All that a catalogue is built from."""

    rows: Mapping[str, Mapping[str, Any]]
    """litellm's price file."""
    rows_source: str
    second: SecondSource | None
    vendors: tuple[Vendor, ...]
    names: Names
    own: tuple[Mapping[str, Any], ...]
    """Offers that we describe ourselves, as rows of the data files."""
    facts: Mapping[str, Mapping[str, Any]]
    as_of: date


@dataclass(frozen=True, slots=True)
class Built:
    """A catalogue: offers by vendor, those that make their models first, and models; both in the order of their ids."""

    offers: Mapping[str, tuple[Offer, ...]]
    models: tuple[Model, ...]
    sources: tuple[str, ...]
    as_of: date

    def files(self) -> dict[str, str]:
        """The text of each file by its path: one row a line, so that a difference shows the offer that changed."""
        texts = {f"offers/{vendor}.json": _lines(map(offer_row, offers)) for vendor, offers in self.offers.items()}
        index = {"form": FORM, "as_of": self.as_of.isoformat(), "sources": self.sources, "vendors": list(self.offers)}
        return {
            "index.json": json.dumps(index, indent=1) + "\n",
            **texts,
            "models.json": _lines(map(model_row, self.models)),
        }


def build(sources: Sources) -> Built:
    """The catalogue of these sources."""
    offers = {vendor.name: tuple(_vendor(vendor, sources)) for vendor in sources.vendors}
    known = {model.id: model for model in sources.names.models}
    for row in sources.own:
        offers[row["vendor"]] = (*offers.get(row["vendor"], ()), read_offer(row, known))
    used = {offer.model for some in offers.values() for offer in some if offer.model is not None}
    models = {model.id: model for model in (*sources.names.models, *used)}
    origins = (sources.rows_source, *((sources.second.source,) if sources.second else ()))
    return Built(offers, tuple(models[name] for name in sorted(models)), origins, sources.as_of)


def _vendor(vendor: Vendor, sources: Sources) -> Iterator[Offer]:
    taken: list[Offer] = []
    for offer in offers_of(vendor, sources.rows, sources.rows_source, sources.as_of):
        model = sources.names.model_of(vendor.name, offer)
        if (vendor.known and model is None) or (vendor.since and _old(offer, model, vendor.since, sources.as_of)):
            continue
        second = sources.second.find(vendor.genai, offer.id.removeprefix(vendor.offers)) if sources.second else None
        facts = _facts_of(offer, sources.facts)
        prices = _completed(offer.prices, second, preferred=facts.pop("prices", None) == NAME)
        prices = _resident(prices, vendor, None if model is None else model.released)
        released = None if model is None or vendor.known else model.released
        taken.append(_with_facts(replace(offer, model=model, prices=prices, released=released), facts))
    folded = _without_snapshots(_without_regions(taken, vendor))
    return iter(sorted(folded, key=lambda offer: offer.id))


def _resident(prices: tuple[PriceList, ...], vendor: Vendor, released: date | None) -> tuple[PriceList, ...]:
    """Prices with the factors of all regions that the vendor processes in: what one of them costs, and 1 for models of
    the days before it charged for that."""
    since = vendor.residency_since
    level = since is not None and released is not None and released < since
    return tuple(_everywhere(one, vendor, Decimal(1) if level else None) for one in prices)


def _everywhere(prices: PriceList, vendor: Vendor, factor: Decimal | None) -> PriceList:
    said = (by for region, by in prices.factors.items() if region in vendor.residencies)
    factor = factor or next(said, None)
    if factor is None:
        return prices
    factors = {**dict.fromkeys(vendor.residencies, factor), **prices.factors}
    return replace(prices, factors=factors, source=f"{prices.source}; regions: {vendor.residency_source}")


def _old(offer: Offer, model: Model | None, since: date, today: date) -> bool:
    return not offer.alive(today) or (model is not None and model.released is not None and model.released < since)


def _facts_of(offer: Offer, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of an offer; a dated snapshot that ends on the same day has those of its moving name."""
    match = _SNAPSHOT.fullmatch(offer.id)
    nothing: Mapping[str, Any] = {}
    moving = nothing if match is None else facts.get(match[1] + match[3], nothing)
    return dict(facts.get(offer.id) or (moving if moving.get("retires", offer.retires) == offer.retires else {}))


def _with_facts(offer: Offer, facts: Mapping[str, Any]) -> Offer:
    """An offer with what facts.toml says of it; its source is named, too."""
    if not facts.keys() - {"source"}:
        return offer
    changed = with_tuples(facts)
    source = changed.pop("source")
    return replace(offer, **changed, source=f"{offer.source}; {', '.join(changed)}: {source}")


def _completed(prices: tuple[PriceList, ...], second: Second | None, *, preferred: bool) -> tuple[PriceList, ...]:
    """Prices with the rates that only the second source has, and, where both agree on today's, with its other days."""
    if second is None or (not prices and not preferred):
        return prices
    others = [tuple(one for one in some if one.tiers[STANDARD]) for some in (second.before, second.after)]
    if preferred:
        return (*others[0], second.now, *others[1])
    now, filled = _filled(prices[0], second.now)
    if filled:
        now = replace(now, source=f"{now.source}; {second.now.source}: {', '.join(filled)}")
    mine, theirs = now.rates(), second.now.rates()
    if mine is None or theirs is None or (mine.input, mine.output) != (theirs.input, theirs.output):
        return (now, *prices[1:])
    start = second.now.valid_from
    return (*others[0], *(replace(one, valid_from=start) for one in (now, *prices[1:])), *others[1])


def _filled(ours: PriceList, second: PriceList) -> tuple[PriceList, list[str]]:
    tiers, filled = dict(ours.tiers), list[str]()
    for tier, theirs in second.tiers.items():
        if not theirs or theirs[0].rates.input is None:
            continue
        if tier not in tiers:
            tiers[tier] = theirs
            filled.append(tier)
        elif [step.above for step in tiers[tier]] == [step.above for step in theirs]:
            pairs = list(zip(tiers[tier], theirs, strict=True))
            missing = sorted({name for mine, other in pairs for name in _missing(mine.rates, other.rates)})
            tiers[tier] = tuple(_with_missing(mine, other) for mine, other in pairs)
            filled.extend(f"{tier} {name}" for name in missing)
    uses = {**second.uses, **ours.uses}
    filled.extend(use for use in second.uses if use not in ours.uses)
    return replace(ours, tiers=tiers, uses=uses), filled


def _missing(ours: Rates, second: Rates) -> Iterator[str]:
    """The rates that only the second source has, save those that are text's."""
    alike = {"audio_input": ours.input, "image_input": ours.input, "reasoning": ours.output}
    for field in fields(Rates):
        theirs = getattr(second, field.name)
        if theirs is not None and getattr(ours, field.name) is None and theirs != alike.get(field.name):
            yield field.name


def _with_missing(ours: Step, second: Step) -> Step:
    return replace(
        ours,
        rates=replace(ours.rates, **{name: getattr(second.rates, name) for name in _missing(ours.rates, second.rates)}),
    )


def _without_regions(offers: Sequence[Offer], vendor: Vendor) -> Iterator[Offer]:
    """Regional names folded: into the plain one at the same price, or, a deployment, as its factor; else into one."""
    named = {offer.id: offer for offer in offers if not offer.regions}
    for offer in offers:
        if not offer.regions:
            continue
        plain = vendor.offers + offer.id.removeprefix(vendor.offers).removeprefix(_prefix(vendor, offer))
        if vendor.region_is_deployment:
            if plain in named:
                named[plain] = _with_factor(named[plain], offer)
            continue
        elsewhere = (vendor.offers + region + plain.removeprefix(vendor.offers) for region in vendor.regions)
        alike = (plain, *elsewhere)
        into = next((one for one in alike if one in named and _multiple(named[one], offer) == 1), None)
        if into is None:
            named[offer.id] = offer
        else:
            one = named[into]
            regions = (*one.regions, *offer.regions) if one.regions else ()
            named[into] = replace(one, aliases=(*one.aliases, offer.name), regions=regions)
    yield from named.values()


def _with_factor(plain: Offer, regional: Offer) -> Offer:
    """The plain offer with what its prices are multiplied by in a region, where that is one number."""
    factor = _multiple(plain, regional)
    if factor is None or factor == 1:
        return plain
    now = plain.prices[-1]
    return replace(
        plain, prices=(*plain.prices[:-1], replace(now, factors={**now.factors, regional.regions[0]: factor}))
    )


def _prefix(vendor: Vendor, offer: Offer) -> str:
    name = offer.id.removeprefix(vendor.offers)
    return next(region for region in vendor.regions if name.startswith(region))


def _multiple(plain: Offer, regional: Offer) -> Decimal | None:
    """The one factor between all rates of two offers that both have; None where there is none."""
    if not plain.prices or not regional.prices:
        return None
    factors: set[Decimal] = set()
    for tier, steps in regional.prices[-1].tiers.items():
        for mine, other in zip(plain.prices[-1].tiers.get(tier, ()), steps, strict=False):
            for field in fields(Rates):
                a, b = getattr(mine.rates, field.name), getattr(other.rates, field.name)
                if a and b:
                    factors.add((b / a).normalize())
    return factors.pop() if len(factors) == 1 else None


def _without_snapshots(offers: Iterable[Offer]) -> Iterator[Offer]:
    """Dated snapshots as aliases of the moving name that is in all else the same."""
    named = {offer.id: offer for offer in offers}
    for offer in list(named.values()):
        match = _SNAPSHOT.fullmatch(offer.id)
        moving = None if match is None else named.get(match[1] + match[3])
        if moving is not None and _same(moving, offer):
            named[moving.id] = replace(moving, aliases=tuple(sorted({*moving.aliases, offer.name, *offer.aliases})))
            del named[offer.id]
    yield from named.values()


def _same(one: Offer, other: Offer) -> bool:
    alike = all(getattr(one, name) == getattr(other, name) for name in _SAME)
    return alike and [p.tiers for p in one.prices] == [p.tiers for p in other.prices]


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"
