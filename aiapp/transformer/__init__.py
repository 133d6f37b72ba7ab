"""The bundled transformer: a Llama-shaped decoder that NumPy runs, its tokenizer, sampling, grammars and embedding.

It speaks tokens and text and knows nothing of messages, providers or retrieval. Importing this package loads no
numerical library: a name is resolved on first use. `weights/` holds the model that ships, `train/` how it is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiapp.transformer.embedding import HashEmbedding
    from aiapp.transformer.generation import Completion, Step, collect, generate
    from aiapp.transformer.grammar import Grammar
    from aiapp.transformer.model import Transformer
    from aiapp.transformer.quotation import rank
    from aiapp.transformer.sampling import Sampling
    from aiapp.transformer.tokenizer import Tokenizer

__all__ = [
    "Completion",
    "Grammar",
    "HashEmbedding",
    "Sampling",
    "Step",
    "Tokenizer",
    "Transformer",
    "collect",
    "generate",
    "rank",
]

_HOMES = {
    "Completion": "generation",
    "Grammar": "grammar",
    "HashEmbedding": "embedding",
    "Sampling": "sampling",
    "Step": "generation",
    "Tokenizer": "tokenizer",
    "Transformer": "model",
    "collect": "generation",
    "generate": "generation",
    "rank": "quotation",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
