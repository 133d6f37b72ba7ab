"""The picture of a plan: boxes beside and below one another, in SVG without script, font or style from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from aiapp.chains import plans

_CHARACTER, _LINE, _PAD, _GAP, _MARGIN = 7.4, 34, 14, 26, 16
"""Pixels: a character's width, a box's height, what surrounds a text, what parts two boxes, the picture's edge."""
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; text-anchor: middle; dominant-baseline: central }
  .label { font-size: 11px; fill: #59636e }
  rect { fill: #f6f8fa; stroke: #8c959f }
  .prompt { fill: #fff4dd; stroke: #c69026 }
  .model { fill: #ddf0ff; stroke: #2f81c1 }
  .frame { fill: none; stroke-dasharray: 4 3 }
  path { fill: none; stroke: #8c959f; marker-end: url(#tip) }
  .line { marker-end: none }
  marker path { fill: #8c959f; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .label { fill: #9198a1 } rect { fill: #21262d; stroke: #6e7681 }
    .prompt { fill: #3d2f12; stroke: #c69026 } .model { fill: #10304a; stroke: #4c9be0 } .frame { fill: none }
  }"""


@dataclass(frozen=True, slots=True)
class _Box:
    """A drawing of a size whose way in is the middle of its upper edge, and whose way out that of its lower one."""

    width: float
    height: float
    shapes: tuple[tuple[str, float, float], ...]
    """SVG, and where that is inside of the box."""
    tip: bool = True
    """Whether an arrow that leads into it has a tip: a fork gives each of its branches one."""

    def at(self, x: float, y: float) -> tuple[tuple[str, float, float], ...]:
        return tuple((shape, x + left, y + top) for shape, left, top in self.shapes)


def picture(plan: plans.Plan) -> str:
    """A plan as SVG text."""
    box = _drawn(plan)
    width, height = box.width + 2 * _MARGIN, box.height + 2 * _MARGIN
    body = "\n".join(f'<g transform="translate({x:g} {y:g})">{shape}</g>' for shape, x, y in box.at(_MARGIN, _MARGIN))
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(plan.name)}">\n<style>{_STYLE}\n</style>\n'
        f'<defs>{tip}<path d="M0 0 8 4 0 8z"/></marker></defs>\n{body}\n</svg>\n'
    )


def _drawn(plan: plans.Plan) -> _Box:
    match plan:
        case plans.Call():
            return _leaf(plan.title, "function")
        case plans.Render(name, _):
            return _leaf(name, "prompt")
        case plans.Ask(name, _, _, _):
            return _leaf(name, "model")
        case plans.Sequence(_, steps):
            return _below([_drawn(step) for _, step in steps])
        case plans.Parallel(_, ((name, step),)):
            return _titled(_drawn(step), name if plan.keyed else "")
        case plans.Parallel(_, branches, keyed):
            return _beside(branches, keyed)
        case plans.Route(_, by):
            return _below([_drawn(by), _beside(plans.inner(plan)[1:], True)])
        case plans.Fallback(_, steps, _):
            return _framed(_below([_drawn(step) for _, step in steps], "if it fails"), "the first that works")
        case plans.Each() | plans.Loop() | plans.Retry() | plans.Cached() | plans.Tap():
            return _framed(_drawn(plan.step), plans.caption(plan))


def _leaf(text: str, kind: str) -> _Box:
    width = len(text) * _CHARACTER + 2 * _PAD
    rect = f'<rect class="{kind}" width="{width:g}" height="{_LINE}" rx="8"/>'
    return _Box(width, _LINE, ((rect + _text(text, width / 2, _LINE / 2), 0, 0),))


def _text(text: str, x: float, y: float, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _arrow(x: float, y: float, to_x: float, to_y: float, *, tip: bool = True) -> tuple[str, float, float]:
    half, end = (to_y - y) / 2, "" if tip else ' class="line"'
    return f'<path{end} d="M0 0 C0 {half:g} {to_x - x:g} {half:g} {to_x - x:g} {to_y - y:g}"/>', x, y


def _below(boxes: list[_Box], label: str = "") -> _Box:
    """Boxes one below the other, joined by arrows."""
    width = max((box.width for box in boxes), default=0.0)
    shapes: list[tuple[str, float, float]] = []
    y, gap = 0.0, _GAP + (12 if label else 0)
    for box, after in pairwise([*boxes, None]):
        assert box is not None
        shapes.extend(box.at((width - box.width) / 2, y))
        y += box.height
        if after is not None:
            shapes.append(_arrow(width / 2, y, width / 2, y + gap, tip=after.tip))
            if label:
                shapes.append((_text(label, len(label) * 3 + 8, gap / 2, "label"), width / 2, y))
            y += gap
    return _Box(width, y, tuple(shapes), boxes[0].tip)


def _beside(branches: Iterable[plans.Labelled], named: bool) -> _Box:
    """Boxes side by side, reached from one point and left to one point."""
    boxes = [(label, _drawn(step)) for label, step in branches]
    sizes = [max(box.width, len(label) * 6 + 8 if named else 0) for label, box in boxes]
    width, height = sum(sizes) + _GAP * (len(boxes) - 1), max(box.height for _, box in boxes)
    top = _GAP + (14 if named else 0)
    shapes: list[tuple[str, float, float]] = []
    x = 0.0
    for (label, box), size in zip(boxes, sizes, strict=True):
        middle = x + size / 2
        shapes.append(_arrow(width / 2, 0, middle, _GAP))
        if named:
            shapes.append((_text(label, 0, 7, "label"), middle, _GAP))
        shapes.extend(box.at(middle - box.width / 2, top))
        shapes.append(_arrow(middle, top + box.height, middle, top + height, tip=False))
        shapes.append(_arrow(middle, top + height, width / 2, top + height + _GAP, tip=False))
        x += size + _GAP
    return _Box(width, top + height + _GAP, tuple(shapes), tip=False)


def _titled(box: _Box, text: str) -> _Box:
    if not text:
        return box
    width = max(box.width, len(text) * 6 + 8)
    shapes = ((_text(text, width / 2, 7, "label"), 0, 0), *box.at((width - box.width) / 2, 14))
    return _Box(width, box.height + 14, shapes)


def _framed(box: _Box, text: str) -> _Box:
    width = max(box.width, len(text) * 6.2) + 2 * _PAD
    height = box.height + 2 * _PAD + 16
    frame = f'<rect class="frame" width="{width:g}" height="{height:g}" rx="8"/>'
    caption_text = _text(text, width / 2, 13, "label")
    return _Box(width, height, ((frame + caption_text, 0, 0), *box.at((width - box.width) / 2, _PAD + 14)))
