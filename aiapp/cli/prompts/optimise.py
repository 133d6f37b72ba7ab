"""`aiapp prompts optimise`: better instructions and examples for a prompt, within a budget, shown on held-out cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.cli.prompts.sources import AsJson, Folders, Named, load
from aiapp.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiapp.client.budget import Budget
    from aiapp.client.client import Client
    from aiapp.core.formats import Format
    from aiapp.evals.optimise import Finalist, Optimised, OptimiseForecast, Trial
    from aiapp.prompts.fewshot import Example

HEADS = ("candidate", ">quality", ">95 %", ">to original", ">$/1,000", ">tokens", ">p50", "front")
TRIED = ("", ">from", ">first cases", ">parent's", ">all", "candidate")
_LONGEST = 32
_PER = 1_000


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
    from aiapp.cli.progress import progress_bar
    from aiapp.cli.screen import show
    from aiapp.evals.metrics import CHOICE
    from aiapp.evals.metrics import metric as metric_named
    from aiapp.evals.optimise import Effort, forecast_optimise
    from aiapp.evals.optimise import optimise as run

    prompt = load(name, folder)
    cases = _examples(train)
    given: dict[str, Any] = {
        "client": _client(model or prompt.model, keyless=dry_run),
        "proposer": None if propose_with is None else _client(propose_with, keyless=dry_run),
        "instructions": tuple(instructions or ()),
        "held_out": None if held_out is None else _examples(held_out),
        "format": _labels(cases) if metric == CHOICE else None,
        "fixed": out is not None,
        "effort": Effort(batch=batch, rounds=rounds, concurrency=concurrency, seed=seed),
    }
    scored = metric_named(metric)
    if dry_run:
        forecast = forecast_optimise(prompt, cases, scored, **given)
        print(json.dumps(_plain_forecast(forecast), indent=2, default=str) if as_json else forecast)
        if not as_json and (budget is not None or calls is not None):
            lacking = forecast.lacking(_budget(budget, calls).left)
            print("it stops where the budget ends" if lacking is None else f"the budget is too small: {lacking}")
        return
    limit = _budget(budget, calls)
    if out is not None and not out.resolve().parent.is_dir():
        raise InvalidInput("--out", str(out), "a file in a folder that exists")
    with progress_bar("optimising") as on_progress:
        expected = forecast_optimise(prompt, cases, scored, **given).expected.calls if on_progress is not None else 0

        def told(done: int) -> None:
            if on_progress is not None:
                on_progress(done, max(done, expected))

        found = run(prompt, cases, scored, limit, **given, journal=journal, on_answer=told)
    wrote = out is not None and found.better
    if out is not None and found.better:
        out.write_text(found.chosen.prompt.source, encoding="utf-8")
    if as_json:
        print(json.dumps(_plain(found), indent=2, default=str, ensure_ascii=False))
        return
    show(_lines(found))
    if wrote:
        print(f"wrote {out}; what changed: aiapp prompts diff {name} {out}")
    elif out is not None:
        print("nothing was written: the original stays")


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


def _lines(found: Optimised) -> Iterator[str]:
    from aiapp.cli.models.layout import columns, paragraphs
    from aiapp.tracking.wording import count, money

    yield "tried, on cases of the search:"
    yield from columns(TRIED, [_tried(one) for one in found.trials])
    yield ""
    yield f"on the {found.original.cases:,} held-out cases:"
    yield from columns(HEADS, [_row(one) for one in found.finalists])
    yield ""
    expected, spent = found.forecast.expected, found.spent
    yield from paragraphs(
        [
            f"{found.verdict}.",
            f"Stopped: {found.why}.",
            f"It took {count(spent.calls)} calls, {count(spent.tokens)} tokens, {money(spent.money)}; "
            f"expected were {expected}.",
        ]
    )
    chosen = found.chosen
    if chosen.few_shot is not None:
        builder = type(chosen.few_shot.builder).__name__
        yield from paragraphs([f"Its examples go with the query: FewShot(cases, {chosen.few_shot.k}, {builder}(...))."])


def _tried(one: Trial) -> list[str]:
    what = " ".join(filter(None, [one.instructions, one.examples])) or one.origin
    what = " ".join(what.split())
    if one.fate == "cannot be used":
        what = f"cannot be used: {' '.join(one.why.split())}"
    parent = "" if one.parent is None else str(one.parent)
    return [str(one.number), parent, _share(one.batch), _share(one.against), _share(one.search), what]


def _share(score: float | None) -> str:
    return "" if score is None else f"{score:.3f}"


def _row(one: Finalist) -> list[str]:
    from aiapp.cli.models.layout import shortened
    from aiapp.tracking.wording import money, seconds

    return [
        shortened(one.name, _LONGEST),
        f"{one.quality.mean:.3f}",
        f"{one.quality.low:.3f}-{one.quality.high:.3f}",
        "" if one.gain is None else f"{one.gain.mean:+.3f}",
        money(None if one.cost is None else one.cost * _PER).removeprefix("$"),
        "unknown" if one.tokens is None else f"{one.tokens:,.0f}",
        seconds(one.seconds),
        "yes" if one.front else "",
    ]


def _plain(found: Optimised) -> Mapping[str, Any]:
    from dataclasses import asdict

    return {
        "better": found.better,
        "verdict": found.verdict,
        "stopped": found.stopped,
        "why": found.why,
        "chosen": found.chosen.candidate.number,
        "best": found.best.candidate.number,
        "prompt": found.chosen.prompt.source,
        "finalists": [_plain_finalist(one) for one in found.finalists],
        "trials": [asdict(one) for one in found.trials],
        "spent": asdict(found.spent),
        "forecast": _plain_forecast(found.forecast),
    }


def _plain_finalist(one: Finalist) -> Mapping[str, Any]:
    from dataclasses import asdict

    return {
        "candidate": one.candidate.number,
        "name": one.name,
        "quality": asdict(one.quality),
        "gain": None if one.gain is None else asdict(one.gain),
        "shown_better": one.shown_better,
        "cases": one.cases,
        "failed": one.failed,
        "cost": one.cost,
        "tokens": one.tokens,
        "seconds": one.seconds,
        "front": one.front,
        "hash": one.prompt.hash,
        "examples_for_each_query": one.few_shot is not None,
    }


def _plain_forecast(forecast: OptimiseForecast) -> Mapping[str, Any]:
    from dataclasses import asdict

    return asdict(forecast)
