"""Write the packaged data anew: `python -m aiapp.catalog.builder [DAY]`, in the repository, with litellm installed.

Says which disagreements between the sources are new, and which are gone; disagreements.toml must name the same.
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
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else date.today()
    sources = installed_sources(day)
    built = build(sources)
    for name, text in built.files().items():
        file = PACKAGED / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for stray in set((PACKAGED / "offers").glob("*.json")) - {PACKAGED / name for name in built.files()}:
        stray.unlink()
    print(f"{sum(map(len, built.offers.values()))} offers of {len(built.offers)} vendors, {len(built.models)} models")
    if sources.second is None:
        print("genai-prices is not installed: nothing is compared")
        return
    found, listed = set(disagreements(built, sources.vendors, sources.second)), known(table("disagreements"))
    for one in sorted(found - listed.keys()):
        print(f"new: {one}")
    for one in sorted(listed.keys() - found):
        print(f"gone: {one}")


if __name__ == "__main__":
    main()
