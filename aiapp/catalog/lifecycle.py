"""When a model leaves, and what its provider names in its place: of an offer in the catalogue, or of one long gone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.shelves import plain_name


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The dates of a model. `id` is its offer's, `PROVIDER:NAME`; None where a date was not announced.

    `successor` is what the provider names in its place, and `alive_successor` the first on from there that is served
    on the day that was asked for.
    """

    id: str
    retires: date | None
    source: str
    as_of: date
    deprecated: date | None = None
    successor: str | None = None
    alive_successor: str | None = None

    def retired(self, day: date) -> bool:
        """Whether it is not served on a day."""
        return self.retires is not None and self.retires <= day


def lifecycle(name: str, day: date) -> Lifecycle | None:
    """The dates of the model that a name such as `openai:NAME` means; None where nothing is known of it."""
    found = _known(name)
    if found is None:
        return None
    alive = next((one.id for one in _successors(found) if not one.retired(day)), None)
    return Lifecycle(
        found.id, found.retires, found.source, found.as_of, found.deprecated, found.successor, alive_successor=alive
    )


def known_names() -> tuple[str, ...]:
    """Every model of which something is known, by the name of its offer."""
    return (*catalogue().offers, *_departures())


def _known(name: str) -> Lifecycle | None:
    gone = _departures().get(plain_name(name))
    if gone is not None:
        return gone
    offer = catalogue().find(name)
    if offer is None:
        return None
    return Lifecycle(offer.id, offer.retires, offer.source, offer.as_of, offer.deprecated, offer.successor)


def _successors(found: Lifecycle) -> Iterator[Lifecycle]:
    """Its successor, the successor of that, and so on; none twice."""
    seen = {found.id}
    while found.successor is not None and found.successor not in seen:
        seen.add(found.successor)
        following = _known(found.successor)
        if following is None:
            return
        found = following
        yield found


@cache
def _departures() -> dict[str, Lifecycle]:
    text = (files("aiapp.catalog") / "departures.toml").read_text(encoding="utf-8")
    return {
        name: Lifecycle(name, row["retired"], row["source"], row["as_of"], successor=row.get("successor"))
        for row in tomllib.loads(text).values()
        for name in row["models"]
    }
