"""The verbs of `aiapp prompts`, together."""

from __future__ import annotations

import typer

from aiapp.cli.prompts.diff import diff
from aiapp.cli.prompts.lint import lint
from aiapp.cli.prompts.list import list_prompts
from aiapp.cli.prompts.new import new
from aiapp.cli.prompts.optimise import optimise
from aiapp.cli.prompts.render import render
from aiapp.cli.prompts.run import run
from aiapp.cli.prompts.show import show
from aiapp.cli.prompts.test import run_tests

prompts = typer.Typer(
    help="Prompt files: list, show, render, run, lint, test, diff, optimise, new.", no_args_is_help=True
)
prompts.command("list")(list_prompts)
prompts.command()(show)
prompts.command()(render)
prompts.command()(run)
prompts.command()(lint)
prompts.command("test")(run_tests)
prompts.command()(diff)
prompts.command()(optimise)
prompts.command()(new)
