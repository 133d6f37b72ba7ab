"""`aiapp models compare`: the same cases through several models: how good, what it costs, how long it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aiapp.cli.models.compare_tables import forecast, lines, plain, speed_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiapp.evals.comparison import Comparison


def compare(
    cases: Annotated[Path, typer.Argument(help='JSON Lines of {"input": ..., "expected": ...}; id and tags may be.')],
    models: Annotated[
        str, typer.Option("--models", help="Names with commas; a variant has settings: local?temperature=0.8")
    ],
    metric: Annotated[
        str, typer.Option("--metric", help="exact, contains, regex, f1, json, choice or MODULE:FUNCTION.")
    ] = "exact",
    prompt: Annotated[
        str | None, typer.Option("--prompt", help="The prompt whose variables the inputs are: a name or .prompt file.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--results", help="Keep raw answers here, and go on from those that are there.")
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", help="Cases at a time of one model.")] = 4,
    budget: Annotated[
        str | None, typer.Option("--budget", help="US dollars that all models together may take; stops within them.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the bootstrap.")] = 0,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with the frontier.")] = None,
    png: Annotated[
        Path | None, typer.Option("--png", help="Write the frontier as a picture (needs matplotlib).")
    ] = None,
    speeds: Annotated[
        Path | None, typer.Option("--speeds", help="Write speeds for `aiapp models choose --measured`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Run the same cases through each model, and compare quality, cost and latency.

    What it will take is said first. A failure scores 0 and is counted apart. Two models are only said to differ where
    the cases can tell them apart.
    """
    from aiapp import Budget
    from aiapp.cli.progress import progress_bar
    from aiapp.cli.prompts.sources import load
    from aiapp.cli.screen import show
    from aiapp.evals.compare import compare as run
    from aiapp.evals.compare import forecasts, variants
    from aiapp.evals.dataset import read_items, with_choices
    from aiapp.evals.metrics import CHOICE
    from aiapp.evals.metrics import metric as metric_named

    within = None if budget is None else Budget(budget)
    scored = metric_named(metric)
    items = read_items(cases, None if prompt is None else load(prompt, None))
    if metric == CHOICE:
        items = with_choices(items)
    pages = _pages(cases.name, metric, html, png, speeds)  # what cannot be written is told before anything is paid for
    clients = variants(name.strip() for name in models.split(",") if name.strip())
    expected = forecasts(items, clients, results=results, concurrency=concurrency)
    if not as_json:
        show(forecast(expected, budget))
    with progress_bar("comparing") as told:
        found = run(
            items, clients, scored,
            results=results, concurrency=concurrency, seed=seed, budget=within, on_progress=told,
        )  # fmt: skip
    for write in pages.values():
        write(found)
    if as_json:
        print(json.dumps(plain(found, metric, expected), indent=2, default=str, ensure_ascii=False))
        return
    show(lines(found, metric))
    show(f"wrote {path}" for path in pages)


def _pages(
    cases: str, metric: str, html: Path | None, png: Path | None, measured: Path | None
) -> dict[Path, Callable[[Comparison], object]]:
    """Each file that is wanted, and what writes it."""
    pages: dict[Path, Callable[[Comparison], object]] = {}
    if html is not None:
        from aiapp.cli.models.compare_page import compare_page

        pages[html] = lambda found: html.write_text(compare_page(cases, metric, found), encoding="utf-8")
    if png is not None:
        from aiapp.cli.models.compare_picture import plotting, write_picture

        plotting()
        pages[png] = lambda found: write_picture(found, metric, png)
    if measured is not None:
        pages[measured] = lambda found: measured.write_text(
            json.dumps(speed_rows(found, cases), indent=2) + "\n", encoding="utf-8"
        )
    return pages
