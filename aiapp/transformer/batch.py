"""Batches: several prompts decoded together, one pass of the network for all that are being written.

A token alone is a matrix-vector product for each weight, which reads the whole model from memory; the tokens of B texts
are one matrix product, which reads it once. Attention alone sees the texts apart: their keys and values lie side by
side, padded to the longest, and what a text does not have is masked.

B texts are under way, N tokens are read in a step, at most T of one text; S tokens is the longest text after it. H, D
and C are those of `network`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput
from aiapp.transformer.config import Config
from aiapp.transformer.generation import Completion, Step, Writer, collect
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.network import Cache, Network, attention_shares
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.tokenizer import Tokenizer
from aiapp.transformer.weights import Floats

T = TypeVar("T")

WIDTH = 32
"""How many texts are under way at most: a few more gain little, and each has keys and values to keep."""


class Rows:
    """The keys and values of up to `width` texts, of `capacity` tokens each."""

    def __init__(self, config: Config, width: int, capacity: int) -> None:
        shape = (config.num_hidden_layers, 2, width, config.num_attention_heads, capacity, config.head_size)
        self._memory: Floats = np.zeros(shape, np.float32)  # zeros: what is masked is still multiplied
        self.lengths: list[int] = []

    def __len__(self) -> int:
        return len(self.lengths)

    def add(self, cache: Cache) -> None:
        """A new last row with what a cache holds."""
        self._memory[:, :, len(self), :, : len(cache)] = cache.memory[..., : len(cache), :]
        self.lengths.append(len(cache))

    def remove(self, row: int) -> None:
        """Drop a row; the last one takes its place."""
        last = self.lengths.pop()
        if row < len(self):
            self._memory[:, :, row, :, :last] = self._memory[:, :, len(self), :, :last]
            self.lengths[row] = last

    def forward(self, network: Network, news: Sequence[Sequence[int]]) -> Floats:
        """The logits (B, vocab) after each row's new tokens, at least one a row, which are appended to the rows."""
        counts = np.array([len(ids) for ids in news])
        past = np.array(self.lengths)
        rows = np.repeat(np.arange(len(news)), counts)  # (N,)
        ends = np.cumsum(counts)
        offsets = np.arange(len(rows)) - np.repeat(ends - counts, counts)  # (N,)
        places = past[rows] + offsets  # (N,)
        lengths = past + counts
        memory = self._memory[:, :, : len(news), :, : lengths.max()]
        mask = _mask(past, lengths, int(counts.max()))

        def attend(layer: int, query: Floats, key: Floats, value: Floats) -> Floats:
            keys, values = memory[layer]  # (B, H, S, D) each
            keys[rows, :, places], values[rows, :, places] = key.swapaxes(0, 1), value.swapaxes(0, 1)
            padded = np.zeros((len(news), len(query), mask.shape[2], query.shape[-1]), np.float32)  # (B, H, T, D)
            padded[rows, :, offsets] = query.swapaxes(0, 1)
            mixed: Floats = attention_shares(padded, keys, mask) @ values  # (B, H, T, D)
            return mixed[rows, :, offsets].swapaxes(0, 1)  # (H, N, D)

        hidden = network.read([token for ids in news for token in ids], places, attend)
        self.lengths = lengths.tolist()
        return network.logits(hidden[ends - 1])


def _mask(past: npt.NDArray[np.intp], lengths: npt.NDArray[np.intp], longest: int) -> Floats:
    """What to add to the scores (B, 1, T, S): minus infinity at what comes later, and at what the row does not have."""
    last = np.minimum(past[:, None] + np.arange(longest), lengths[:, None] - 1)  # (B, T): padding looks at something
    mask = np.zeros((len(past), 1, longest, int(lengths.max())), np.float32)
    mask[:, 0][np.arange(mask.shape[-1]) > last[:, :, None]] = -np.inf
    return mask


def generate_batch(
    network: Network,
    tokenizer: Tokenizer,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling | Sequence[Sampling] | None = None,
    *,
    grammar: Grammar | Sequence[Grammar | None] | None = None,
    stop: Collection[str] = (),
    max_tokens: int | Sequence[int] | None = None,
    alternatives: int = 0,
    width: int = WIDTH,
    cache: Cache | None = None,
) -> list[Completion]:
    """The completion of each prompt, as `generate` gives it alone, up to the rounding of float32.

    Sampling, grammar and `max_tokens` are one for all or one for each prompt. A seed belongs to a prompt, not to the
    batch: each row draws from a generator of its own, which starts at the seed of its sampling. So equal prompts with
    one sampling give equal texts; for several texts from one prompt, give each row a seed of its own.

    At most `width` texts are under way, and the next prompt starts where one ends. What prompts that are neighbours in
    sorted order share at their start is read once. `cache` may hold the start of a prompt; it is overwritten.
    """
    if width < 1:
        raise InvalidInput("width", width, "a whole number of at least 1")
    count = len(prompts)
    writers = [
        Writer(
            network.config,
            tokenizer,
            ids,
            one_sampling,
            grammar=one_grammar,
            stop=stop,
            max_tokens=one_limit,
            alternatives=alternatives,
        )
        for ids, one_sampling, one_grammar, one_limit in zip(
            prompts,
            _for_each("sampling", sampling, count),
            _for_each("grammar", grammar, count),
            _for_each("max_tokens", max_tokens, count),
            strict=True,
        )
    ]
    if not writers:
        return []
    return _Batch(network, writers, min(width, count), Cache(network.config) if cache is None else cache).run()


def _for_each(field: str, value: T | Sequence[T], count: int) -> Sequence[T]:
    each = cast("Sequence[T]", value) if isinstance(value, Sequence) else [value] * count
    if len(each) != count:
        raise InvalidInput(field, f"{len(each)} values", f"one value, or {count}, one a prompt")
    return each


class _Batch:
    """A batch under way: prompts that wait, in sorted order, and rows of texts that are being written."""

    def __init__(self, network: Network, writers: Sequence[Writer], width: int, cache: Cache) -> None:
        self._network, self._writers, self._width, self._cache = network, writers, width, cache
        self._steps: list[list[Step]] = [[] for _ in writers]
        self._waiting = deque(sorted(range(len(writers)), key=lambda place: writers[place].ids))
        self._running: list[int] = []  # the place of each row's text
        self._rows = Rows(network.config, width, max(len(writer.ids) + writer.limit for writer in writers))

    def run(self) -> list[Completion]:
        """Write all texts to their ends."""
        self._fill()
        while self._running:
            writers = [self._writers[place] for place in self._running]
            news = [writer.ids[length:] for writer, length in zip(writers, self._rows.lengths, strict=True)]
            logits = self._rows.forward(self._network, news)
            for row in reversed(range(len(news))):  # the last first: a row that ends is replaced by one behind it
                if not self._advance(self._running[row], logits[row]):
                    self._drop(row)
            self._fill()
        return [collect(steps) for steps in self._steps]

    def _fill(self) -> None:
        """Start the texts that wait, as far as there is room."""
        while self._waiting and len(self._running) < self._width:
            place = self._waiting.popleft()
            writer, steps = self._writers[place], self._steps[place]
            steps += writer.forced()
            if writer.finished:
                continue
            logits = self._network.extend(writer.ids, self._cache)
            if self._advance(place, logits):
                self._rows.add(self._cache)
                self._running.append(place)

    def _advance(self, place: int, logits: Floats) -> bool:
        """Write the next token of a text and those that the grammar forces after it; whether the text goes on."""
        writer, steps = self._writers[place], self._steps[place]
        steps.append(writer.choose(logits))
        steps += writer.forced()
        return not writer.finished

    def _drop(self, row: int) -> None:
        self._rows.remove(row)
        last = self._running.pop()
        if row < len(self._running):
            self._running[row] = last
