"""Exact token counts for OpenAI's models, from what is on this machine already: nothing is ever downloaded."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_SOURCE = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


@dataclass(frozen=True, slots=True)
class Encoding:
    """A tokenizer of OpenAI: its name in tiktoken, the models that use it, and the SHA-256 of its file."""

    name: str
    models: str
    digest: str


ENCODINGS = (
    Encoding(
        "o200k_base",
        "GPT-4o, GPT-4.1, GPT-5, o1 to o4",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    Encoding(
        "cl100k_base",
        "GPT-4, GPT-3.5",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
)


def count_tokens(encoding: Encoding, text: str) -> int | None:
    """How many tokens a text takes; None where tiktoken, or its whole copy of the encoding, is not on this machine."""
    if not _cached(encoding) or find_spec("tiktoken") is None:
        return None
    tiktoken: Any = import_module("tiktoken")
    return len(tiktoken.get_encoding(encoding.name).encode_ordinary(text))


def _cached(encoding: Encoding) -> bool:
    """Whether tiktoken will find its file in its cache; it downloads one that is missing or broken."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder == "":  # tiktoken takes this as "no cache"
        return False
    cache = Path(tempfile.gettempdir(), "data-gym-cache") if folder is None else Path(folder)
    file = cache / hashlib.sha1(_SOURCE.format(encoding.name).encode(), usedforsecurity=False).hexdigest()
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == encoding.digest
