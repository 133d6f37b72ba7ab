"""The verbs of `aiapp models`."""

from __future__ import annotations

import typer

from aiapp.cli.models.choose import choose
from aiapp.cli.models.host import host

models = typer.Typer(no_args_is_help=True, help="Which models there are, what they cost, and which to take.")
for verb in (choose, host):
    models.command()(verb)
