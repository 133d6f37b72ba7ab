"""The catalogue: every offer and model that aiapp knows, and the way to one of them.

`catalogue()` is loaded once per process from the packaged data and the user's own files (`AIAPP_CATALOG`, else
`aiapp/catalog.toml` in the user's configuration folder). What is packaged is read a vendor at a time, when it is
asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from aiapp.catalog.folders import refreshed_folder, users_file
from aiapp.catalog.models import Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.shelves import PACKAGED, Layered, Models, Shelves, newest, plain_name, undated
from aiapp.core.errors import UnknownModel

LISTED = "that `aiapp models` lists"
SUGGESTIONS = 3
LIKE, ALIKE = 40, 0.55
"""How many that are like a name, and how much, are looked at for those that will last."""
SLIP = 0.85
"""How much two names with the same numbers are alike where one is a slip of the pen of the other."""
MET = 4096
"""How many names a catalogue remembers, so that every call of a program is not a search."""


class Catalogue:
    """Offers by id and alias, and models by id."""

    offers: Mapping[str, Offer]
    models: Mapping[str, Model]
    _met: dict[str, Offer | None] | None = None

    def __init__(self, offers: Iterable[Offer], models: Iterable[Model]) -> None:
        self.offers = {offer.id: offer for offer in offers}
        self.models = {model.id: model for model in models}
        self._aliases = {
            f"{offer.provider}:{alias}": offer for offer in self.offers.values() for alias in offer.aliases
        }

    def find(self, name: str) -> Offer | None:
        """The offer that a name such as `openai:gpt-6-sol` means, aliases and dated snapshots included; else None.

        A snapshot that nobody listed is taken for the offer that is named as it is without its date.
        """
        met = self._met
        if met is None:
            met = self._met = {}
        elif name in met:
            return met[name]
        plain = plain_name(name)
        found = self._listed(plain)
        if found is None and (moving := undated(plain)) is not None:
            found = self._listed(moving)
        if len(met) < MET:
            met[name] = found
        return found

    def offer(self, name: str) -> Offer:
        """As `find`; a name that means none is `UnknownModel`, which names what is nearest to it."""
        found = self.find(name)
        if found is None:
            near = " or ".join(self.nearest(name))
            raise UnknownModel(name, f"{near}, or another offer {LISTED}" if near else f"an offer {LISTED}")
        return found

    def nearest(self, name: str, today: date | None = None) -> list[str]:
        """The ids most like a name that means none: of the same name elsewhere, else like it at the same provider, else
        like it anywhere, makers of models before those who serve them.

        Those that no end is announced of come alone, where there are any: first what differs by a slip of the pen, then
        those that share the most words, the newest first.
        """
        from difflib import SequenceMatcher, get_close_matches  # slow to load, and needed only here

        provider, _, rest = name.partition(":") if ":" in name else ("", "", name)
        named: dict[str, str] = {}
        for one in self.offers:
            named.setdefault(one.partition(":")[2].rpartition("/")[2].lower(), one)
        last = rest.rpartition("/")[2].lower()
        if last in named:
            return [named[last]]
        here = [one for one in self.offers if provider and one.startswith(f"{provider}:")]
        close = get_close_matches(name, here, LIKE, ALIKE)
        close = close or [named[one] for one in get_close_matches(last, named, LIKE, ALIKE)]
        lasting = [one for one in close if self.offers[one].lasts(today or date.today())]
        words, numbers = _words(last), _numbers(last)

        def order(one: str) -> tuple[bool, int, list[int]]:
            other = one.partition(":")[2].rpartition("/")[2].lower()
            slip = numbers == _numbers(other) and SequenceMatcher(None, last, other).ratio() > SLIP
            return (not slip, -len(words & _words(other)), [*(-number for number in _numbers(other)), 0])

        return sorted(lasting, key=order)[:SUGGESTIONS] or close[:SUGGESTIONS]

    def with_overrides(self, path: str | Path) -> Catalogue:
        """This catalogue with a TOML file of offers, prices and models over it; overrides.py shows one."""
        from aiapp.catalog.overrides import read_overrides

        said = read_overrides(Path(path), self.find, self.models, date.today())
        return _Layered(self, said.offers, said.models)

    def _listed(self, name: str) -> Offer | None:
        return self.offers.get(name) or self._aliases.get(name)


class _Packaged(Catalogue):
    """A catalogue in files, whose parts are read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.models = Models(folder / "models.json")
        self._shelves = Shelves(folder, self.models)
        self.offers = self._shelves

    def _listed(self, name: str) -> Offer | None:
        found = self._shelves.get(name)
        if found is None and (meant := self._shelves.meant(name)) is not None:
            found = self._shelves[meant]
        return found


class _Layered(Catalogue):
    """A catalogue over another one."""

    def __init__(self, below: Catalogue, offers: Iterable[Offer], models: Iterable[Model]) -> None:
        self._above, self._below = Catalogue(offers, models), below
        self.offers = Layered(self._above.offers, below.offers)
        self.models = Layered(self._above.models, below.models)

    def _listed(self, name: str) -> Offer | None:
        return self._above._listed(name) or self._below._listed(name)


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall("[a-z]+", name))


def _numbers(name: str) -> list[int]:
    """The version: the numbers of a name, dates left out."""
    return [int(digits) for digits in re.findall("[0-9]+", name) if len(digits) < 3]


def packaged() -> Catalogue:
    """The catalogue that came with aiapp, or the newer one that `aiapp models refresh` made; nothing of the user's."""
    return _Packaged(newest(PACKAGED, refreshed_folder()))


@cache
def catalogue() -> Catalogue:
    """The catalogue, with the user's own additions. Read once a process."""
    known, own = packaged(), users_file()
    return known if own is None else known.with_overrides(own)
