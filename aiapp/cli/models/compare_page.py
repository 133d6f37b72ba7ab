"""A comparison as one HTML page: the frontier, the figures, and what they mean."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import pairwise

from aiapp.cli.models.compare_tables import HEADS, row, words
from aiapp.cli.page import page
from aiapp.evals.comparison import Comparison, Standing
from aiapp.tracking.wording import money

_STYLE = """body { max-width: 68rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { border-bottom: 1px solid color-mix(in srgb, currentColor 40%, transparent); font-weight: 600; }
tr:nth-child(even) td { background: color-mix(in srgb, currentColor 5%, transparent); }
.chart text { fill: currentColor; font-size: 12px; }
.chart .axis { stroke: currentColor; stroke-opacity: .3; }
.chart .grid { stroke: currentColor; stroke-opacity: .1; }
.chart .other { fill: #999; stroke: #999; }
.chart .best { fill: var(--accent); stroke: var(--accent); }
.chart .line { fill: none; stroke: var(--accent); stroke-width: 1.5; stroke-opacity: .6; }
"""
_WIDTH, _HEIGHT = 900, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 180, 15, 45
_TICKS = 5
_LONGEST = 60


def compare_page(name: str, metric: str, found: Comparison) -> str:
    """The whole page."""
    return page(f"aiapp models compare: {name}", _STYLE, "\n".join(_body(name, metric, found)))


def _body(name: str, metric: str, found: Comparison) -> Iterator[str]:
    yield f"<h1>{escape(name)}</h1>"
    yield f"<p>{found.cases:,} case{'' if found.cases == 1 else 's'}, metric {escape(metric)}.</p>"
    placed = [one for one in found.standings if one.per_thousand is not None]
    if placed:
        yield "<h2>Quality and cost</h2>"
        yield from _chart(placed)
    yield "<h2>Models</h2>"
    yield '<div class="wide"><table>'
    heads = [head.removeprefix(">") for head in HEADS]
    yield f"<tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>"
    for one in found.standings:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row(one, _LONGEST))}</tr>"
    yield "</table></div>"
    yield from (f"<p>{escape(line)}</p>" for line in words(found))


def _chart(placed: Sequence[Standing]) -> Iterator[str]:
    """Cost to the right, quality up; each model with its interval, and a line along the frontier."""
    most = max(float(one.per_thousand or 0) for one in placed)
    low = math.floor(min(one.quality.low for one in placed) * _TICKS) / _TICKS
    high = math.ceil(max(one.quality.high for one in placed) * _TICKS) / _TICKS
    across = _scale(0.0, most or 1.0, _LEFT + 10, _WIDTH - _RIGHT)
    up = _scale(low, high, _HEIGHT - _BOTTOM, _TOP)
    yield f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="quality and cost">'
    for tick in range(_TICKS + 1):
        level = low + (high - low) * tick / _TICKS
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT + 20}" y1="{up(level):.1f}" y2="{up(level):.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{up(level) + 4:.1f}" text-anchor="end">{level:.2f}</text>'
        if most or not tick:
            cost = most * tick / _TICKS
            yield _text(across(cost), _HEIGHT - _BOTTOM + 18, f"${cost:.3g}")
    floor = _HEIGHT - _BOTTOM
    yield f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT + 20}" y1="{floor}" y2="{floor}"/>'
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, "US dollars per 1,000 cases")
    frontier = sorted((float(one.per_thousand or 0), one.quality.mean) for one in placed if one.frontier)
    steps = [*frontier[:1]]
    for (_, before), (cost, mean) in pairwise(frontier):  # up to this cost nothing better is to be had
        steps += [(cost, before), (cost, mean)]
    points = " ".join(f"{across(cost):.1f},{up(mean):.1f}" for cost, mean in steps)
    yield f'<polyline class="line" points="{points}"/>'
    beside = Counter[tuple[float, float]]()
    for one in placed:
        place = float(one.per_thousand or 0), one.quality.mean
        yield from _mark(one, across(place[0]), up, beside[place])
        beside[place] += 1
    yield "</svg>"


def _mark(one: Standing, x: float, up: Callable[[float], float], above: int) -> Iterator[str]:
    """A model's mark; its name stands under those of the models that have the same place."""
    quality, kind = one.quality, "best" if one.frontier else "other"
    ends = f"{up(quality.low):.1f}", f"{up(quality.high):.1f}"
    title = f"{one.model}: {quality.mean:.3f} ({quality.low:.3f} to {quality.high:.3f}), {money(one.per_thousand)}"
    yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{ends[0]}" y2="{ends[1]}"/>'
    y = up(quality.mean)
    yield f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{escape(title)}</title></circle>'
    yield f'<text x="{x + 9:.1f}" y="{y - 6 + 14 * above:.1f}">{escape(one.model)}</text>'


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = high - low or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(text)}</text>'
