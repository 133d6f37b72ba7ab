"""Reading the files of a model: whatever is wrong with one is one error that names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import tokenizers

from aiapp.core.errors import InvalidInput


def read_file(path: Path, accepted: str) -> bytes:
    """The bytes of a file; `accepted` says in the error what it should be."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(str(path), error.strerror, accepted) from error


def read_object(text: bytes, where: str, accepted: str) -> dict[str, Any]:
    """A JSON object; `where` names its source in the error, `accepted` says what it should be."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(where, str(error), accepted) from error
    if not isinstance(value, dict):
        raise InvalidInput(where, f"JSON of the type {type(value).__name__}", accepted)
    return cast("dict[str, Any]", value)


def read_codec(path: Path) -> tokenizers.Tokenizer:
    """The tokenizer in a `tokenizer.json`."""
    accepted = "the tokenizer.json of a Hugging Face tokenizer"
    content = read_file(path, accepted)
    read_object(content, str(path), accepted)
    try:
        return tokenizers.Tokenizer.from_buffer(content)
    except Exception as error:  # the library has no class for it
        raise InvalidInput(str(path), str(error), accepted) from error
