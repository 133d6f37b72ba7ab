"""Notebooks: the code cells as one program, with places by cell and line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aiapp.doctor.findings import Place
from aiapp.doctor.reading.python import read_python
from aiapp.doctor.sightings import Sighting, Unread


def read_notebook(text: str, path: str) -> Iterator[Sighting]:
    """The sightings of a notebook's code; lines for the shell or for IPython are passed over."""
    try:
        cells: list[Any] = json.loads(text)["cells"]
        code = [(number, _lines(cell)) for number, cell in enumerate(cells, 1) if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Unread(Place(path), "not a notebook")
        return
    places = [(cell, number) for cell, lines in code for number in range(1, len(lines) + 1)]

    def place(line: int, column: int) -> Place:
        cell, number = places[line - 1] if line <= len(places) else (0, 1)
        return Place(path, number, column, cell)

    yield from read_python("\n".join(line for _, lines in code for line in lines), place)


def _lines(cell: Any) -> list[str]:
    """A cell's lines; what is not Python is a comment, at the same place."""
    source = cell["source"]
    lines = ("".join(source) if isinstance(source, list) else str(source)).split("\n")  # pyright: ignore[reportUnknownArgumentType]
    if lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture")):
        return ["#" for _ in lines]
    return [_python(line) for line in lines]


def _python(line: str) -> str:
    bare = line.lstrip()
    return f"{line[: len(line) - len(bare)]}pass" if bare.startswith(("%", "!", "?")) else line
