"""Where the sources are: the packages that are installed here, and our own tables."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiapp.catalog.builder.assembly import Sources
from aiapp.catalog.builder.litellm_rows import read_vendors
from aiapp.catalog.builder.naming import Names, read_makers, read_scores, snapshot_days
from aiapp.catalog.builder.second_source import SecondSource
from aiapp.catalog.rows import read_model
from aiapp.core.errors import MissingDependency

PRICE_FILE = "model_prices_and_context_window_backup.json"


def installed_sources(as_of: date) -> Sources:
    """The sources of this machine; `MissingDependency` without litellm, which is not imported."""
    spec = find_spec("litellm")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependency("litellm", "litellm")
    file = Path(spec.submodule_search_locations[0]) / PRICE_FILE
    prices = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    return Sources(
        rows=prices,
        rows_source=f"litellm {version('litellm')}",
        second=installed_second(as_of),
        vendors=read_vendors(table("vendors")),
        names=our_names(prices),
        own=tuple(rows("offers")),
        facts=table("facts"),
        as_of=as_of,
    )


def installed_second(as_of: date) -> SecondSource | None:
    """genai-prices where it is installed."""
    try:
        return SecondSource.installed(version("genai-prices"), as_of)
    except PackageNotFoundError:
        return None


def our_names(listed: Iterable[str] = ()) -> Names:
    """The models of models.toml under all their names, and the makers of closed ones; `listed` may have dated names."""
    models = rows("models")
    names = {name: row["id"] for row in models for name in row.pop("names", ())}
    scores = read_scores(table("scores"))
    return Names(tuple(map(read_model, models)), names, read_makers(table("makers")), snapshot_days(listed), scores)


def table(name: str) -> Mapping[str, Any]:
    """One of our own tables."""
    return tomllib.loads((files("aiapp.catalog.builder") / f"{name}.toml").read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of one of our own tables that has one list, its dates as the text that the data files have."""
    found: list[dict[str, Any]] = json.loads(json.dumps(table(name)[name], default=str))
    return found
