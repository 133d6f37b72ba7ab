"""Rates, steps and service tiers from the fields of one row of litellm's price file. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from aiapp.catalog.prices import STANDARD, Rates, Step

MILLION = 1_000_000
RATE_NAMES = tuple(field.name for field in fields(Rates))

_FIELDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_long",
    "cache_creation_input_token_cost_above_12hr": "cache_write_long",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
    "cache_read_input_audio_token_cost": "audio_cache_read",
    "input_cost_per_image_token": "image_input",
    "output_cost_per_image_token": "image_output",
}
_TIERS = {"": STANDARD, "batches": "batch", "flex": "flex", "priority": "priority", "ultrafast": "ultrafast"}
_FIELD = re.compile(
    rf"({'|'.join(sorted(_FIELDS, key=len, reverse=True))})"
    rf"(?:_above_(\d+)k_tokens)?(?:_({'|'.join(filter(None, _TIERS))}))?"
)
_ALIKE = {
    "reasoning": "output",
    "audio_input": "input",
    "audio_output": "output",
    "audio_cache_read": "cache_read",
    "image_input": "input",
    "image_output": "output",
}
"""Rates that are left out where they are those of text."""


def tiers_of(row: Mapping[str, Any]) -> dict[str, tuple[Step, ...]]:
    """The tiers that a row gives whole prices for; none where its prices are all 0, which there means unknown."""
    found: dict[str, dict[int, dict[str, Decimal]]] = {}
    for field, value in row.items():
        if (match := _FIELD.fullmatch(field)) and value is not None:
            name, above, tier = _FIELDS[match[1]], int(match[2] or 0) * 1000, _TIERS[match[3] or ""]
            found.setdefault(tier, {}).setdefault(above, {})[name] = per_million(value)
    for place in row.get("tiered_pricing") or ():
        if "range" in place:
            rates = {_FIELDS[field]: per_million(value) for field, value in place.items() if field in _FIELDS}
            found.setdefault(STANDARD, {}).setdefault(int(place["range"][0]), {}).update(rates)
    embedding = row.get("mode") == "embedding"
    tiers = {tier: steps_of(steps, embedding=embedding) for tier, steps in found.items()}
    return {tier: steps for tier, steps in tiers.items() if steps}


def per_million(value: Decimal | float | int) -> Decimal:
    """Dollars for one as dollars for a million, without the noise of a binary fraction in its last digits."""
    exact = Decimal(value) if isinstance(value, Decimal | int) else Decimal(repr(value))
    return Decimal(f"{exact * MILLION:.9g}")


def steps_of(places: Mapping[int, Mapping[str, Decimal]], *, embedding: bool = False) -> tuple[Step, ...]:
    """The steps of one tier, in rising order; none where the first has no price for input or for output."""
    base = places.get(0, {})
    whole = "input" in base and (embedding or "output" in base)
    if not whole or not any(base.values()):
        return ()
    steps: list[Step] = []
    for above, rates in sorted(places.items()):
        steps.append(Step(above, _cleaned({**_unlike_text(base, rates), **rates}, embedding=embedding)))
    return tuple(steps)


def _unlike_text(base: Mapping[str, Decimal], rates: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The rates of other modalities that differ from text's: a step that does not name them leaves them as they are."""
    return {
        name: base[name]
        for name, text in _ALIKE.items()
        if name != "reasoning" and name in base and name not in rates and base[name] != base.get(text)
    }


def _cleaned(given: Mapping[str, Decimal], *, embedding: bool) -> Rates:
    """Without what says nothing: rates like text's, the output of an embedding, and a free write beside paid input.

    litellm writes 0 for a cache write where the provider has no such price; what is written there is paid as input.
    """
    kept = {name: value for name, value in given.items() if value != given.get(_ALIKE.get(name, ""))}
    if embedding:
        kept.pop("output", None)
    if kept.get("input"):
        kept = {name: value for name, value in kept.items() if value or not name.startswith("cache_write")}
    return replace(Rates(), **kept)
