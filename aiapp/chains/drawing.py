"""A chain to look at: Mermaid text for documents, and a picture in SVG."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from aiapp.chains import plans
from aiapp.chains.picture import picture
from aiapp.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chain as `mermaid` text and as an `svg` picture; a notebook shows the picture."""

    plan: plans.Plan

    @property
    def mermaid(self) -> str:
        """A Mermaid flowchart, for Markdown and documentation."""
        return _Mermaid().drawn(self.plan)

    @property
    def svg(self) -> str:
        """A picture that needs nothing else, for light and dark pages."""
        return picture(self.plan)

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write the picture to an `.svg` file, or the Mermaid text to an `.mmd` file."""
        path = Path(path)
        drawn = {".svg": lambda: self.svg, ".mmd": lambda: self.mermaid}.get(path.suffix)
        if drawn is None:
            raise InvalidInput("path", str(path), "a file that ends with .svg or .mmd")
        path.write_text(drawn(), encoding="utf-8")
        return path


class _Mermaid:
    """Nodes and arrows; each plan is drawn between the nodes that lead to it and those that it ends with."""

    def __init__(self) -> None:
        self._lines = ["flowchart TD"]
        self._ids = count(1)

    def drawn(self, plan: plans.Plan) -> str:
        self._draw(plan, [])
        return "\n".join(self._lines) + "\n"

    def _node(self, text: str, shape: str, before: list[str], label: str = "") -> list[str]:
        name = f"s{next(self._ids)}"
        begin, end = shape.split()
        self._lines.append(f'  {name}{begin}"{_quoted(text)}"{end}')
        self._join(before, name, label)
        return [name]

    def _join(self, before: list[str], after: str, label: str = "") -> None:
        shown = f'|"{_quoted(label)}"|' if label else ""
        self._lines.extend(f"  {one} -->{shown} {after}" for one in before)

    def _draw(self, plan: plans.Plan, before: list[str], label: str = "") -> list[str]:
        """Draw a plan after some nodes, and give those that it ends with."""
        match plan:
            case plans.Call():
                return self._node(plan.title, "[ ]", before, label)
            case plans.Render(name, _):
                return self._node(name, "[/ /]", before, label)
            case plans.Ask(name, _, _, _):
                return self._node(name, "([ ])", before, label)
            case plans.Sequence(_, steps):
                for number, (_, step) in enumerate(steps):
                    before = self._draw(step, before, label if number == 0 else "")
                return before
            case plans.Parallel(_, ((name, step),)):
                return self._draw(step, before, ", ".join(filter(None, (label, name if plan.keyed else ""))))
            case plans.Parallel(_, branches):
                fork = self._node(plans.fork(plan), "{{ }}", before, label)
                return [end for name, step in branches for end in self._draw(step, fork, name)]
            case plans.Route():
                by = self._draw(plan.by, before, label)
                fork = self._node(plan.name, "{ }", by)
                return [end for name, step in plans.inner(plan)[1:] for end in self._draw(step, fork, name)]
            case plans.Fallback(_, steps, _):
                ends: list[str] = []
                for number, (_, step) in enumerate(steps):
                    before = self._draw(step, before, "if it fails" if number else label)
                    ends.extend(before)
                return ends
            case plans.Each() | plans.Loop() | plans.Retry() | plans.Cached() | plans.Tap():
                return self._framed(plan, before, label)

    def _framed(
        self, plan: plans.Each | plans.Loop | plans.Retry | plans.Cached | plans.Tap, before: list[str], label: str
    ) -> list[str]:
        name = f"s{next(self._ids)}"
        self._lines.append(f'  subgraph {name}["{_quoted(plans.caption(plan))}"]')
        self._draw(plan.step, [])
        self._lines.append("  end")
        self._join(before, name, label)
        return [name]


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")
