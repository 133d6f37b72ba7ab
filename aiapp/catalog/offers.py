"""An offer: one model at one provider, with its limits, its dates and its prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from aiapp.catalog.models import Model
from aiapp.catalog.prices import PriceList, valid_at

Modality: TypeAlias = Literal["text", "image", "audio", "video", "file", "embedding"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What `Client(offer.id)` reaches: `PROVIDER:NAME`, the provider being one that aiapp knows.

    `vendor` is who serves and bills it, which for `litellm:` is not in the provider's name. `aliases` are other names
    of the same offer, without the provider: dated snapshots and moving names. `free` is true where it runs on the
    user's own machine.
    """

    id: str
    vendor: str
    source: str
    as_of: date
    model: Model | None = None
    context: int | None = None
    """Tokens of request and answer together."""
    output_tokens: int | None = None
    inputs: tuple[Modality, ...] = ("text",)
    outputs: tuple[Modality, ...] = ("text",)
    prices: tuple[PriceList, ...] = ()
    released: date | None = None
    deprecated: date | None = None
    """Announced to end; still served."""
    retires: date | None = None
    """The day from which it is not served any more."""
    successor: str | None = None
    """The offer that its provider names in its place."""
    cacheable_from: int | None = None
    """The shortest prefix in tokens that the provider caches."""
    tools: bool | None = None
    json_schema: bool | None = None
    reasoning: bool | None = None
    regions: tuple[str, ...] = ()
    free: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """The provider's name, as in `Client`."""
        return self.id.partition(":")[0]

    @property
    def name(self) -> str:
        """The provider's own name for the model."""
        return self.id.partition(":")[2]

    @property
    def open(self) -> bool | None:
        """Whether the weights can be had; None where the model is not in the catalogue."""
        return None if self.model is None else self.model.open

    def price(self, at: date | datetime) -> PriceList | None:
        """The prices on a day; None where none are known for it."""
        return valid_at(self.prices, at)

    def alive(self, day: date) -> bool:
        """Whether it is served on a day, as far as is known."""
        return (self.released is None or self.released <= day) and (self.retires is None or day < self.retires)

    def lasts(self, day: date) -> bool:
        """Whether it is served on a day, and no end of it is announced."""
        return self.alive(day) and self.deprecated is None and self.retires is None
