"""An inspection as one HTML page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from rich.cells import cell_len

from aiapp.cli.page import page
from aiapp.cli.screen import likelihood_colour, visible
from aiapp.transformer.inspection import Inspection

_CELL = 18  # pixels
_LETTER = 8
_LONGEST_LABEL = 16
_LEAST = 0.005
"""A smaller share of attention is not drawn, so that a page of a thousand tokens stays small."""

_STYLE = """.token { color: #111; border-radius: 3px; padding: 1px 3px; margin: 1px; display: inline-block; }
.first { background: #bbb; }
td { padding: 0 .8rem 0 0; }
td:first-child { text-align: right; font-variant-numeric: tabular-nums; }
.bar { background: var(--accent); height: .8rem; border-radius: 2px; min-width: 1px; }
"""
_BODY = """<h1>aiapp inspect</h1>
<p>Model {model}, {count} tokens read.</p>
<h2>How probable each token was, given those before it</h2>
<p>From red, a surprise, to green, certain. Point at a token for its log-probability and id.</p>
<div>{tokens}</div>
<h2>What comes next</h2>
<table>
{expected}
</table>
<h2>Where each token looks: layer {layer}, head {head}</h2>
<p>From each row to the columns. Point at a cell for its share; one below {least:.1%} is not drawn.</p>
<div class="wide">{attention}</div>"""


def inspection_page(found: Inspection) -> str:
    """The whole page."""
    body = _BODY.format(
        model=escape(found.model),
        count=len(found.tokens),
        tokens="".join(_tokens(found)),
        expected="\n".join(_expected(found)),
        layer=found.layer,
        head=found.head,
        least=_LEAST,
        attention="\n".join(_attention(found)),
    )
    return page("aiapp inspect", _STYLE, body)


def _tokens(found: Inspection) -> Iterator[str]:
    for read in found.tokens:
        text = escape(visible(read.text))
        if read.logprob is None:
            yield f'<code class="token first" title="the first token; id {read.token}">{text}</code>'
            continue
        title = f"logprob {read.logprob:.2f}, probability {math.exp(read.logprob):.2%}, id {read.token}"
        colour = likelihood_colour(read.logprob)
        yield f'<code class="token" style="background: {colour}" title="{title}">{text}</code>'


def _expected(found: Inspection) -> Iterator[str]:
    for one in found.expected:
        share = math.exp(one.logprob)
        bar = f'<div class="bar" style="width: {20 * share:.2f}rem"></div>'
        name = f'<code title="logprob {one.logprob:.2f}, id {one.token}">{escape(visible(one.text))}</code>'
        yield f"<tr><td>{share:.1%}</td><td>{name}</td><td>{bar}</td></tr>"


def _attention(found: Inspection) -> Iterator[str]:
    labels = [_clipped(visible(read.text)) for read in found.tokens]
    margin = max(map(cell_len, labels)) * _LETTER + 10
    size = margin + len(labels) * _CELL
    yield f'<svg width="{size}" height="{size}" role="img" aria-label="attention map">'
    yield '<g fill="currentColor" font-family="ui-monospace, monospace" font-size="13">'
    for place, label in enumerate(labels):
        middle = margin + round((place + 0.7) * _CELL)
        yield f'<text x="{margin - 6}" y="{middle}" text-anchor="end">{escape(label)}</text>'
        yield f'<text transform="translate({middle} {margin - 6}) rotate(-90)">{escape(label)}</text>'
    yield '</g><g fill="currentColor" fill-opacity="0.06">'
    for place in range(len(labels)):
        width = (place + 1) * _CELL
        yield f'<rect x="{margin}" y="{margin + place * _CELL}" width="{width}" height="{_CELL - 1}"/>'
    yield '</g><g fill="#2a7fb8">'
    for row, weights in enumerate(found.attention.tolist()):
        for column, weight in enumerate(weights[: row + 1]):
            if weight >= _LEAST:
                yield _cell(margin, row, column, weight, f"{labels[row]} to {labels[column]}: {weight:.1%}")
    yield "</g></svg>"


def _cell(margin: int, row: int, column: int, weight: float, title: str) -> str:
    x, y, side = margin + column * _CELL, margin + row * _CELL, _CELL - 1
    shape = f'x="{x}" y="{y}" width="{side}" height="{side}" fill-opacity="{weight:.2f}"'
    return f"<rect {shape}><title>{escape(title)}</title></rect>"


def _clipped(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
