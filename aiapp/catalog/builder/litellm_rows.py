"""Offers from the rows of litellm's price file. Pure: the file's text in, offers out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from aiapp.catalog.builder.rates import tiers_of
from aiapp.catalog.offers import Modality, Offer
from aiapp.catalog.prices import STANDARD, Hours, PriceList, Step

_MODES = ("chat", "responses", "embedding")
_SIZES = {"low": "web_search_low", "medium": "web_search", "high": "web_search_high"}
_INPUTS: Mapping[str, Modality] = {
    "supports_vision": "image",
    "supports_audio_input": "audio",
    "supports_video_input": "video",
    "supports_pdf_input": "file",
}
_ORDER: tuple[Modality, ...] = ("text", "image", "audio", "video", "file", "embedding")


@dataclass(frozen=True, slots=True)
class Vendor:
    """A section of vendors.toml; its comment says what the fields mean."""

    name: str
    offers: str
    rows: tuple[str, ...]
    strip: tuple[str, ...] = ()
    genai: str = ""
    known: bool = False
    since: date | None = None
    skip: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    region_is_deployment: bool = False
    beside_answer: tuple[int, ...] = ()
    residencies: tuple[str, ...] = ()
    residency_since: date | None = None
    residency_source: str = ""


def read_vendors(table: Mapping[str, Mapping[str, Any]]) -> tuple[Vendor, ...]:
    """The sections of vendors.toml."""
    return tuple(Vendor(name, **with_tuples(section)) for name, section in table.items())


def with_tuples(section: Mapping[str, Any]) -> dict[str, Any]:
    """A section of a TOML file, its lists as tuples."""
    lists: dict[str, list[Any]] = {key: value for key, value in section.items() if isinstance(value, list)}
    return {**section, **{key: tuple(value) for key, value in lists.items()}}


def offers_of(vendor: Vendor, rows: Mapping[str, Mapping[str, Any]], source: str, as_of: date) -> Iterator[Offer]:
    """One offer for each row of a vendor that is taken, in the file's order; of two rows of one name, the first."""
    seen: set[str] = set()
    for key, row in rows.items():
        name = _without(key, vendor.strip)
        if row.get("litellm_provider") not in vendor.rows or row.get("mode") not in _MODES or name in seen:
            continue
        if any(re.fullmatch(pattern, name) for pattern in vendor.skip):
            continue
        seen.add(name)
        yield _offer(vendor, name, row, f"{source}: {key}", as_of)


def _without(key: str, beginnings: Sequence[str]) -> str:
    for beginning in beginnings:
        key = key.removeprefix(beginning)
    return key


def _offer(vendor: Vendor, name: str, row: Mapping[str, Any], source: str, as_of: date) -> Offer:
    embedding = row.get("mode") == "embedding"
    longest = _count(row.get("max_input_tokens"))
    answer = None if embedding else _count(row.get("max_output_tokens"))
    if longest in vendor.beside_answer:
        longest = (longest or 0) + (answer or 0)
    region = next((one for one in vendor.regions if name.startswith(one)), "")
    return Offer(
        id=f"{vendor.offers}{name}",
        vendor=vendor.name,
        source=source if not row.get("source") else f"{source} ({row['source']})",
        as_of=as_of,
        context=longest,
        output_tokens=answer,
        inputs=_inputs(row),
        outputs=("embedding",) if embedding else _outputs(row),
        prices=_prices(row, source, as_of),
        retires=date.fromisoformat(row["deprecation_date"]) if row.get("deprecation_date") else None,
        cacheable_from=_count(row.get("prompt_cache_min_tokens")),
        tools=row.get("supports_function_calling"),
        json_schema=row.get("supports_response_schema"),
        reasoning=row.get("supports_reasoning"),
        regions=(region.strip("./"),) if region else (),
    )


def _count(value: Any) -> int | None:
    """A count of tokens, which litellm sometimes writes as a number with a point or as text."""
    try:
        return int(value) or None
    except (TypeError, ValueError):
        return None


def _inputs(row: Mapping[str, Any]) -> tuple[Modality, ...]:
    found = {"text", *(row.get("supported_modalities") or ())}
    found |= {modality for field, modality in _INPUTS.items() if row.get(field)}
    return tuple(modality for modality in _ORDER if modality in found)


def _outputs(row: Mapping[str, Any]) -> tuple[Modality, ...]:
    found = {"text", *(row.get("supported_output_modalities") or ())}
    found |= {"audio"} if row.get("supports_audio_output") else set()
    return tuple(modality for modality in _ORDER if modality in found)


def _prices(row: Mapping[str, Any], source: str, as_of: date) -> tuple[PriceList, ...]:
    tiers = tiers_of(row)
    if not tiers:
        return ()
    factors = {} if not row.get("provider_specific_entry") else dict(_factors(row["provider_specific_entry"]))
    for region in ("us", "eu"):
        if uplift := row.get(f"regional_processing_uplift_multiplier_{region}"):
            factors[region] = Decimal(str(uplift))
    if "fast" in factors and STANDARD in tiers:
        tiers["fast"] = scaled(tiers[STANDARD], factors.pop("fast"))
    everyday = PriceList(tiers, source, as_of, factors=factors, uses=_uses(row))
    off_peak = _off_peak(row, everyday)
    return (everyday,) if off_peak is None else (everyday, off_peak)


def _factors(entry: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for name in ("us", "fast"):
        if name in entry:
            yield name, Decimal(str(entry[name]))


def scaled(steps: Sequence[Step], factor: Decimal) -> tuple[Step, ...]:
    """Steps whose every rate is multiplied."""
    return tuple(Step(step.above, step.rates.times(factor)) for step in steps)


def _uses(row: Mapping[str, Any]) -> dict[str, Decimal]:
    """What one use of the provider's own tools costs; a search in its three sizes only where they differ."""
    uses: dict[str, Decimal] = {}
    searches: Mapping[str, Any] = row.get("search_context_cost_per_query") or {}
    sizes = {use: searches.get(f"search_context_size_{size}") for size, use in _SIZES.items()}
    prices = {use: Decimal(str(price)) for use, price in sizes.items() if price}
    if prices:
        uses = prices if len(set(prices.values())) > 1 else {"web_search": prices.popitem()[1]}
    if maps := row.get("google_maps_grounding_cost_per_query"):
        uses["google_maps"] = Decimal(str(maps))
    return uses


def _off_peak(row: Mapping[str, Any], everyday: PriceList) -> PriceList | None:
    """The prices of the hours in which little is asked for."""
    entry = row.get("off_peak_pricing")
    if not entry:
        return None
    tiers = tiers_of({"mode": row["mode"], **{key: value for key, value in entry.items() if key != "windows"}})
    hours = tuple(hours for window in entry["windows"] for hours in _hours(window))
    return PriceList(tiers, everyday.source, everyday.as_of, hours=hours, uses=everyday.uses)


def _hours(window: Mapping[str, Any]) -> Iterator[Hours]:
    spans = window["hours_utc"]
    for span in [spans] if isinstance(spans, str) else spans:
        begin, _, end = span.partition("-")
        yield Hours.between(begin, end, window["weekdays"])
