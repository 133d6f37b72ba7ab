"""One run as an HTML page: a tree that opens and closes, over an axis of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape

from aiapp.cli.page import page
from aiapp.cli.trace_content import said
from aiapp.tracking.ledger import Run
from aiapp.tracking.tree import Node, described, forest, walk
from aiapp.tracking.wording import costing, seconds

_STYLE = """body { max-width: 80rem; }
details > div, .axis { margin-left: 1.1rem; }
summary { display: grid; grid-template-columns: 1fr 26rem; gap: 1rem; align-items: center; cursor: pointer;
  padding: .15rem .4rem; border-radius: 4px; }
summary:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
.name { overflow-wrap: anywhere; }
.name::before { content: "▸"; display: inline-block; width: 1rem; opacity: .6; }
details[open] > summary > .name::before { content: "▾"; }
.leaf > summary > .name::before { content: ""; }
summary::-webkit-details-marker { display: none; }
.kind { font-size: .75rem; border-radius: 3px; padding: 0 .35rem; margin-left: .4rem; color: #fff; background: #666; }
.call, .embedding { background: #2a7fb8; } .tool { background: #8a4baf; } .agent { background: #2e7d4f; }
.took { opacity: .7; font-size: .85rem; }
.time { position: relative; height: 1.1rem; }
.time i { position: absolute; height: 100%; min-width: 2px; border-radius: 2px; background: #999; }
.time i.call, .time i.embedding { background: #2a7fb8; } .time i.tool { background: #8a4baf; }
.time i.agent { background: #2e7d4f; } .time i.failed { background: #c62828; }
.time i.first { background: #7fc4f2; }
.failed { color: #c62828; } @media (prefers-color-scheme: dark) { .failed { color: #ff8a80; } }
.axis { display: grid; grid-template-columns: 1fr 26rem; gap: 1rem; font-size: .75rem; opacity: .7; padding: 0 .4rem; }
.ticks { display: flex; justify-content: space-between; }
.said { margin: .2rem 0 .4rem 1.4rem; border-left: 3px solid color-mix(in srgb, currentColor 20%, transparent);
  padding-left: .6rem; }
.said b { font-size: .75rem; opacity: .7; }
pre { font: 13px/1.4 ui-monospace, monospace; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere;
  max-height: 30rem; overflow-y: auto; }
@media (max-width: 50rem) { summary, .axis { grid-template-columns: 1fr; } }
"""
_KINDS = ("call", "embedding", "tool", "agent")
_TICKS = 4


def trace_page(run: Run) -> str:
    """The whole page."""
    return page(f"aiapp trace: {run.name}", _STYLE, "\n".join(_body(run)))


def _body(run: Run) -> Iterator[str]:
    first, whole, found = run.started, run.seconds, run.totals
    yield f"<h1>{escape(run.name)}</h1>"
    yield f"<p>{first.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, run <code>{escape(run.trace)}</code></p>"
    calls = f"{found.calls:,} call{'' if found.calls == 1 else 's'}"
    yield f"<p>{seconds(whole)} · {calls} · {escape(costing(found.cost, found.at_least))}</p>"
    ticks = "".join(f"<span>{escape(seconds(whole * tick / _TICKS))}</span>" for tick in range(_TICKS + 1))
    yield f'<div class="axis"><span></span><div class="ticks">{ticks}</div></div>'
    depth = 0
    for branch, node in walk(forest(run.spans)):
        here = len(branch) // 3
        yield "</div></details>" * (depth - here)
        yield from _node(node, first, whole)
        depth = here + 1
    yield "</div></details>" * depth


def _node(node: Node, first: datetime, whole: float) -> Iterator[str]:
    """A span, left open for what happened in it."""
    span, texts = node.span, [*said(node.span)]
    kind = span.kind if span.kind in _KINDS else "other"
    leaf = not node.children and not texts and span.message is None
    yield f"<details{'' if not leaf else ' class=leaf'}{' open' if node.children or span.message else ''}>"
    badge = f'<span class="kind {kind}">{escape(span.kind)}</span>'
    failed = ' class="took failed"' if span.error else ' class="took"'
    words = f'<span class="name">{escape(span.name)}{badge} <span{failed}>{escape(described(node))}</span></span>'
    yield f'<summary>{words}<span class="time">{"".join(_bars(node, kind, first, whole))}</span></summary><div>'
    if span.message is not None:
        yield f'<div class="said failed"><b>{escape(span.error or "")}</b><pre>{escape(span.message)}</pre></div>'
    for who, text in texts:
        yield f'<div class="said"><b>{escape(who)}</b><pre>{escape(text)}</pre></div>'


def _bars(node: Node, kind: str, first: datetime, whole: float) -> Iterator[str]:
    """Where the span stands on the axis; lighter up to the first token."""
    span = node.span
    start = (span.started - first).total_seconds()
    title = escape(f"{seconds(start)} to {seconds(start + span.seconds)}")
    yield _bar(f"{kind} failed" if span.error else kind, start, span.seconds, whole, title)
    if span.first_token is not None:
        yield _bar("first", start, span.first_token, whole, f"first token after {seconds(span.first_token)}")


def _bar(kind: str, start: float, length: float, whole: float, title: str) -> str:
    scale = 100 / whole if whole > 0 else 0.0
    place = f"left: {min(start * scale, 99.5):.2f}%; width: {max(min(length * scale, 100), 0.3):.2f}%"
    return f'<i class="{kind}" style="{place}" title="{title}"></i>'
