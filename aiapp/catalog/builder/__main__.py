"""Write the packaged data anew: `python -m aiapp.catalog.builder [DAY]`, in the repository, with litellm installed.

Says which disagreements between the sources are new, and which are gone; disagreements.toml must name the same. Says,
too, whose sizes nobody has read at a source, and which open models have no licence.
"""

from __future__ import annotations

import sys
from datetime import date

from aiapp.catalog.builder.assembly import build
from aiapp.catalog.builder.disagreements import disagreements, known
from aiapp.catalog.builder.sources import installed_sources, table
from aiapp.catalog.shelves import PACKAGED


def main() -> None:
    """Build, write, and compare the sources."""
    day = _day(sys.argv[1]) if len(sys.argv) > 1 else date.today()
    sources = installed_sources(day)
    built = build(sources)
    for name, text in built.files().items():
        file = PACKAGED / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for stray in set((PACKAGED / "offers").glob("*.json")) - {PACKAGED / name for name in built.files()}:
        stray.unlink()
    print(f"{sum(map(len, built.offers.values()))} offers of {len(built.offers)} vendors, {len(built.models)} models")
    recalled = [model.id for model in built.models if "recalled" in model.source]
    print(f"sizes written down from memory, {len(recalled)}: {', '.join(recalled) or 'none'}")
    open_ones = [model for model in built.models if model.open]
    bare = [model.id for model in open_ones if model.licence is None]
    print(f"open models without a licence, {len(bare)} of {len(open_ones)}: {', '.join(bare) or 'none'}")
    read = [model for model in open_ones if model.licence and "licence: " in model.source]
    print(f"licences that no source is named for, {len(open_ones) - len(bare) - len(read)}")
    if sources.second is None:
        print("genai-prices is not installed: nothing is compared")
        return
    found, listed = set(disagreements(built, sources.vendors, sources.second)), known(table("disagreements"))
    for one in sorted(found - listed.keys()):
        print(f"new: {one}")
    for one in sorted(listed.keys() - found):
        print(f"gone: {one}")


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        sys.exit(f"{word!r} is no day such as 2026-11-21; usage: python -m aiapp.catalog.builder [DAY]")


if __name__ == "__main__":
    main()
