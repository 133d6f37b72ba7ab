"""Word vectors from co-occurrence: positive pointwise mutual information, reduced by a randomised SVD.

Levy, Goldberg and Dagan (2015) found this as good as word2vec at this size; it takes a minute on one core.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from aiapp.transformer.train.corpora import read
from aiapp.transformer.word_vectors import WordVectors, save_words, words

WINDOW, CONTEXT_SMOOTHING, KEEP = 5, 0.75, 1e-4
"""Words on each side; the power of a context's frequency; words more frequent than this share are thinned out."""

Counts = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


def train_words(data: Path, to: Path, size: int = 20_000, dimensions: int = 96) -> None:
    """Read every JSON-lines file of a folder and write `words.npz`."""
    texts = [text for file in sorted(data.glob("*.jsonl.gz")) for row in read(file) for text in _strings(row)]
    tokens = [word for text in texts for word in (*_forms(text), "\n")]
    counts = Counter(tokens)
    del counts["\n"]
    vocabulary = [word for word, _ in counts.most_common(size)]
    frequency = np.array([counts[word] for word in vocabulary], np.float64)
    rows = {word: row for row, word in enumerate(vocabulary)}
    ids = _thinned(np.array([rows.get(token, -1) for token in tokens]), frequency, counts.total())
    matrix = _mutual_information(*_co_occurrences(ids, size), size)
    vectors = _reduced(matrix, dimensions)
    shares = (frequency / counts.total()).astype(np.float32)
    plain = WordVectors(vocabulary, vectors, shares, np.zeros(dimensions, np.float32))
    sample = plain.embed(texts[:: max(1, len(texts) // 4000)])
    common = np.linalg.svd(sample, full_matrices=False)[2][0]
    save_words(to / "words.npz", vocabulary, vectors, shares, common)


def _strings(value: Any) -> Iterator[str]:
    """Every text of more than one word in a JSON value."""
    if isinstance(value, str):
        if " " in value:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _forms(text: str) -> Iterable[str]:
    """Words; all numbers count as one."""
    return (re.sub(r"^\d.*", "0", word) for word in words(text))


def _thinned(ids: Ids, frequency: Counts, total: int) -> Ids:
    """The tokens without a share of the most frequent ones; -1 stands for a word outside the table."""
    chance = np.ones(len(ids))
    known = ids >= 0
    chance[known] = np.sqrt(KEEP * total / frequency[ids[known]]).clip(0, 1)
    return ids[np.random.default_rng(0).random(len(ids)) < chance]


def _co_occurrences(ids: Ids, size: int) -> tuple[Ids, Counts]:
    """Pairs as `word * size + context`, and how often each stands within the window, nearer pairs counting more."""
    pairs, counts = np.empty(0, np.int64), np.empty(0)
    for distance in range(1, WINDOW + 1):
        left, right = ids[:-distance], ids[distance:]
        known = (left >= 0) & (right >= 0)
        found, times = np.unique(left[known] * size + right[known], return_counts=True)
        merged, places = np.unique(np.concatenate([pairs, found]), return_inverse=True)
        weights = np.concatenate([counts, times / distance**0.5])
        pairs, counts = merged, np.bincount(places, weights).astype(np.float64)
    mirrored = pairs % size * size + pairs // size
    both, places = np.unique(np.concatenate([pairs, mirrored]), return_inverse=True)
    return both, np.bincount(places, np.concatenate([counts, counts])).astype(np.float64)


def _mutual_information(pairs: Ids, counts: Counts, size: int) -> torch.Tensor:
    """The positive pointwise mutual information of words and contexts, sparse: (size, size)."""
    word, context = pairs // size, pairs % size
    totals = np.bincount(word, counts, size)
    smoothed = totals**CONTEXT_SMOOTHING / (totals**CONTEXT_SMOOTHING).sum()
    information = np.log(counts / (totals[word] * smoothed[context]))
    kept = information > 0
    indices = torch.from_numpy(np.stack([word[kept], context[kept]]))
    values = torch.from_numpy(information[kept].astype(np.float32))
    return torch.sparse_coo_tensor(indices, values, (size, size)).coalesce().to_sparse_csr()


def _reduced(matrix: torch.Tensor, dimensions: int) -> npt.NDArray[np.float32]:
    """The words' coordinates on the leading singular directions, each row of length 1."""
    torch.manual_seed(0)
    basis = torch.randn(matrix.shape[0], dimensions + 16)
    for _ in range(8):  # the matrix is symmetric: a power iteration
        basis = torch.linalg.qr(matrix @ basis)[0]
    left, strength, _ = torch.linalg.svd(matrix @ basis, full_matrices=False)
    vectors = left[:, :dimensions] * strength[:dimensions] ** 0.5
    return np.asarray(torch.nn.functional.normalize(vectors, dim=1).numpy(), np.float32)
