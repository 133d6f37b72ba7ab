"""The frontier of a comparison as a PNG picture, drawn by matplotlib where it is installed."""

from __future__ import annotations

from collections import Counter
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
    beside = Counter[tuple[float, float]]()
    for one, cost in placed:
        mean = one.quality.mean
        lower = 4 - 11 * beside[cost, mean]  # the names of models at one place stand under one another
        beside[cost, mean] += 1
        ends = [[mean - one.quality.low], [one.quality.high - mean]]
        colour = "#2a7fb8" if one.frontier else "#999999"
        axes.errorbar([cost], [mean], yerr=ends, fmt="o", color=colour, capsize=3)
        axes.annotate(one.model, (cost, mean), (6, lower), textcoords="offset points", fontsize=9, parse_math=False)
    frontier = sorted((cost, one.quality.mean) for one, cost in placed if one.frontier)
    costs, means = zip(*frontier, strict=True)
    axes.plot(costs, means, color="#2a7fb8", linewidth=1, drawstyle="steps-post")
    axes.set_xlabel("US dollars per 1,000 cases")
    axes.set_ylabel(f"{metric}, mean of {found.cases:,} cases, 95 % interval", parse_math=False)
    axes.margins(0.15)
    most = max(cost for _, cost in placed) or 1.0
    axes.set_xlim(-0.05 * most, 1.3 * most)
    figure.savefig(path, format="png", dpi=150)
