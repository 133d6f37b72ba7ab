"""The catalogue: every offer and model that aiapp knows, and the way to one of them.

Contract while it is built: `catalogue()` is loaded once per process from the packaged data and the user's own files
(`AIAPP_CATALOG`, else `aiapp/catalog.toml` in the user's configuration folder), lazily, in under 30 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from aiapp.catalog.models import Model
from aiapp.catalog.offers import Offer
from aiapp.core.errors import UnknownModel


class Catalogue:
    """Offers by id and alias, and models by id."""

    def __init__(self, offers: Iterable[Offer], models: Iterable[Model]) -> None:
        self.offers: Mapping[str, Offer] = {offer.id: offer for offer in offers}
        self.models: Mapping[str, Model] = {model.id: model for model in models}
        self._aliases = {
            f"{offer.provider}:{alias}": offer for offer in self.offers.values() for alias in offer.aliases
        }

    def find(self, name: str) -> Offer | None:
        """The offer that a name such as `openai:gpt-6-sol` means, aliases and dated snapshots included; else None."""
        return self.offers.get(name) or self._aliases.get(name)

    def offer(self, name: str) -> Offer:
        """As `find`; a name that means none is `UnknownModel`."""
        found = self.find(name)
        if found is None:
            raise UnknownModel(name, "an offer that `aiapp models` lists")
        return found


@cache
def catalogue() -> Catalogue:
    """The packaged catalogue, with the user's own additions."""
    return Catalogue((), ())
