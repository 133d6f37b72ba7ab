"""`aiapp trace`: the runs of a ledger, and one of them as a tree."""

from __future__ import annotations

import json
import os
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from aiapp.tracking.ledger import Ledger, Run
    from aiapp.tracking.tree import Node

LAST = "last"
_KINDS = {"call": "cyan", "embedding": "cyan", "tool": "magenta", "agent": "green", "run": "bold"}
_SHOWN_ID = 8


def trace(
    ledger: Annotated[str | None, typer.Argument(help="The ledger's file  [default: AIAPP_LEDGER]")] = None,
    run: Annotated[
        str | None, typer.Argument(metavar="id", help="A run, by the beginning of its id, or the word last.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many runs to list.")] = 20,
    html: Annotated[Path | None, typer.Option("--html", help="Write the run as one HTML page.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout: the run's spans, or the list.")] = False,
) -> None:
    """List the last runs of a ledger, or show one: what happened in what, what was said, costs and times.

    What was asked and answered is shown where it was recorded: `track(content=True)`. Times are those of UTC.
    """
    from aiapp.cli.screen import screen_width, show
    from aiapp.core.errors import InvalidInput
    from aiapp.tracking.tree import forest

    opened, wanted = _chosen(ledger, run)
    if wanted is None:
        if html is not None:
            raise InvalidInput("html", str(html), f"a page of one run: name its id, or {LAST}")
        runs = opened.runs(limit)
        if as_json:
            print(json.dumps([_plain_run(one) for one in runs], indent=2, ensure_ascii=False))
        else:
            show(_listed(runs))
        return
    found = opened.run(_found(opened, wanted))
    if html is not None:
        from aiapp.cli.trace_page import trace_page

        html.write_text(trace_page(found), encoding="utf-8")
    if as_json:
        print(json.dumps([span.to_plain() for span in found.spans], indent=2, ensure_ascii=False))
        return
    show(_tree(forest(found.spans), screen_width()))
    show(f"wrote {path}" for path in (html,) if path is not None)


def _chosen(ledger: str | None, run: str | None) -> tuple[Ledger, str | None]:
    """The ledger and the run that are meant; a word alone is a run of the ledger that the environment names."""
    from aiapp.cli.usage import open_ledger
    from aiapp.tracking.scope import LEDGER

    if ledger is not None and run is None and os.environ.get(LEDGER) and not Path(ledger).exists():
        return open_ledger(None), ledger
    return open_ledger(None if ledger is None else Path(ledger)), run


def _found(ledger: Ledger, wanted: str) -> str:
    from aiapp.core.errors import InvalidInput

    if wanted != LAST:
        return ledger.find(wanted)
    runs = ledger.runs(1)
    if not runs:
        raise InvalidInput("id", wanted, "a run, and this ledger holds none")
    return runs[0].trace


def _plain_run(run: Run) -> dict[str, object]:
    from aiapp.cli.usage import plain_totals

    failed = [span.error for span in run.roots if span.error is not None]
    return {
        "id": run.trace,
        "name": run.name,
        "started": run.started.isoformat(),
        "seconds": run.seconds,
        "error": failed[0] if failed else None,
        "spans": len(run.spans),
        **plain_totals(run.totals),
    }


def _listed(runs: Sequence[Run]) -> Iterator[Text | str]:
    from rich.text import Text

    from aiapp.cli.screen import one_line
    from aiapp.tracking.table import Table
    from aiapp.tracking.wording import cost_of, count, seconds

    if not runs:
        yield "no runs yet"
        return
    rows: list[tuple[str, ...]] = []
    for run in runs:
        found, failed = run.totals, any(span.error is not None for span in run.roots)
        usage, least = found.usage, found.usage_at_least
        rows.append(
            (
                f"{run.trace[:_SHOWN_ID]}  {run.started.astimezone(UTC):%Y-%m-%d %H:%M:%S}  {one_line(run.name)}",
                f"{found.calls:,}",
                count(usage.input_tokens, least.input_tokens or 0),
                count(usage.output_tokens, least.output_tokens or 0),
                cost_of(found),
                seconds(run.seconds),
                "failed" if failed else "",
            )
        )
    header, rule, *lines = Table(("run", "calls", "input", "output", "cost", "time", ""), tuple(rows)).lines()
    yield Text(header, "bold")
    yield Text(rule, "dim")
    yield from lines


def _tree(nodes: Sequence[Node], width: int) -> Iterator[Text]:
    from rich.text import Text

    from aiapp.cli.screen import one_line
    from aiapp.cli.trace_content import said
    from aiapp.tracking.tree import described, walk

    for branch, node in walk(nodes):
        span = node.span
        line = Text().append(branch, "dim").append(one_line(span.name), _KINDS.get(span.kind, ""))
        if span.kind not in ("run", "step", "call"):
            line.append(f" {span.kind}", "dim")
        yield line.append(f"  {described(node)}", "red" if span.error else "dim")
        below = _below(branch) + ("│  " if node.children else "   ")
        if span.message is not None:
            yield Text().append(below, "dim").append(_clipped(span.message, width - len(below)), "red")
        for who, text in said(span):
            label = f"{who}: "
            shown = _clipped(text, width - len(below) - len(label))
            yield Text().append(below, "dim").append(label, "dim").append(shown)


def _below(branch: str) -> str:
    """What stands under a branch."""
    return branch.replace("├─ ", "│  ").replace("└─ ", "   ")


def _clipped(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    from aiapp.cli.screen import one_line

    shown = one_line(text[: 10 * width])
    return shown if cell_len(shown) <= width else f"{set_cell_size(shown, max(width - 1, 1)).rstrip()}…"
