"""`aiapp prompts diff`: two versions of a prompt, by what they say, take and cost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.cli.prompts.sources import AsJson, Folders, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from rich.text import Text

    from aiapp.evals.prompt_diff import PromptDiff, Size
    from aiapp.evals.prompt_tests import Result
    from aiapp.prompts.prompt import Prompt

_WHICH = "A name or .prompt file, either with @REVISION of git."
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def diff(
    before: Annotated[str, typer.Argument(help=_WHICH)],
    after: Annotated[str, typer.Argument(help=_WHICH)],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Tokens and cost with it; repeatable  [default: the files' models, local]"),
    ] = None,
    ask: Annotated[bool, typer.Option("--run", help="Run the tests of both with these models, too.")] = False,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two versions: what each test renders to, tokens, cost, and with --run the results."""
    from aiapp.cli.screen import show
    from aiapp.evals.prompt_diff import diff as compare
    from aiapp.evals.prompt_models import named_models

    old, new = load(before, folder), load(after, folder)
    models = model or list(dict.fromkeys([*named_models(old), *named_models(new)])) or ["local"]
    changes = compare(old, new, models)
    runs = [(name, _run(old, name), _run(new, name)) for name in models] if ask else []
    if as_json:
        print(json.dumps(_plain(changes, runs), indent=2, ensure_ascii=False, default=str))
    else:
        show(_lines(changes, runs))


def _run(prompt: Prompt, model: str) -> Sequence[Result]:
    from aiapp.client.client import Client
    from aiapp.evals.prompt_tests import run_cases

    with Client(model) as client:
        return run_cases(prompt, client)


def _plain(changes: PromptDiff, runs: Sequence[tuple[str, Sequence[Result], Sequence[Result]]]) -> dict[str, Any]:
    from dataclasses import asdict

    results = [{"model": name, "before": _verdicts(old), "after": _verdicts(new)} for name, old, new in runs]
    return {**asdict(changes), "runs": results}


def _verdicts(results: Sequence[Result]) -> dict[str, bool]:
    return {result.case: result.passed for result in results}


def _lines(changes: PromptDiff, runs: Sequence[tuple[str, Sequence[Result], Sequence[Result]]]) -> Iterator[Text | str]:
    from rich.text import Text

    yield f"{changes.before} -> {changes.after}"
    for case in changes.cases:
        yield ""
        yield f"{case.case}: {'changed' if case.lines else 'renders the same'}"
        yield from (Text(line, _COLOURS.get(line[:1], "")) for line in case.lines[2:])
    yield ""
    for one in changes.models:
        if one.before is None or one.after is None:
            yield f"{one.model}: {one.note}"
        else:
            about = "" if one.before.exact and one.after.exact else "~"
            change = one.after.tokens - one.before.tokens
            yield (
                f"{one.model}: {about}{one.before.tokens:,.0f} -> {about}{one.after.tokens:,.0f} input tokens a call "
                f"({change:+,.0f}), {_cost(one.before, one.after, one.note)}"
            )
    for name, old, new in runs:
        yield f"{name}: {_passed(old)} -> {_passed(new)} tests passed"
        was = _verdicts(old)
        for result in new:
            if was.get(result.case) != result.passed:
                yield f"  {'now passes' if result.passed else 'now fails'}: {result.case}"


def _cost(before: Size, after: Size, note: str) -> str:
    if before.cost is None or after.cost is None:
        return f"cost unknown ({note})"
    return f"{_dollars(before.cost)} -> {_dollars(after.cost)} for the input of 1,000 calls"


def _dollars(cost: Decimal) -> str:
    return f"${cost * 1000:,.4f}" if cost else "$0"


def _passed(results: Sequence[Result]) -> str:
    return f"{sum(result.passed for result in results)} of {len(results)}"
