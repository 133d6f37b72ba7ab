"""From examples to tensors: token ids, weights, and batches of examples of like length."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from aiapp.transformer.tasks.examples import Example
from aiapp.transformer.tokenizer import SPECIAL_TOKENS
from aiapp.transformer.train.mixture import Mixture

# A space belongs to the word after it only where that word is in lower case: a name or a number is then spelled the
# same wherever it stands, which is what copying needs.
PATTERN = r" ?[a-z]+|\p{L}+|\p{N}{1,3}|[^\s\p{L}\p{N}]+ ?|\s"
OPENING, OPENING_WEIGHT = 4, 3.0
"""The first tokens of an answer choose it, the rest copy it: the first weigh more."""
POOL = 512


def train_tokenizer(mixture: Mixture, examples: int, size: int = 4096) -> Tokenizer:
    """A byte-level BPE vocabulary learnt from the mixture itself."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = ("".join(text for text, _ in mixture.example()) for _ in range(examples))
    tokenizer.train_from_iterator((_without_special(text) for text in texts), trainer)
    return tokenizer


def _without_special(text: str) -> str:
    for token in SPECIAL_TOKENS:
        text = text.replace(token, "\n")
    return text


def encode(tokenizer: Tokenizer, example: Example, limit: int) -> tuple[list[int], list[float]]:
    """Token ids and their weights, cut at `limit`."""
    ids: list[int] = []
    weights: list[float] = []
    for encoding, (_, weight) in zip(tokenizer.encode_batch([text for text, _ in example]), example, strict=True):
        answer = weight == 1.0
        ids.extend(encoding.ids)
        weights.extend(weight * (OPENING_WEIGHT if answer and n < OPENING else 1.0) for n in range(len(encoding.ids)))
    return ids[:limit], weights[:limit]


def collate(rows: list[tuple[list[int], list[float]]]) -> tuple[Tensor, Tensor]:
    """Ids and weights, padded to one length; both (B, T)."""
    length = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    weights = torch.zeros(len(rows), length)
    for number, (row, row_weights) in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        weights[number, : len(row)] = torch.tensor(row_weights)
    return ids, weights


def batches(mixture: Mixture, tokenizer: Tokenizer, tokens: int, limit: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of about `tokens` tokens without end; examples of like length travel together."""
    while True:
        rows = [encode(tokenizer, mixture.example(), limit) for _ in range(POOL)]
        rows = sorted((row for row in rows if any(row[1])), key=lambda row: len(row[0]))
        groups: list[list[tuple[list[int], list[float]]]] = [[]]
        for row in rows:
            if groups[-1] and (len(groups[-1]) + 1) * len(row[0]) > tokens:
                groups.append([])
            groups[-1].append(row)
        mixture.random.shuffle(groups)
        for group in groups:
            yield collate(group)
