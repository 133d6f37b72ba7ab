"""A newer catalogue in the user's own folder, from the packages that are installed now."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aiapp.catalog.builder.assembly import Built
from aiapp.catalog.builder.second_source import differences
from aiapp.catalog.offers import Offer


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One rate that is another one now; dollars per million tokens, or for one use."""

    offer: str
    where: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What a newer catalogue has that the older one has not."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    prices: tuple[PriceChange, ...]


def changes(before: Mapping[str, Offer], after: Mapping[str, Offer], day: date) -> Changes:
    """What differs between two catalogues, in ids and in the prices of a day."""
    return Changes(
        added=tuple(sorted(name for name in after if name not in before)),
        removed=tuple(sorted(name for name in before if name not in after)),
        prices=tuple(
            change for name in sorted(after) if name in before for change in _moved(before[name], after[name], day)
        ),
    )


def _moved(before: Offer, after: Offer, day: date) -> Iterator[PriceChange]:
    old, new = before.price(day), after.price(day)
    if old is None or new is None:
        return
    for where, was, now in differences(old, new):
        yield PriceChange(after.id, where, f"{was.normalize():f}", f"{now.normalize():f}")


def write(built: Built, folder: Path) -> Path:
    """Write the files beside those of before, then make them the current ones in one step. Gives their folder.

    The folder that was current stays, for a process that reads from it still; older ones go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pointer = folder / "current"
    before = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""
    made = Path(tempfile.mkdtemp(prefix=f"{built.as_of.isoformat()}-", dir=folder))
    try:
        for name, text in built.files().items():
            file = made / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        fresh = folder / f"{made.name}.pointer"
        fresh.write_text(made.name, encoding="utf-8")
        os.replace(fresh, pointer)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    for other in folder.iterdir():
        if other.is_dir() and other.name not in (made.name, before):
            shutil.rmtree(other, ignore_errors=True)
    return made
