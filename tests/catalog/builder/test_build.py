"""The builder: small inputs, and the files that are checked in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from genai_prices import types as genai

from aiapp.catalog.builder.assembly import Built, Sources, build
from aiapp.catalog.builder.disagreements import Disagreement, disagreements, known
from aiapp.catalog.builder.litellm_rows import Vendor
from aiapp.catalog.builder.naming import Maker, Names, key, snapshot_days
from aiapp.catalog.builder.refresh import PriceChange, changes, write
from aiapp.catalog.builder.second_source import SecondSource
from aiapp.catalog.builder.sources import installed_sources, table
from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.models import Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.shelves import PACKAGED, Models, Shelves, index_of, newest
from tests.outside.programs import needs_litellm

TODAY = date(2026, 11, 21)
MADE_WITH = {"litellm": "1.109.1", "genai-prices": "0.2.3"}


def row(input_price: float, output_price: float, **more: Any) -> dict[str, Any]:
    prices = {"input_cost_per_token": input_price, "output_cost_per_token": output_price}
    return {"litellm_provider": "acme", "mode": "chat", "max_input_tokens": 1000, **prices, **more}


ROWS: dict[str, dict[str, Any]] = {
    "acme/fast-2": row(2e-06, 8e-06, supports_vision=True),
    "acme/fast-2-2026-05-01": row(2e-06, 8e-06, supports_vision=True),
    "acme/fast-2-2026-02-01": row(3e-06, 9e-06, supports_vision=True, deprecation_date="2026-12-24"),
    "acme/eu/fast-2": row(2.2e-06, 8.8e-06),
    "acme/secret": row(1e-06, 1e-06),
    "acme/paint": row(1e-06, 1e-06, mode="image_generation"),
    "other/fast-2": {**row(1e-06, 4e-06), "litellm_provider": "other"},
    "host/llama-9-instruct": {**row(1e-07, 4e-07), "litellm_provider": "host"},
    "host/nobody-knows": {**row(1e-07, 4e-07), "litellm_provider": "host"},
}
VENDORS = (
    Vendor(
        "acme",
        "acme:",
        ("acme",),
        ("acme/",),
        "acme",
        skip=("secret",),
        regions=("eu/",),
        region_is_deployment=True,
    ),
    Vendor("host", "litellm:host/", ("host",), ("host/",), known=True),
)
RESIDENT = Vendor(
    "home",
    "home:",
    ("home",),
    residencies=("us", "eu", "jp"),
    residency_since=date(2026, 3, 5),
    residency_source="its page",
)
LLAMA = Model("llama-9", "Meta", "llama", True, "its card", TODAY, licence="MIT", weights="meta/llama-9")


def second(*prices: Any, variants: Any = None) -> SecondSource:
    model = genai.ModelInfo(
        id="fast-2", match=genai.ClauseStartsWith("fast-2"), prices=list(prices), price_variants=variants
    )
    provider = genai.Provider(id="acme", name="Acme", api_pattern="", models=[model])
    return SecondSource([provider], "genai-prices 9", TODAY)


def dated(start: date | None, input_price: str, output_price: str, **more: Any) -> genai.ConditionalPrice:
    prices = genai.ModelPrice(input_mtok=Decimal(input_price), output_mtok=Decimal(output_price), **more)
    return genai.ConditionalPrice(None if start is None else genai.StartDateConstraint(start), prices=prices)


def sources(other: SecondSource | None = None, facts: Any = None, rows: Any = None) -> Sources:
    names = Names((LLAMA,), {}, (Maker("Acme", ("acme",), ("fast",)),), snapshot_days(ROWS))
    return Sources(rows or ROWS, "litellm 9", other, VENDORS, names, (), facts or {}, TODAY)


def offers(built: Built) -> dict[str, Offer]:
    return {offer.id: offer for some in built.offers.values() for offer in some}


def test_a_small_build() -> None:
    found = offers(build(sources()))
    assert found.keys() == {"acme:fast-2", "acme:fast-2-2026-02-01", "litellm:host/llama-9-instruct"}
    fast = found["acme:fast-2"]
    assert fast.aliases == ("fast-2-2026-05-01",)
    assert fast.inputs == ("text", "image")
    assert fast.prices[0].factors == {"eu": Decimal("1.1")}
    assert fast.model is not None
    assert (fast.model.open, fast.model.maker, fast.released) == (False, "Acme", date(2026, 2, 1))
    assert found["acme:fast-2-2026-02-01"].retires == date(2026, 12, 24)
    assert found["litellm:host/llama-9-instruct"].model == LLAMA


def test_it_is_the_same_every_time_and_one_offer_is_one_line() -> None:
    files = build(sources()).files()
    assert files == build(sources()).files()
    assert len(files["offers/acme.json"].splitlines()) == 2 + 2
    assert json.loads(files["offers/acme.json"])[0]["id"] == "acme:fast-2"


def test_the_second_source_fills_dates_and_announces() -> None:
    batch = genai.PriceVariant({"processing": "batch"}, genai.ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(4)))
    other = second(
        dated(None, "5", "20"),
        dated(date(2026, 8, 1), "2", "8", cache_read_mtok=Decimal("0.2")),
        dated(date(2027, 1, 1), "4", "16"),
        variants=[batch],
    )
    fast = offers(build(sources(other)))["acme:fast-2"]
    lists = [fast.price(day) for day in (date(2026, 7, 31), date(2026, 8, 1), date(2027, 1, 1))]
    assert [one and one.tiers["standard"][0].rates.input for one in lists] == [5, 2, 4]
    now = lists[1]
    assert now is not None
    assert now.tiers["standard"][0].rates.cache_read == Decimal("0.2")
    assert now.tiers["batch"][0].rates.output == 4
    assert "genai-prices 9: acme/fast-2: standard cache_read, batch" in now.source


def test_where_they_differ_ours_stays_and_it_is_said() -> None:
    other = second(dated(None, "5", "20"), dated(date(2026, 8, 1), "2", "10"))
    built = build(sources(other))
    prices = offers(built)["acme:fast-2"].prices
    assert len(prices) == 1
    found = set(disagreements(built, VENDORS, other))
    assert Disagreement("acme:fast-2", "standard output", "8", "10") in found
    group = {"reason": "why", "offers": {"acme:fast-2": {"standard output": "8 | 10"}}}
    assert known({"groups": [group]}).keys() <= found


def test_facts_are_over_the_packages_and_name_their_source() -> None:
    facts = {"acme:fast-2": {"successor": "acme:fast-3", "source": "their page"}}
    fast = offers(build(sources(facts=facts)))["acme:fast-2"]
    assert fast.successor == "acme:fast-3"
    assert fast.source.endswith("successor: their page")
    assert fast.aliases == ("fast-2-2026-05-01",), "a fact of the moving name is one of its snapshots, too"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("us.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("accounts/fireworks/models/glm-5p3", "glm-5-3"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama-3-3-70b-instruct"),
    ],
)
def test_one_model_has_one_key(name: str, short: str) -> None:
    assert key(name) == short


def test_refreshing_is_atomic_newer_and_says_what_changed(tmp_path: Path) -> None:
    before = build(sources())
    cheaper = {**ROWS, "acme/fast-2": row(1e-06, 8e-06, supports_vision=True), "acme/new": row(1e-06, 1e-06)}
    del cheaper["host/llama-9-instruct"]
    after = replace(build(sources(rows=cheaper)), as_of=date(2026, 11, 22))
    found = changes(offers(before), offers(after), TODAY)
    assert (found.added, found.removed) == (
        ("acme:fast-2-2026-05-01", "acme:new"),
        ("litellm:host/llama-9-instruct",),
    )
    assert PriceChange("acme:fast-2", "standard input", "2", "1") in found.prices

    first = write(before, tmp_path)
    second_folder = write(after, tmp_path)
    assert (tmp_path / "current").read_text() == second_folder.name
    assert newest(first, tmp_path) == second_folder, "a newer one is used"
    assert newest(second_folder, tmp_path) == second_folder
    third = write(after, tmp_path)
    assert not first.exists(), "two folders stay: the current one, and the one before it"
    assert {path.name for path in tmp_path.iterdir()} == {"current", second_folder.name, third.name}
    models = Models(third / "models.json")
    assert Catalogue(Shelves(third, models).values(), models.values()).find("acme:new") is not None


def test_a_refresh_that_fails_leaves_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = build(sources())
    made = write(built, tmp_path)
    (tmp_path / "current").chmod(0o400)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space"):
        write(built, tmp_path)
    assert (tmp_path / "current").read_text() == made.name
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@needs_litellm  # its price file is the source
def test_regions_cost_the_same_factor_and_nothing_for_models_from_before_that() -> None:
    new, old, unknown = (Model(name, "Home", name, False, "its card", TODAY) for name in ("new", "old", "unknown"))
    models = (replace(new, released=date(2026, 3, 5)), replace(old, released=date(2026, 3, 4)), unknown)
    home = {"litellm_provider": "home"}
    rows = {
        "new": {**row(1e-06, 1e-06, regional_processing_uplift_multiplier_eu=1.1), **home},
        "old": {**row(1e-06, 1e-06), **home},
        "unknown": {**row(1e-06, 1e-06), **home},
    }
    built = build(replace(sources(), rows=rows, vendors=(RESIDENT,), names=Names(models, {}, ())))
    prices = {offer.name: offer.prices[-1] for offer in built.offers["home"]}
    assert prices["new"].factors == dict.fromkeys(("us", "eu", "jp"), Decimal("1.1"))
    assert prices["new"].source.endswith("; regions: its page")
    assert prices["old"].factors == dict.fromkeys(("us", "eu", "jp"), 1)
    assert prices["unknown"].factors == {}


def test_the_files_that_are_checked_in_are_what_the_builder_writes() -> None:
    have = {package: installed(package) for package in MADE_WITH}
    if have != MADE_WITH:
        pytest.skip(f"the files were made with {MADE_WITH}; installed are {have}")
    day = date.fromisoformat(index_of(PACKAGED)["as_of"])
    built = build(installed_sources(day))
    files = built.files()
    assert {str(path.relative_to(PACKAGED)) for path in PACKAGED.rglob("*.json")} == files.keys()
    for name, text in files.items():
        assert (PACKAGED / name).read_text(encoding="utf-8") == text, f"{name}: run python -m aiapp.catalog.builder"


def test_every_disagreement_between_the_sources_is_known_and_has_a_reason() -> None:
    """With what is checked in, so that it needs genai-prices alone."""
    if installed("genai-prices") != MADE_WITH["genai-prices"]:
        pytest.skip(f"disagreements.toml was made with genai-prices {MADE_WITH['genai-prices']}")
    day = date.fromisoformat(index_of(PACKAGED)["as_of"])
    from aiapp.catalog.builder.litellm_rows import read_vendors

    vendors = read_vendors(table("vendors"))
    shelves = Shelves(PACKAGED, Models(PACKAGED / "models.json"))
    of_vendor = {vendor.name: tuple(o for o in shelves.values() if o.vendor == vendor.name) for vendor in vendors}
    other = SecondSource.installed(MADE_WITH["genai-prices"], day)
    found = set(disagreements(Built(of_vendor, (), (), day), vendors, other))
    listed = known(table("disagreements"))
    assert sorted(map(str, found - listed.keys())) == [], "new: say why in disagreements.toml"
    assert sorted(map(str, listed.keys() - found)) == [], "gone: remove from disagreements.toml"
    assert all(listed.values())
