"""The frontier of a comparison as a PNG picture, drawn by matplotlib where it is installed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from aiapp.core.errors import InvalidInput, MissingDependency
from aiapp.evals.comparison import Comparison


def plotting() -> Any:
    """What draws, or one line that says that it is missing."""
    try:
        return import_module("matplotlib.figure")
    except ModuleNotFoundError as error:
        raise MissingDependency("matplotlib", "train") from error


def write_picture(found: Comparison, metric: str, path: Path) -> None:
    """Write the picture: cost to the right, quality up, with the intervals, and a line along the frontier."""
    placed = [(one, float(one.per_thousand)) for one in found.standings if one.per_thousand is not None]
    if not placed:
        raise InvalidInput("png", str(path), "at least one model whose cost is known")
    figure = plotting().Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for one, cost in placed:
        mean = one.quality.mean
        ends = [[mean - one.quality.low], [one.quality.high - mean]]
        colour = "#2a7fb8" if one.frontier else "#999999"
        axes.errorbar([cost], [mean], yerr=ends, fmt="o", color=colour, capsize=3)
        axes.annotate(one.model, (cost, mean), (6, 4), textcoords="offset points", fontsize=9, parse_math=False)
    frontier = sorted((cost, one.quality.mean) for one, cost in placed if one.frontier)
    costs, means = zip(*frontier, strict=True)
    axes.plot(costs, means, color="#2a7fb8", linewidth=1, drawstyle="steps-post")
    axes.set_xlabel("US dollars per 1,000 cases")
    axes.set_ylabel(f"{metric}, mean of {found.cases:,} cases, 95 % interval", parse_math=False)
    axes.margins(0.15)
    figure.savefig(path, format="png", dpi=150)
