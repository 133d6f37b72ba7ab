"""Where litellm and genai-prices give another price for the same thing; which are known, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiapp.catalog.builder.assembly import Built
from aiapp.catalog.builder.litellm_rows import Vendor
from aiapp.catalog.builder.second_source import SecondSource, differences


@dataclass(frozen=True, slots=True, order=True)
class Disagreement:
    """One rate of one offer: `where` is tier, size and name, such as `batch above 272000 input`; dollars as text."""

    offer: str
    where: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.offer}, {self.where}: ours {self.ours}, genai-prices {self.theirs}"


def disagreements(built: Built, vendors: tuple[Vendor, ...], second: SecondSource) -> Iterator[Disagreement]:
    """Every rate of today's everyday prices that both give differently."""
    for vendor in vendors:
        for offer in built.offers[vendor.name]:
            other = second.find(vendor.genai, offer.id.removeprefix(vendor.offers))
            ours = offer.price(built.as_of)
            if other is None or ours is None:
                continue
            for where, mine, theirs in differences(ours, other.now):
                yield Disagreement(offer.id, where, f"{mine.normalize():f}", f"{theirs.normalize():f}")


def known(table: Mapping[str, Any]) -> dict[Disagreement, str]:
    """The disagreements of disagreements.toml, each with its reason."""
    found: dict[Disagreement, str] = {}
    for group in table["groups"]:
        for offer, rates in group["offers"].items():
            for where, said in rates.items():
                ours, _, theirs = said.partition(" | ")
                found[Disagreement(offer, where, ours, theirs)] = group["reason"]
    return found
