"""Which model an offer is of: from the many ways in which providers write one name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from aiapp.catalog.models import Benchmark, Model
from aiapp.catalog.offers import Offer

_MAKER = re.compile(
    r"(?:(?:us|eu|apac|au|jp|in|global)\.)?"
    r"(?:anthropic|openai|amazon|meta|mistral|google|qwen|deepseek|moonshotai|moonshot|minimax|nvidia|zai|xai|cohere|writer)\."
)
_SUFFIX = re.compile(
    r"(?:-v\d+)?:\d+|-v\d+|@default|[-@]20\d\d-?\d\d-?\d\d|-(?:instruct|it|chat|hf|fp8|fp4|nvfp4|bf16|turbo|ultra|fast|highspeed|latest"
    r"|maas|us|tee|preview|\d{4})$"
)


def key(name: str) -> str:
    """A name without its maker's folder, in lower case, with hyphens for every point: `claude-opus-5-5`."""
    last = name.lower().rsplit("/", 1)[-1]
    last = _MAKER.sub("", last, count=1) if _MAKER.match(last) else last
    last = re.sub(r"(?<=\d)p(?=\d)", "-", last)
    return last.replace(".", "-").replace("_", "-")


def shorter(name: str) -> Iterator[str]:
    """The key of a name, and then it again without one more suffix at each step."""
    short = key(name)
    yield short
    while (match := re.search(rf"(?:{_SUFFIX.pattern})$", short)) and match.start():
        short = short[: match.start()]
        yield short


@dataclass(frozen=True, slots=True)
class Maker:
    """Models whose weights nobody can have: `families` are beginnings of names, `vendors` whose offers name them."""

    title: str
    vendors: tuple[str, ...]
    families: tuple[str, ...]


class Names:
    """Models by every name that they are known under."""

    def __init__(
        self,
        models: tuple[Model, ...],
        others: Mapping[str, str],
        makers: tuple[Maker, ...],
        snapshots: Mapping[str, tuple[date, str]] | None = None,
        scores: Iterable[tuple[str, Benchmark]] = (),
    ) -> None:
        self._scores, self._snapshots = tuple(scores), snapshots or {}
        self.models = tuple(map(self._scored, models))
        self._makers = makers
        self._by_id = {model.id: model for model in self.models}
        self._open = {key(model.id): model.id for model in models} | {key(name): to for name, to in others.items()}
        self._closed: dict[str, Model] = {}

    def model_of(self, vendor: str, offer: Offer) -> Model | None:
        """The model of an offer: one of models.toml, else a closed one of its maker; None where nobody says."""
        name = offer.id.rpartition(":")[2] if offer.id.count(":") == 1 else offer.id.partition(":")[2]
        keys = list(shorter(name))
        for one in keys:
            if one in self._open:
                return self._by_id[self._open[one]]
        return self._closed_model(vendor, offer, keys)

    def _closed_model(self, vendor: str, offer: Offer, keys: list[str]) -> Model | None:
        for maker in self._makers:
            family = max((one for one in maker.families if keys[0].startswith(key(one))), key=len, default=None)
            if family is None:
                continue
            for one in keys:
                if one in self._closed:
                    return self._closed[one]
            if vendor in maker.vendors:
                undated = re.sub(r"[-@]20\d\d-?\d\d-?\d\d$", "", offer.id.partition(":")[2].rsplit("/", 1)[-1])
                day, dated = self._snapshots.get(key(undated), (None, ""))
                source = offer.source if day is None else f"{offer.source}; released: the date in the name {dated}"
                model = Model(
                    undated, maker.title, family, False, source, offer.as_of, context=offer.context, released=day
                )
                self._closed[key(undated)] = self._scored(model)
                return self._closed[key(undated)]
        return None

    def _scored(self, model: Model) -> Model:
        found = tuple(score for name, score in self._scores if name == model.id)
        return replace(model, benchmarks=(*model.benchmarks, *found)) if found else model


def read_scores(table: Mapping[str, Any]) -> Iterator[tuple[str, Benchmark]]:
    """The scores of scores.toml, each with its model's id."""
    for section in table["scores"]:
        for name, score in section["of"].items():
            yield name, Benchmark(section["name"], float(score), section["source"], section["as_of"])


def read_makers(table: Mapping[str, Mapping[str, Any]]) -> tuple[Maker, ...]:
    """The sections of makers.toml."""
    return tuple(
        Maker(section["title"], tuple(section["vendors"]), tuple(section["families"])) for section in table.values()
    )


def snapshot_days(names: Iterable[str]) -> dict[str, tuple[date, str]]:
    """The earliest date in the names of a model's snapshots, with the name that has it, by the model's key."""
    days: dict[str, tuple[date, str]] = {}
    for name in names:
        match = re.fullmatch(r"(.+)-(20\d\d)-?(\d\d)-?(\d\d)", name)
        if match is None:
            continue
        try:
            day = date(int(match[2]), int(match[3]), int(match[4]))
        except ValueError:
            continue
        plain = key(match[1])
        if plain not in days or day < days[plain][0]:
            days[plain] = (day, name)
    return days
