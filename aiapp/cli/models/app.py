"""The verbs of `aiapp models`; without one, it lists."""

from __future__ import annotations

import typer

from aiapp.cli.models.choose import choose
from aiapp.cli.models.compare import compare
from aiapp.cli.models.host import host
from aiapp.cli.models.listing import listing
from aiapp.cli.models.refresh import refresh
from aiapp.cli.models.reprice import reprice
from aiapp.cli.models.show import show

models = typer.Typer(
    help="Which models there are, what they cost, and which to take. Without a command: list them.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
models.callback()(listing)
for verb in (show, choose, compare, host, reprice, refresh):
    models.command()(verb)
