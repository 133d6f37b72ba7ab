"""The attention map of an inspection as a PNG picture, drawn by matplotlib where it is installed."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from aiapp.cli.screen import visible
from aiapp.core.errors import MissingDependency
from aiapp.transformer.inspection import Inspection

_MOST_LABELS = 120
"""With more tokens than this the labels would not be legible: the axes show numbers."""


def write_picture(found: Inspection, path: Path) -> None:
    """Write the map; rows look at columns."""
    try:
        plotting: Any = import_module("matplotlib.figure")
    except ModuleNotFoundError as error:
        raise MissingDependency("matplotlib", "train") from error
    count = len(found.tokens)
    side = min(2.5 + 0.2 * count, 30)  # inches
    figure = plotting.Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    drawn = axes.imshow(found.attention, cmap="Blues", vmin=0, vmax=1)
    axes.set_title(f"layer {found.layer}, head {found.head}: from each row to the columns", fontsize=9)
    if count <= _MOST_LABELS:
        labels = [visible(read.text) for read in found.tokens]
        axes.set_xticks(range(count), labels, rotation=90, fontsize=8, parse_math=False)
        axes.set_yticks(range(count), labels, fontsize=8, parse_math=False)
    figure.colorbar(drawn, shrink=0.6)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a character that the font lacks is drawn as a box
        figure.savefig(path, format="png", dpi=150)
