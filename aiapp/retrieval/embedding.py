"""What an embedder promises, and the default one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Embedder(Protocol):
    """Texts to vectors of length 1. An index remembers `name` and `dimensions` and refuses any other embedder."""

    @property
    def name(self) -> str:
        """A name that changes whenever the vectors would."""
        ...

    @property
    def dimensions(self) -> int:
        """The width of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(len(texts), dimensions)."""
        ...


def default_embedder() -> Embedder:
    """The bundled sentence encoder: offline, deterministic, about a millisecond a sentence."""
    from aiapp.transformer.encoder import Encoder

    return Encoder.load()
