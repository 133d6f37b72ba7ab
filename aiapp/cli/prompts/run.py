"""`aiapp prompts run`: ask a model with a prompt."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from aiapp.cli.prompts.sources import AsJson, CaseName, Folders, Given, Named, VarsFile, load, request_of

Model = Annotated[
    str | None,
    typer.Option("--model", "-m", help="local or PROVIDER:NAME  [default: the file's model, AIAPP_MODEL, or local]"),
]


def run(
    name: Named,
    var: Given = None,
    vars_file: VarsFile = None,
    case: CaseName = None,
    model: Model = None,
    folder: Folders = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model, show its answer as it comes, and what it took."""
    from aiapp.cli.receipt import receipt_lines
    from aiapp.client.client import Client

    prompt = load(name, folder)
    request = request_of(prompt, var, vars_file, case)
    with Client(model or prompt.model) as client:
        stream = client.stream(request)
        for text in stream.text():
            if not as_json:
                print(text, end="", flush=True)
        response = stream.response
    receipt = response.receipt
    if as_json:
        found = {
            "prompt": {"name": prompt.name, "hash": prompt.hash},
            "text": response.text,
            "model": receipt.model,
            "tokens": {"input": receipt.usage.input_tokens, "output": receipt.usage.output_tokens},
            "cost": None if receipt.cost is None else str(receipt.cost),
            "changes": [str(change) for change in receipt.changes],
        }
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print("\n")
    print(f"prompt  {prompt.name}  {prompt.hash}")
    for line in receipt_lines(receipt):
        print(line)
