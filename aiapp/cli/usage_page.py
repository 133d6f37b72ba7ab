"""A ledger's totals as one HTML page: the figures, a chart by day, a table for each way to group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from aiapp.cli.page import page
from aiapp.cli.usage import heights
from aiapp.tracking.table import Table, table_of
from aiapp.tracking.totals import NONE, By, Totals
from aiapp.tracking.wording import cost_of, count, seconds

_STYLE = """body { max-width: 68rem; }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; }
.figure { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 8px;
  padding: .5rem 1rem; }
.figure b { display: block; font-size: 1.3rem; }
.figure span { opacity: .7; font-size: .85rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { border-bottom: 1px solid color-mix(in srgb, currentColor 40%, transparent); font-weight: 600; }
tr:nth-child(even) td { background: color-mix(in srgb, currentColor 5%, transparent); }
.chart text { fill: currentColor; font-size: 11px; }
.chart rect { fill: var(--accent); }
.chart line { stroke: currentColor; stroke-opacity: .3; }
"""
_WIDTH, _HEIGHT, _MARGIN = 900, 180, 22
_SIDE = 40  # room for labels that are wider than their bars
_EVERY_LABEL = 10  # days whose labels all fit


def usage_page(
    name: str, period: str, total: Totals, groups: Mapping[By, Mapping[str, Totals]], days: Mapping[str, Totals]
) -> str:
    """The whole page."""
    return page(f"aiapp usage: {name}", _STYLE, "\n".join(_body(name, period, total, groups, days)))


def _body(
    name: str, period: str, total: Totals, groups: Mapping[By, Mapping[str, Totals]], days: Mapping[str, Totals]
) -> Iterator[str]:
    yield f"<h1>Usage: {escape(name)}</h1>"
    yield f"<p>{period}, in UTC.</p>"
    yield '<div class="figures">'
    for label, figure in _figures(total):
        yield f'<div class="figure"><b>{escape(figure)}</b><span>{label}</span></div>'
    yield "</div>"
    for reason in total.unknown:
        yield f"<p>Not known: {escape(reason)}.</p>"
    if days:
        yield from _chart(days)
    for by, found in groups.items():
        if found and (len(groups) == 1 or [*found] != [NONE]):
            yield f"<h2>By {by}</h2>"
            yield from _table(table_of(by, found, total))


def _figures(total: Totals) -> Iterator[tuple[str, str]]:
    usage, least = total.usage, total.usage_at_least
    yield "calls", f"{total.calls:,}"
    yield "cost", cost_of(total)
    yield "input tokens", count(usage.input_tokens, least.input_tokens or 0)
    yield "output tokens", count(usage.output_tokens, least.output_tokens or 0)
    yield "latency p50 / p95", f"{seconds(total.seconds.p50)} / {seconds(total.seconds.p95)}"
    if total.first_token.p50 is not None:
        yield "first token p50 / p95", f"{seconds(total.first_token.p50)} / {seconds(total.first_token.p95)}"
    if total.tokens_per_second is not None:
        yield "tokens a second", f"{total.tokens_per_second:,.0f}"


def _chart(days: Mapping[str, Totals]) -> Iterator[str]:
    what, lengths = heights(days)
    longest, step = max(lengths) or 1.0, (_WIDTH - 2 * _SIDE) / len(days)
    width = min(step * 0.8, 60)
    yield f"<h2>{what.capitalize()} by day</h2>"
    yield f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT + _MARGIN}" role="img" aria-label="{what} by day">'
    for place, ((day, found), length) in enumerate(zip(days.items(), lengths, strict=True)):
        middle, height = _SIDE + (place + 0.5) * step, length / longest * (_HEIGHT - 20)
        shown = cost_of(found) if what == "cost" else f"{length:,.0f} tokens"
        yield (
            f'<rect x="{middle - width / 2:.1f}" y="{_HEIGHT - height:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'rx="2"><title>{day}: {escape(shown)}, {found.calls:,} calls</title></rect>'
        )
        if len(days) <= _EVERY_LABEL or place % 5 == 0:
            yield _label(middle, _HEIGHT + 15, day.partition("-")[2])
            if length and len(days) <= _EVERY_LABEL:
                yield _label(middle, _HEIGHT - height - 5, shown.removesuffix(" tokens"))
    yield f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/></svg>'


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(text)}</text>'


def _table(table: Table) -> Iterator[str]:
    yield '<div class="wide"><table>'
    yield f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in table.header)}</tr>"
    for row in table.rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</table></div>"
