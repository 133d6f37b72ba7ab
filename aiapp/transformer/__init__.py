"""The bundled transformers: a Llama-shaped decoder with its tokenizer, sampling and grammars, and a sentence encoder.

It speaks tokens and text and knows nothing of messages, providers or retrieval. Importing this package loads no
numerical library: a name is resolved on first use. `weights/` holds the models that ship. `tasks/` makes what the
language model learns and is measured on, `train/` trains it (torch), `evaluate/` scores it, `export/` writes it for
other runtimes; the runtime needs none of the four.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiapp.transformer.batch import generate_batch
    from aiapp.transformer.calling import Call, Tool, call_tool
    from aiapp.transformer.embedding import HashEmbedding
    from aiapp.transformer.encoder import Comparison, Encoder
    from aiapp.transformer.generation import Completion, Step, collect, generate
    from aiapp.transformer.grammar import Grammar
    from aiapp.transformer.inspection import Inspection, inspect
    from aiapp.transformer.model import Transformer
    from aiapp.transformer.quotation import rank
    from aiapp.transformer.sampling import Sampling
    from aiapp.transformer.scoring import choose, fill, perplexity, token_logprobs
    from aiapp.transformer.threads import set_threads, thread_count
    from aiapp.transformer.tokenizer import Tokenizer

__all__ = [
    "Call",
    "Comparison",
    "Completion",
    "Encoder",
    "Grammar",
    "HashEmbedding",
    "Inspection",
    "Sampling",
    "Step",
    "Tokenizer",
    "Tool",
    "Transformer",
    "call_tool",
    "choose",
    "collect",
    "fill",
    "generate",
    "generate_batch",
    "inspect",
    "perplexity",
    "rank",
    "set_threads",
    "thread_count",
    "token_logprobs",
]

_HOMES = {
    "Call": "calling",
    "Comparison": "encoder",
    "Completion": "generation",
    "Encoder": "encoder",
    "Grammar": "grammar",
    "HashEmbedding": "embedding",
    "Inspection": "inspection",
    "Sampling": "sampling",
    "Step": "generation",
    "Tokenizer": "tokenizer",
    "Tool": "calling",
    "Transformer": "model",
    "call_tool": "calling",
    "choose": "scoring",
    "collect": "generation",
    "fill": "scoring",
    "generate": "generation",
    "generate_batch": "batch",
    "inspect": "inspection",
    "perplexity": "scoring",
    "rank": "quotation",
    "set_threads": "threads",
    "thread_count": "threads",
    "token_logprobs": "scoring",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
