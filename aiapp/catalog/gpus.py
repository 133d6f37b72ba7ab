"""The accelerators of `hardware.toml`, each with its sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from aiapp.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Rent:
    """What one device costs an hour on demand, in US dollars, from the cheapest listing that was seen to a dear one."""

    low: Decimal
    high: Decimal
    source: str
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Gpu:
    """One accelerator: memory in GB, bandwidth in GB/s, dense TFLOPs by number format.

    `rent` is None where no price is known, and `no_price` then says why.
    """

    name: str
    title: str
    memory: float
    bandwidth: float
    tflops: Mapping[str, float]
    source: str
    as_of: date
    rent: Rent | None = None
    no_price: str = ""

    def compute(self, precision: str) -> float:
        """Operations a second for weights of a format; a format that it cannot compute in is widened to bf16."""
        return self.tflops.get(precision, self.tflops["bf16"]) * 1e12


@cache
def gpus() -> Mapping[str, Gpu]:
    """All of them by name."""
    table = tomllib.loads((files("aiapp.catalog") / "hardware.toml").read_text(encoding="utf-8"))
    found: dict[str, Gpu] = {}
    for name, row in table.items():
        rent = None
        if "low" in row:
            rent = Rent(Decimal(row["low"]), Decimal(row["high"]), row["price_source"], row["price_as_of"])
        found[name] = Gpu(
            name,
            row["title"],
            row["memory"],
            row["bandwidth"],
            row["tflops"],
            row["source"],
            row["as_of"],
            rent,
            row.get("no_price", ""),
        )
    return found


def gpu(name: str) -> Gpu:
    """The one of that name, without regard to case; hyphens may be left out."""
    plain = name.casefold().replace("-", "").replace(" ", "")
    found = next((one for known, one in gpus().items() if known.casefold().replace("-", "") == plain), None)
    if found is None:
        raise InvalidInput("gpu", name, f"one of {', '.join(gpus())}")
    return found
