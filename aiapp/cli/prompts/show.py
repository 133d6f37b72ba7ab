"""`aiapp prompts show`: one prompt, its variables and its past."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aiapp.cli.prompts.sources import AsJson, Folders, Named, load, repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiapp.prompts.history import Revision
    from aiapp.prompts.prompt import Prompt


def show(
    name: Named,
    folder: Folders = None,
    history: Annotated[bool, typer.Option("--history", help="The changes that git knows of.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a prompt's file, the variables it takes, its hash, and who changed it."""
    from aiapp.cli.screen import show as show_lines

    prompt = load(name, folder)
    past = _past(prompt, folder) if history else ()
    if as_json:
        print(json.dumps(_plain(prompt, past), indent=2, ensure_ascii=False, default=str))
        return
    show_lines(_lines(prompt, past))


def _past(prompt: Prompt, folder: Folders) -> tuple[Revision, ...]:
    prompts = repository(folder)
    return prompts.history(prompt.name, prompt.variant) if prompt.name in prompts else ()


def _plain(prompt: Prompt, past: tuple[Revision, ...]) -> dict[str, Any]:
    return {
        "name": prompt.name,
        "variant": prompt.variant,
        "hash": prompt.hash,
        "description": prompt.description,
        "model": prompt.model,
        "variables": list(prompt.variables),
        "input_schema": prompt.input_schema,
        "output_schema": prompt.output_schema,
        "partials": prompt.partials,
        "source": prompt.source,
        "history": [
            {"commit": one.commit, "date": one.date.isoformat(), "author": one.author, "subject": one.subject}
            for one in past
        ],
    }


def _lines(prompt: Prompt, past: tuple[Revision, ...]) -> Iterator[str]:
    variant = "" if prompt.variant is None else f".{prompt.variant}"
    yield f"{prompt.name}{variant}  {prompt.hash}"
    needed = prompt.input_schema.get("required", [])
    free = [name for name in prompt.variables if name not in needed or name in prompt.defaults]
    yield "takes " + (", ".join(f"{name}?" if name in free else name for name in prompt.variables) or "nothing")
    yield ""
    yield from prompt.source.rstrip("\n").split("\n")
    for name, text in sorted(prompt.partials.items()):
        yield ""
        yield f"{{{{> {name}}}}}"
        yield from text.rstrip("\n").split("\n")
    if past:
        yield ""
    for one in past:
        yield f"{one.commit[:10]}  {one.date:%Y-%m-%d}  {one.author}  {one.subject}"
