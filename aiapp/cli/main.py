"""The entry point: the verbs, and how every failure reaches the person at the terminal."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from aiapp import __version__
from aiapp.cli.ask import ask
from aiapp.cli.doctor import doctor
from aiapp.cli.fill import fill
from aiapp.cli.inspect import inspect
from aiapp.cli.models.app import models
from aiapp.cli.prompts.app import prompts
from aiapp.cli.tokens import tokens
from aiapp.cli.trace import trace
from aiapp.cli.usage import usage
from aiapp.core.errors import AiappError, ProviderError

INTERRUPTED = 130
STOPPED = "stopped"
INDEX_WHOLE = "the index is as it was before the interrupted change"

app = typer.Typer(
    name="aiapp",
    help="Applications on language models: nothing hidden, exact money and time, and a model that runs offline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verb in (ask, doctor, tokens, inspect, fill, usage, trace):
    app.command()(verb)
app.add_typer(models, name="models")
app.add_typer(prompts, name="prompts")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aiapp {__version__}")
        raise typer.Exit


@app.callback()
def aiapp(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Applications on language models: nothing hidden, exact money and time, and a model that runs offline."""


def main() -> None:
    """Run a verb; a failure is one line on stderr and a status, never a traceback."""
    # Read by NumPy's linear algebra when it is first loaded: a second thread gains nothing on matrices as small as
    # these, and waits for the first one wherever the machine is busy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        app()
    except AiappError as error:
        sys.exit(_failed(str(error), 1 if isinstance(error, ProviderError) else 2))
    except BrokenPipeError:
        # The reader of our output went away; point stdout elsewhere so that the exit flush does not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        sys.exit(_failed(str(error), 1))
    except KeyboardInterrupt:
        sys.exit(_failed(_stopped(), INTERRUPTED))
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer makes this of Ctrl-C, without a word
            _failed(_stopped(), INTERRUPTED)
        raise


def _stopped() -> str:
    """What Ctrl-C left behind: only `aiapp ask` changes anything."""
    return f"{STOPPED}; {INDEX_WHOLE}" if sys.argv[1:2] == ["ask"] else STOPPED


def _failed(message: str, status: int) -> int:
    line = " ".join(message.split())
    print(f"aiapp: {line}", file=sys.stderr)
    return status
