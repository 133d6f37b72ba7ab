"""A user's own offers, models and prices, from a TOML file, over the packaged ones.

    [offers."openai:gpt-6-sol"]              # a known offer: what is named replaces what was known
    times = 0.85                             # every rate of it, multiplied: a discount
    source = "our contract of 2026-10-01"

    [offers."vllm:my-model"]                 # a new one
    model = "my-model"
    context = 32768
    price = { input = 0.20, output = 0.60 }  # dollars per million tokens

    [models.my-model]
    maker = "us"
    family = "my-model"
    open = true
    architecture = { parameters = 8.03, active = 8.03, layers = 32, kv_heads = 8, head_size = 128 }

`prices` instead of `price` is a list in full: `valid_from`, `tiers` (each a list of steps), `factors`, `uses`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from aiapp.catalog.models import Architecture, Benchmark, Model
from aiapp.catalog.offers import Modality, Offer
from aiapp.catalog.prices import STANDARD, PriceList, Rates, Step
from aiapp.catalog.sections import Section, TomlFile

TIERS = (STANDARD, "batch", "flex", "priority", "fast", "ultrafast")
_RATES = tuple(field.name for field in fields(Rates))


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a file says: whole offers, and the models that it adds or replaces."""

    offers: tuple[Offer, ...]
    models: tuple[Model, ...]


def read_overrides(
    path: Path, find: Callable[[str], Offer | None], models: Mapping[str, Model], today: date
) -> Overrides:
    """The offers and models of a file; `find` and `models` are what was known before. What cannot be used is
    `InvalidInput` with the file, line, field and value."""
    file = TomlFile.read(path)
    Section(file, (), file.table).only("offers", "models")
    added = {name: _model(section, name, path, today) for name, section in file.sections("models").items()}
    offers: list[Offer] = []
    for name, section in file.sections("offers").items():
        if name != "local" and not all(name.partition(":")):
            raise section.wrong("", 'a name such as "PROVIDER:NAME", as `Client` takes it')
        offers.append(_offer(section, name, find(name), added, models, path, today))
    return Overrides(tuple(offers), tuple(added.values()))


def _modalities(section: Section, name: str) -> tuple[Modality, ...]:
    known: tuple[Modality, ...] = get_args(Modality)
    found = section.several(name)
    if not found or not set(found) <= set(known):
        raise section.wrong(name, f"a list of some of {', '.join(known)}")
    return tuple(one for one in known if one in found)


_OFFER: Mapping[str, Callable[[Section, str], Any]] = {
    "vendor": Section.words,
    "source": Section.words,
    "as_of": Section.day,
    "context": Section.count,
    "output_tokens": Section.count,
    "inputs": _modalities,
    "outputs": _modalities,
    "released": Section.day,
    "deprecated": Section.day,
    "retires": Section.day,
    "successor": Section.words,
    "cacheable_from": Section.count,
    "tools": Section.flag,
    "json_schema": Section.flag,
    "reasoning": Section.flag,
    "regions": Section.several,
    "free": Section.flag,
    "aliases": Section.several,
}
_MODEL: Mapping[str, Callable[[Section, str], Any]] = {
    "maker": Section.words,
    "family": Section.words,
    "open": Section.flag,
    "source": Section.words,
    "as_of": Section.day,
    "licence": Section.words,
    "weights": Section.words,
    "context": Section.count,
    "released": Section.day,
    "knowledge": Section.day,
}
_ARCHITECTURE: Mapping[str, Callable[[Section, str], Any]] = {
    "parameters": Section.size,
    "active": Section.size,
    "layers": Section.count,
    "kv_heads": Section.count,
    "head_size": Section.count,
    "kv_numbers": Section.count,
    "window": Section.count,
    "window_numbers": Section.count,
}
_BENCHMARK: Mapping[str, Callable[[Section, str], Any]] = {
    "name": Section.words,
    "score": Section.size,
    "source": Section.words,
    "as_of": Section.day,
}


def _offer(
    section: Section,
    name: str,
    known: Offer | None,
    added: Mapping[str, Model],
    models: Mapping[str, Model],
    path: Path,
    today: date,
) -> Offer:
    section.only(*_OFFER, "model", "price", "prices", "times")
    facts = section.facts(_OFFER)
    source, as_of = facts.setdefault("source", str(path)), facts.setdefault("as_of", today)
    if "model" in section.table:
        model = section.words("model")
        facts["model"] = added.get(model) or models.get(model)
        if facts["model"] is None:
            raise section.wrong("model", "the id of a model that `aiapp models show` knows, or of one in this file")
    if "price" in section.table:
        steps = (Step(0, _rates(section.part("price"))),)
        facts["prices"] = (PriceList({STANDARD: steps}, source, as_of),)
    if "prices" in section.table:
        facts["prices"] = tuple(_prices(part, source, as_of) for part in section.parts("prices"))
    if known is None:
        facts.setdefault("vendor", name.partition(":")[0])
        return _times(section, Offer(name, **facts))
    changed = known if known.id == name else replace(known, id=name, aliases=())
    return _times(section, replace(changed, **facts))


def _times(section: Section, offer: Offer) -> Offer:
    """The offer with all its rates multiplied, where the section says so."""
    if "times" not in section.table:
        return offer
    factor = section.money("times")
    if not offer.prices:
        raise section.wrong("times", "a factor for an offer that has prices")
    return replace(offer, prices=tuple(_scaled(prices, factor, offer.source) for prices in offer.prices))


def _scaled(prices: PriceList, factor: Decimal, source: str) -> PriceList:
    tiers = {
        tier: tuple(Step(step.above, step.rates.times(factor)) for step in steps)
        for tier, steps in prices.tiers.items()
    }
    return replace(prices, tiers=tiers, source=f"{prices.source}, times {factor}: {source}")


def _prices(section: Section, source: str, as_of: date) -> PriceList:
    section.only("tiers", "valid_from", "factors", "uses", "source", "as_of")
    if "tiers" not in section.table:
        raise section.wrong("tiers", f"a table of {', '.join(TIERS)}")
    tiers = section.part("tiers")
    tiers.only(*TIERS)
    facts: dict[str, Any] = {"source": source, "as_of": as_of}
    facts |= section.facts({"valid_from": Section.day, "source": Section.words, "as_of": Section.day})
    facts |= {name: _amounts(section.part(name)) for name in ("factors", "uses") if name in section.table}
    return PriceList(tiers={tier: _steps(tiers, tier) for tier in tiers.table}, **facts)


def _steps(tiers: Section, tier: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    for part in tiers.parts(tier):
        above = part.count("above") if "above" in part.table else 0
        if (above == 0) != (not steps) or (steps and above <= steps[-1].above):
            raise tiers.wrong(tier, "steps with a rising `above`, the first without one")
        steps.append(Step(above, _rates(part, "above")))
    if not steps:
        raise tiers.wrong(tier, "at least one step")
    return tuple(steps)


def _rates(section: Section, *beside: str) -> Rates:
    section.only(*_RATES, *beside)
    return Rates(**{name: section.money(name) for name in _RATES if name in section.table})


def _amounts(section: Section) -> dict[str, Decimal]:
    return {name: section.money(name) for name in section.table}


def _model(section: Section, name: str, path: Path, today: date) -> Model:
    section.only(*_MODEL, "architecture", "benchmarks")
    facts: dict[str, Any] = {"family": name, "source": str(path), "as_of": today, **section.facts(_MODEL)}
    for needed in ("maker", "open"):
        if needed not in facts:
            raise section.wrong(needed, "a value: a model of your own needs `maker` and `open`")
    if "architecture" in section.table:
        part = section.part("architecture")
        part.only(*_ARCHITECTURE)
        sizes = part.facts(_ARCHITECTURE)
        if "parameters" not in sizes:
            raise part.wrong("parameters", "a number of billions above 0")
        sizes.setdefault("active", sizes["parameters"])
        facts["architecture"] = Architecture(**sizes)
    if "benchmarks" in section.table:
        facts["benchmarks"] = tuple(_benchmark(part, str(path), today) for part in section.parts("benchmarks"))
    return Model(name, **facts)


def _benchmark(section: Section, source: str, today: date) -> Benchmark:
    section.only(*_BENCHMARK)
    facts: dict[str, Any] = {"source": source, "as_of": today, **section.facts(_BENCHMARK)}
    for needed in ("name", "score"):
        if needed not in facts:
            raise section.wrong(needed, "a value: a benchmark needs `name` and `score`")
    return Benchmark(**facts)
