"""Every command has `--json` and an example, and what the examples ask for exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from aiapp.cli.main import app

ROOT = Path(__file__).parents[2]
LISTED = re.findall(
    r"^\| `aiapp (.+?)` \|", (ROOT / "examples" / "commands.md").read_text(encoding="utf-8"), re.MULTILINE
)
OFFLINE = (
    "tokens",
    "doctor",
    "models",
    "prompts lint",
    "prompts list",
    "prompts show",
    "prompts render",
    "prompts test",
)
ELSEWHERE = ("models compare", "models reprice", "models refresh", "prompts run")
"""Asks a model, a ledger or a package; tests of their own run them."""


def commands(one: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The commands below one by their names, and a group that does something without one."""
    below: Mapping[str, Any] = getattr(one, "commands", {})
    if not below or (one.invoke_without_command and name):
        yield name, one
    for word, command in below.items():
        yield from commands(command, f"{name} {word}".strip())


ALL = dict(commands(typer.main.get_command(app)))


def test_every_command_has_an_example() -> None:
    shown = {name for words in LISTED for name in ALL if f"{words} ".startswith(f"{name} ")}
    assert shown == set(ALL)


def test_every_command_has_json() -> None:
    without = {name for name, one in ALL.items() if not any("--json" in option.opts for option in one.params)}
    assert not without


@pytest.mark.parametrize("words", [one for one in LISTED if one.startswith(OFFLINE) and not one.startswith(ELSEWHERE)])
def test_an_example_runs(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, shlex.split(words))
    assert done.exit_code == (1 if words.startswith("doctor") else 0), done.output
    assert done.stdout
