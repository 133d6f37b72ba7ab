"""`aiapp prompts lint`: what is wrong with prompt files, alone and beside models."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aiapp.cli.prompts.sources import AsJson, Folders, Several, all_or, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiapp.prompts.lint import Finding

FOUND = 1


def lint(
    names: Several = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="Beside this model; repeatable  [default: the file's own]")
    ] = None,
    folder: Folders = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning is as bad as an error.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with prompts. Nothing is sent. Exit status 1 means that there are errors."""
    checked = all_or(names, folder)
    found = [finding for name in checked for finding in _findings(name, model or (), folder)]
    errors = sum(finding.level == "error" for finding in found)
    if as_json:
        print(json.dumps([_plain(finding) for finding in found], indent=2, ensure_ascii=False))
    else:
        for finding in found:
            print(_near(finding))
        print(f"{_count(len(checked), 'prompt')}, {_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}")
    if errors or (strict and found):
        raise typer.Exit(FOUND)


def _findings(name: str, models: Sequence[str], folder: Folders) -> tuple[Finding, ...]:
    from aiapp.evals.prompt_models import lint_for, named_models
    from aiapp.prompts.lint import lint_file

    found = lint_file(partial(load, name, folder))
    if any(finding.rule in ("unreadable", "test") for finding in found):
        return found
    prompt = load(name, folder)
    beside = [finding for model in models or named_models(prompt) for finding in lint_for(prompt, model)]
    return (*found, *beside)


def _near(finding: Finding) -> Finding:
    """The finding with its file as seen from here, where it lies below."""
    try:
        file = str(Path(finding.where.file).resolve().relative_to(Path.cwd()))
    except ValueError:
        return finding
    return replace(finding, where=replace(finding.where, file=file))


def _plain(finding: Finding) -> dict[str, str | int | None]:
    near = _near(finding)
    return {
        "path": near.where.file, "line": near.where.line, "column": near.where.column,
        "rule": near.rule, "level": near.level, "message": near.message, "model": near.model,
    }  # fmt: skip


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
