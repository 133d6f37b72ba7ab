"""The packaged data files, each read when something on it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from aiapp.catalog.models import Model
from aiapp.catalog.offers import Offer
from aiapp.catalog.rows import read_model, read_offer
from aiapp.core.errors import InvalidInput

T = TypeVar("T")
PACKAGED = Path(__file__).parent / "data"
THROUGH_LITELLM = "litellm:"
OF_OTHERS = {
    "openai-chat:": "openai:",
    "litellm:openai/": "openai:",
    "litellm:anthropic/": "anthropic:",
    "litellm:azure/": "azure:",
    "litellm:mistral/": "mistral:",
    "litellm:xai/": "xai:",
    "litellm:deepseek/": "deepseek:",
    "litellm:groq/": "groq:",
    "litellm:together_ai/": "together:",
    "litellm:cohere_chat/": "litellm:cohere/",
}
"""Other ways to the same offers."""


class Models(Mapping[str, Model]):
    """The models of a file, each made when it is asked for."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._made: dict[str, Model] = {}

    @cached_property
    def _rows(self) -> dict[str, Any]:
        return {row["id"]: row for row in read_rows(self._file)}

    def __getitem__(self, name: str) -> Model:
        if name not in self._made:
            self._made[name] = read_model(self._rows[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Shelf:
    """The offers of one vendor: one file, its rows by id and by alias."""

    def __init__(self, file: Path, models: Mapping[str, Model]) -> None:
        self._file, self._models = file, models
        self._made: dict[str, Offer] = {}

    @cached_property
    def rows(self) -> dict[str, Any]:
        """The rows by the offers' ids."""
        return {row["id"]: row for row in read_rows(self._file)}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Ids by alias, with the provider before it."""
        return {
            f"{name.partition(':')[0]}:{alias}": name
            for name, row in self.rows.items()
            for alias in row.get("aliases", ())
        }

    def offer(self, name: str) -> Offer:
        """The offer of an id."""
        if name not in self._made:
            self._made[name] = read_offer(self.rows[name], self._models)
        return self._made[name]


class Shelves(Mapping[str, Offer]):
    """All packaged offers by id, makers first; to ask for one reads its vendor's file."""

    def __init__(self, folder: Path, models: Mapping[str, Model]) -> None:
        vendors: list[str] = index_of(folder)["vendors"]
        self._shelves = {vendor: Shelf(folder / "offers" / f"{vendor}.json", models) for vendor in vendors}

    def __getitem__(self, name: str) -> Offer:
        shelf = self._shelf(name)
        if shelf is None or name not in shelf.rows:
            raise KeyError(name)
        return shelf.offer(name)

    def __iter__(self) -> Iterator[str]:
        for shelf in self._shelves.values():
            yield from shelf.rows

    def __len__(self) -> int:
        return sum(len(shelf.rows) for shelf in self._shelves.values())

    def meant(self, name: str) -> str | None:
        """The id that an alias stands for."""
        shelf = self._shelf(name)
        return None if shelf is None else shelf.aliases.get(name)

    def _shelf(self, name: str) -> Shelf | None:
        provider, _, rest = name.partition(":")
        return self._shelves.get(rest.partition("/")[0] if f"{provider}:" == THROUGH_LITELLM else provider)


class Layered(Mapping[str, T]):
    """What is in the first mapping, and else what is in the second."""

    def __init__(self, above: Mapping[str, T], below: Mapping[str, T]) -> None:
        self._above, self._below = above, below

    def __getitem__(self, name: str) -> T:
        return self._above[name] if name in self._above else self._below[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._above
        yield from (name for name in self._below if name not in self._above)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def newest(packaged: Path, refreshed: Path) -> Path:
    """The folder that the user refreshed, where it is of this form and not older than what came with the package."""
    current = refreshed / "current"
    if not current.is_file():
        return packaged
    folder = refreshed / current.read_text(encoding="utf-8").strip()
    ours, theirs = index_of(packaged), index_of(folder)
    return folder if (theirs["form"], theirs["as_of"] >= ours["as_of"]) == (ours["form"], True) else packaged


def index_of(folder: Path) -> dict[str, Any]:
    """What the folder holds: the form of its files, the day and the sources that it was made from, and its vendors."""
    index: dict[str, Any] = _read(folder / "index.json")
    return index


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a data file."""
    rows: list[dict[str, Any]] = _read(file)
    return rows


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        accepted = "a whole file; remove its folder, or run `aiapp models refresh`"
        raise InvalidInput("catalogue data", str(file), accepted) from error


def plain_name(name: str) -> str:
    """A name by the way on which its offer is listed: `litellm:openai/NAME` is `openai:NAME`."""
    way = next((way for way in OF_OTHERS if name.startswith(way)), None)
    return name if way is None else OF_OTHERS[way] + name.removeprefix(way)


def undated(name: str) -> str | None:
    """The name that a dated snapshot is of; None where the name has no date."""
    match = re.fullmatch(r"(.+?)[-@](?:20\d\d-\d\d-\d\d|20\d{6})", name)
    return None if match is None else match[1]
