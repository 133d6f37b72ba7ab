"""`python -m aiapp.transformer.export hugging-face | onnx`: a model in the files of other runtimes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from aiapp.core.errors import AiappError
from aiapp.transformer.export.hugging_face import export_hugging_face
from aiapp.transformer.export.onnx_folder import export_onnx
from aiapp.transformer.model import BUNDLED


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and do as it says; what goes wrong is one line."""
    parser = argparse.ArgumentParser(prog="python -m aiapp.transformer.export", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, export, what in (
        ("hugging-face", export_hugging_face, "what AutoModelForCausalLM and AutoTokenizer load"),
        (
            "onnx",
            export_onnx,
            "a graph with its key-value cache, laid out for transformers.js; needs the extra `export`",
        ),
    ):
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument("--to", type=Path, required=True, help="the folder to make")
        command.add_argument(
            "--model", type=Path, default=BUNDLED, help="the folder of a model; the bundled one if left out"
        )
        command.set_defaults(export=export)
    given = parser.parse_args(arguments)
    try:
        given.export(given.model, given.to)
    except (AiappError, OSError) as error:
        sys.exit(f"aiapp.transformer.export: {error}")


if __name__ == "__main__":
    main()
