"""`aiapp prompts optimise`: better instructions and examples for a prompt, within a budget, shown on held-out cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.cli.prompts.optimise_tables import lines, plain, plain_forecast
from aiapp.cli.prompts.sources import AsJson, Folders, Named, load
from aiapp.core.errors import InvalidInput

if TYPE_CHECKING:
    from aiapp.client.budget import Budget
    from aiapp.client.client import Client
    from aiapp.core.formats import Format
    from aiapp.evals.metrics import Metric
    from aiapp.evals.optimise import Optimised, OptimiseForecast
    from aiapp.evals.optimise.setup import Cases
    from aiapp.prompts.fewshot import Example
    from aiapp.prompts.prompt import Prompt


def optimise(
    name: Named,
    train: Annotated[Path, typer.Option("--train", help='JSON Lines of {"input": {VARIABLES}, "expected": ...}.')],
    metric: Annotated[
        str, typer.Option("--metric", help="exact, contains, regex, f1, json, choice or MODULE:FUNCTION.")
    ] = "exact",
    budget: Annotated[str | None, typer.Option("--budget", help="The most it may cost, in US dollars.")] = None,
    calls: Annotated[int | None, typer.Option("--calls", help="The most calls that it may make.")] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Who answers  [default: the file's model, AIAPP_MODEL, or local]"),
    ] = None,
    propose_with: Annotated[
        str | None, typer.Option("--propose-with", help="The model that writes instructions  [default: none]")
    ] = None,
    instructions: Annotated[
        list[str] | None, typer.Option("--instructions", help="Instructions of your own to try. Repeatable.")
    ] = None,
    held_out: Annotated[
        Path | None, typer.Option("--held-out", help="Cases to judge by  [default: half of those of --train]")
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", help="How often instructions are proposed.")] = 6,
    batch: Annotated[int, typer.Option("--batch", help="Cases that a candidate is first tried on.")] = 12,
    concurrency: Annotated[int, typer.Option("--concurrency", help="Cases at a time.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Of all that is drawn.")] = 0,
    journal: Annotated[
        Path | None, typer.Option("--journal", help="Keep answers here, and pay for none of them again.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write what is better here; tries only what such a file can hold.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and ask nothing.")] = False,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Search better instructions and examples for a prompt, and say whether they are better, and how sure that is.

    The search sees half of the cases; the original and the best are then compared on the other half.
    """
    from aiapp.cli.screen import show
    from aiapp.evals.metrics import CHOICE
    from aiapp.evals.metrics import metric as metric_named
    from aiapp.evals.optimise import Effort, forecast_optimise

    prompt = load(name, folder)
    cases = _examples(train)
    search = (prompt, cases, metric_named(metric))
    options: dict[str, Any] = {
        "client": _client(model or prompt.model, keyless=dry_run),
        "proposer": None if propose_with is None else _client(propose_with, keyless=dry_run),
        "instructions": tuple(instructions or ()),
        "held_out": None if held_out is None else _examples(held_out),
        "format": _labels(cases) if metric == CHOICE else None,
        "fixed": out is not None,
        "effort": Effort(batch=batch, rounds=rounds, concurrency=concurrency, seed=seed),
    }
    if dry_run:
        limit = None if budget is None and calls is None else _budget(budget, calls)
        _tell(forecast_optimise(*search, **options), limit, as_json)
        return
    limit = _budget(budget, calls)
    if out is not None and not out.resolve().parent.is_dir():
        raise InvalidInput("--out", str(out), "a file in a folder that exists")
    found = _searched(search, limit, options | {"journal": journal})
    if out is not None and found.better:
        out.write_text(found.chosen.prompt.source, encoding="utf-8")
    if as_json:
        print(json.dumps(plain(found), indent=2, default=str, ensure_ascii=False))
        return
    show(lines(found))
    if out is not None:
        wrote = f"wrote {out}; what changed: aiapp prompts diff {name} {out}"
        print(wrote if found.better else "nothing was written: the original stays")


def _tell(forecast: OptimiseForecast, limit: Budget | None, as_json: bool) -> None:
    """Print what it would take, and whether the limit is enough of it."""
    print(json.dumps(plain_forecast(forecast), indent=2, default=str) if as_json else forecast)
    if limit is not None and not as_json:
        lacking = forecast.lacking(limit.left)
        print("it stops where the budget ends" if lacking is None else f"the budget is too small: {lacking}")


def _searched(search: tuple[Prompt, Cases, Metric], limit: Budget, options: dict[str, Any]) -> Optimised:
    """Search with a progress bar, as long as what is forecast."""
    from aiapp.cli.progress import progress_bar
    from aiapp.evals.optimise import forecast_optimise
    from aiapp.evals.optimise import optimise as run

    with progress_bar("optimising") as on_progress:
        if on_progress is None:
            return run(*search, limit, **options)
        bar, journal = on_progress, options.pop("journal")
        expected = forecast_optimise(*search, **options).expected.calls
        return run(*search, limit, **options, journal=journal, on_answer=lambda done: bar(done, max(done, expected)))


def _client(model: str | None, *, keyless: bool) -> Client:
    """A client of the model; one that is not to send anything needs no key."""
    from aiapp.client.client import Client
    from aiapp.evals.prompt_models import offline_provider

    return Client(provider=offline_provider(model)) if keyless and model is not None else Client(model)


def _examples(file: Path) -> list[Example[Any, Any]]:
    from aiapp.evals.dataset import read_rows
    from aiapp.prompts.fewshot import Example

    return [Example(row.input, row.expected) for row in read_rows(file)]


def _labels(cases: list[Example[Any, Any]]) -> Format:
    from aiapp.core.formats import Choice

    labels = tuple(dict.fromkeys(str(case.output) for case in cases))
    if len(labels) < 2:
        raise InvalidInput("expected", labels, "at least two labels in the file, to choose from")
    return Choice(labels)


def _budget(money: str | None, calls: int | None) -> Budget:
    from aiapp.client.budget import Budget

    if money is None and calls is None:
        raise InvalidInput("--budget", None, "--budget DOLLARS, --calls NUMBER, or --dry-run for what it would take")
    return Budget(money, calls=calls)
