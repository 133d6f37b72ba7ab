"""What single tokens mean, from the bundled sentence encoder: where the language model's vectors begin."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer
from torch import Tensor

from aiapp.transformer.encoder import Encoder

SHORTEST = 3
"""Shorter pieces are parts of many words: they mean nothing of their own."""


def meanings(tokenizer: Tokenizer, size: int, seed: int = 0) -> Tensor:
    """Directions (V, size) of mean square 1: words that mean the same lie close, words that tell little are short.

    These are the principal components of what the encoder says of each token that is a word; the others are random.
    """
    encoder, count = Encoder.load(), tokenizer.get_vocab_size()
    texts = [tokenizer.decode([token], skip_special_tokens=False).strip().lower() for token in range(count)]
    words = [place for place, text in enumerate(texts) if len(text) >= SHORTEST and text.isalpha()]
    known = [texts[place] for place in words]
    vectors = torch.tensor(encoder.embed(known), dtype=torch.float32)
    vectors -= vectors.mean(0)
    axes: Tensor = torch.linalg.svd(vectors, full_matrices=False)[2][:size]
    reduced = vectors @ axes.T
    reduced /= reduced.square().mean(0).sqrt().sqrt()  # half way to equal variance: the rarer directions count, too
    weights = torch.tensor(encoder.word_weights(known))
    reduced *= (weights / weights.mean())[:, None] / reduced.square().mean().sqrt()
    found = torch.randn(count, size, generator=torch.Generator().manual_seed(seed))
    found[words] = reduced
    return found
