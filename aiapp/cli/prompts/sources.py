"""What the verbs of `aiapp prompts` are given: prompts by name, file and revision, and variables."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from aiapp.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiapp.core.request import Request
    from aiapp.prompts.cases import Case
    from aiapp.prompts.prompt import Prompt
    from aiapp.prompts.repository import PromptRepository

Folders: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--folder", "-d", help="Folder of prompts that stand before others; AIAPP_PROMPTS names some too."),
]
Named: TypeAlias = Annotated[str, typer.Argument(help="A name, a .prompt file, or either with @REVISION of git.")]
Several: TypeAlias = Annotated[list[str] | None, typer.Argument(help="Names or .prompt files  [default: all]")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Given: TypeAlias = Annotated[
    list[str] | None, typer.Option("--var", "-v", help="name=value; a value that is no text is JSON. Repeatable.")
]
VarsFile: TypeAlias = Annotated[str | None, typer.Option("--vars", help="A JSON file with variables, or - for stdin.")]
CaseName: TypeAlias = Annotated[str | None, typer.Option("--case", help="Take the variables of this test.")]


def repository(folders: Sequence[Path] | None) -> PromptRepository:
    """The prompts that names mean."""
    from aiapp.prompts.repository import PromptRepository

    return PromptRepository(*(folders or ()))


def load(named: str, folders: Sequence[Path] | None) -> Prompt:
    """The prompt that was named: by its name or its file, each as it is or at a revision of git."""
    from aiapp.prompts.repository import PromptRepository

    name, _, revision = named.partition("@")
    if name.endswith(".prompt"):
        file = Path(name)
        if not file.parent.is_dir() or (not revision and not file.is_file()):
            raise InvalidInput("prompt", named, "the name of a prompt, or a .prompt file that exists")
        prompts = PromptRepository(file.parent, *(folders or ()))
        return prompts.load(file.name.removesuffix(".prompt"), revision=revision or None)
    return repository(folders).load(name, revision=revision or None)


def all_or(named: Sequence[str] | None, folders: Sequence[Path] | None) -> list[str]:
    """The names that were given, or all there are."""
    return list(named) if named else [file.full_name for file in repository(folders)]


def case_of(prompt: Prompt, name: str) -> Case:
    """The test of that name."""
    from aiapp.prompts.cases import cases

    known = {case.name: case for case in cases(prompt)}
    if name not in known:
        raise InvalidInput("case", name, ", ".join(known) or "a test, but the file has none")
    return known[name]


def variables_of(
    prompt: Prompt, given: Sequence[str] | None, file: str | None, case: str | None
) -> Mapping[str, object]:
    """The variables of a case, then those of a file, then those of the command line."""
    found: dict[str, Any] = dict(case_of(prompt, case).input) if case is not None else {}
    if file is not None:
        found.update(_read(file))
    for one in given or ():
        name, sign, value = one.partition("=")
        if not sign:
            raise InvalidInput("--var", one, "name=value")
        found[name] = _value(prompt, name, value)
    return found


def request_of(prompt: Prompt, var: Sequence[str] | None, file: str | None, case: str | None) -> Request:
    """The request that a prompt makes of what was given at the command line, with a case's earlier messages."""
    history = case_of(prompt, case).history if case is not None else ()
    return prompt.request(variables_of(prompt, var, file, case), history=history)


def _read(file: str) -> dict[str, Any]:
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidInput("--vars", file, f"a JSON object ({error})") from None
    if not isinstance(value, dict):
        raise InvalidInput("--vars", file, "a JSON object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _value(prompt: Prompt, name: str, value: str) -> object:
    """A value of the command line: text where the variable may be text, else JSON."""
    from aiapp.prompts.validation import of_types

    types = of_types(prompt.input_schema.get("properties", {}).get(name, {}))
    if not types or "string" in types:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # which the prompt then refuses, naming the type
