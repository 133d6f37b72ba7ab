"""`aiapp models refresh`: the catalogue anew, from the packages that are installed now."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

SHOWN = 20


def refresh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Rebuild the catalogue from newer packages (`pip install -U litellm genai-prices` first), and say what changed.

    It is written to your own data folder, never to where aiapp is installed, and used from then on until a newer
    catalogue comes with aiapp. Your own prices in `AIAPP_CATALOG` stay over it.
    """
    from aiapp.catalog.builder.assembly import build
    from aiapp.catalog.builder.refresh import changes, write
    from aiapp.catalog.builder.sources import installed_sources
    from aiapp.catalog.catalogue import packaged
    from aiapp.catalog.folders import refreshed_folder

    built = build(installed_sources(date.today()))
    after = {offer.id: offer for offers in built.offers.values() for offer in offers}
    found = changes(packaged().offers, after, built.as_of)
    folder = None if dry_run else write(built, refreshed_folder())
    if as_json:
        report = {"sources": built.sources, "folder": None if folder is None else str(folder), **asdict(found)}
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return
    print(f"{len(after)} offers from {' and '.join(built.sources)}")
    if len(built.sources) == 1:
        print("without genai-prices: no earlier or announced prices, and some rates are missing; pip install it first")
    for title, names in (("new", found.added), ("gone", found.removed)):
        _say(title, list(names))
    _say("price", [f"{one.offer}, {one.where}: {one.before} -> {one.now}" for one in found.prices])
    if not (found.added or found.removed or found.prices):
        print("nothing changed")
    print("nothing written" if folder is None else f"written to {folder}")


def _say(title: str, lines: list[str]) -> None:
    for line in lines[:SHOWN]:
        print(f"{title}: {line}")
    if len(lines) > SHOWN:
        print(f"{title}: and {len(lines) - SHOWN} more; --json names all")
