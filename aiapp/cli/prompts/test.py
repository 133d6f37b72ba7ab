"""`aiapp prompts test`: the tests that prompt files hold, without a model or with any."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.cli.prompts.sources import AsJson, Folders, Several, all_or, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiapp.evals.prompt_tests import Result
    from aiapp.tracking.totals import Totals

FAILED = 1


def run_tests(
    names: Several = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Ask it  [default: none; replies of the files are checked]"),
    ] = None,
    judge: Annotated[str | None, typer.Option("--judge", help="The model that decides `judge:` criteria.")] = None,
    embedder: Annotated[
        str | None,
        typer.Option("--embedder", help="The model that compares for `similar:`  [default: the test's own, local]"),
    ] = None,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests of prompts: renders and answers. Exit status 1 means that one failed."""
    from contextlib import ExitStack

    from aiapp.client.client import Client
    from aiapp.evals.prompt_tests import run_cases
    from aiapp.tracking.tracker import track

    with ExitStack() as opened, track() as run:
        asked, decides, compares = (
            None if name is None else opened.enter_context(Client(name)) for name in (model, judge, embedder)
        )
        results = {
            name: run_cases(load(name, folder), asked, judge=decides, embedder=compares)
            for name in all_or(names, folder)
        }
    failed = sum(not result.passed for cases in results.values() for result in cases)
    if as_json:
        found = [_plain(name, result) for name, cases in results.items() for result in cases]
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in _lines(results, run.totals if run.calls else None):
            print(line)
    if failed:
        raise typer.Exit(FAILED)


def _plain(name: str, result: Result) -> dict[str, Any]:
    cost = None if result.receipt is None or result.receipt.cost is None else str(result.receipt.cost)
    checks = [{"name": one.name, "passed": one.passed, "detail": one.detail} for one in result.checks]
    return {
        "prompt": name, "case": result.case, "passed": result.passed,
        "checks": checks, "answer": result.answer, "cost": cost,
    }  # fmt: skip


def _lines(results: Mapping[str, Sequence[Result]], took: Totals | None) -> Iterator[str]:
    from aiapp.tracking.wording import costing

    passed = failed = unchecked = 0
    for name, cases in results.items():
        for result in cases:
            passed, failed = passed + result.passed, failed + (not result.passed)
            told = [one for one in result.checks if one.passed is not True]
            unchecked += sum(one.passed is None for one in told)
            if told or len(results) == 1:
                yield f"{'pass' if result.passed else 'FAIL'}  {name}: {result.case}"
            yield from (f"      {'not checked' if one.passed is None else one.name}: {one.detail}" for one in told)
    cost = "" if took is None else f", {costing(took.cost, took.at_least)}"
    yield f"{passed} passed, {failed} failed, {unchecked} checks not made{cost}"
