"""`aiapp ask`: a quoted, cited answer over documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aiapp.retrieval.answer import Answer
    from aiapp.retrieval.index import Report

NOT_SUPPORTED = 3


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: Markdown, text, HTML, PDF.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="local or PROVIDER:NAME, such as openai:NAME  [default: local]")
    ] = None,
    index: Annotated[
        Path | None, typer.Option("--index", help="Where the index lives  [default: your cache directory]")
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=50, help="How many passages to read.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Answer a question from documents, with quotes, and say what it cost.

    Exit status 3 means that the documents do not hold the answer.
    """
    from aiapp.cli.progress import progress_bar
    from aiapp.client.client import Client
    from aiapp.retrieval.index import Index, default_index_path

    client = Client(model)
    with Index.open(index or default_index_path(paths)) as documents:
        with progress_bar("Indexing") as advance:
            report = documents.add(*paths, progress=advance)
        if not as_json:
            _tell_report(report)
        shown = _Shown()
        answer = documents.ask(question, client, k=k, on_text=None if as_json else shown.write)
    if as_json:
        print(json.dumps(answer.to_dict(), indent=2, ensure_ascii=False))
    else:
        shown.end()
        _tell(answer)
    if not answer.supported:
        raise typer.Exit(NOT_SUPPORTED)


class _Shown:
    """The answer on the terminal as it streams."""

    def __init__(self) -> None:
        self._any = False

    def write(self, text: str) -> None:
        self._any = True
        print(text, end="", flush=True)

    def end(self) -> None:
        if self._any:
            print()


def _tell_report(report: Report) -> None:
    for skipped in report.skipped:
        print(f"skipped {skipped.path}: {skipped.reason}", file=sys.stderr)


def _tell(answer: Answer) -> None:
    from aiapp.cli.receipt import receipt_lines

    if not answer.supported:
        print("Not in the documents.")
    for citation in answer.citations:
        where = f":{citation.line}" if citation.page is None else f" p. {citation.page}"
        print(f'\n  "{citation.quote}"\n    {citation.source}{where}')
    print()
    for line in receipt_lines(answer.receipt):
        print(line)
