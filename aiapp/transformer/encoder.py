"""The bundled sentence encoder: how near two texts are in meaning, and whether a text answers a question.

A small bidirectional transformer (rotary positions, SwiGLU) over lower-cased word pieces, trained by
`aiapp.transformer.train.encoder` to give the cosines of a far larger sentence model, and to tell the sentence that
answers a question from its neighbours. Every piece has a learnt weight; a text's vector is the weighted sum of what
the last layer says of its pieces. For the second use every piece of the question is compared with every piece of the
text, and the cosines are counted by size (kernel pooling, Xiong et al. 2017).

B is the texts of a batch, T its longest text in pieces, Q the question's pieces, C the width, H the heads, D the width
of a head, F the inner width, K the kernels.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tokenizers

from aiapp.core.errors import InvalidInput
from aiapp.transformer.files import read_codec, read_file
from aiapp.transformer.network import Layer, Rotations, normalised, paired, rotate, rotations, silu, transformed
from aiapp.transformer.threads import settle_threads
from aiapp.transformer.tokenizer import NO_SURROGATES
from aiapp.transformer.weights import Floats, load_weights, tensor_of

BUNDLED_ENCODER = Path(__file__).parent / "weights" / "encoder.safetensors"

LONGEST, LONGEST_QUESTION, LONGEST_CANDIDATE = 160, 40, 90
"""Pieces that are read of a text alone, and of a question and a text together; the rest says nothing."""
NO_SUPPORT = -20.0
"""The log-odds of what cannot answer."""
TELLING = 0.45
"""Pieces of a question that count less than this share of the one that counts most need not be covered."""
KERNEL_CENTRES: Floats = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, -0.1], np.float32)
KERNEL_WIDTHS: Floats = np.array([0.02] + [0.06] * 10, np.float32)
_JUDGE = (
    "points", "piece_weight", "norm", "norm_bias", "features", "features_bias", "meaning", "output", "output_bias",
    "mix",
)  # fmt: skip
_HALF = re.compile("[\ud800-\udfff]")
_BATCH = 2048  # pieces, with padding: small enough for a core's cache
_HEAD = 64
_THETA = 10000.0
_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class _Read:
    """Texts, read."""

    ids: npt.NDArray[np.intp]  # (B, T)
    real: npt.NDArray[np.bool_]  # (B, T)
    states: Floats  # (B, T, C)
    directions: Floats  # (B, C)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Some texts beside one question: (texts,) each. What has no word has `NO_SUPPORT`, and 0 for the rest.

    `support` is the log-odds that a text answers. They compare: against each other as in a softmax, and against 0,
    which stands for "none of them does". `cosine` is that of the two directions. `coverage` is the cosine of that
    telling word piece of the question which stands furthest from all of the text's: 1 where the text has every one.
    """

    support: Floats
    cosine: Floats
    coverage: Floats


class _Judge:
    """Scores texts against a question by the cosines of their pieces and of the whole."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._weights = {name: weights[f"judge.{name}"] for name in _JUDGE}

    def scores(self, question: _Read, texts: _Read) -> Floats:
        """(B,)."""
        w = self._weights
        counted = self.piece_weights(question.ids[0])
        shares: Floats = counted / np.maximum(counted.sum(), np.float32(1e-6))  # (Q,)
        cosines = self._points(question)[0] @ self._points(texts).swapaxes(1, 2)  # (B, Q, T)
        best: Floats = np.where(texts.real[:, None, :], cosines, np.float32(-1)).max(axis=2)  # (B, Q)
        near = _kernels(cosines) * texts.real[:, None, :, None]  # (B, Q, T, K)
        counts: Floats = np.log1p(near.sum(axis=2))  # (B, Q, K)
        features: Floats = np.concatenate([shares @ counts, shares @ _kernels(best)], axis=1)  # (B, 2K)
        together: Floats = (question.directions * texts.directions).astype(np.float32)  # (B, C)
        inner: Floats = _standardised(features, w["norm"], w["norm_bias"]) @ w["features"].T + w["features_bias"]
        inner += together @ w["meaning"].T
        learnt = silu(inner) @ w["output"] + w["output_bias"]
        whole, bias, pieces = w["mix"]
        scores: Floats = whole * together.sum(axis=1) + pieces * (best @ shares) + bias + learnt
        return scores

    def piece_weights(self, ids: npt.NDArray[np.intp]) -> Floats:
        """What each piece of a question counts: (Q,) -> (Q,)."""
        counted: Floats = self._weights["piece_weight"][ids]
        return counted

    def _points(self, read: _Read) -> Floats:
        return _directions(read.states @ self._weights["points"].T)


class Encoder:
    """Embeds texts as rows of length 1; one without a word is a row of zeros. It reads `LONGEST` pieces of a text."""

    def __init__(self, codec: tokenizers.Tokenizer, weights: Mapping[str, Floats], digest: str) -> None:
        self._codec = codec
        self._codec.no_padding()
        self._codec.enable_truncation(LONGEST)  # pyright: ignore[reportUnknownMemberType]  # loosely typed there
        self._embedding, self._weight = weights["embedding"], weights["weight"]
        self.dimensions = self._embedding.shape[1]
        self.name = f"encoder-{self.dimensions}-{digest[:8]}"
        count = sum(name.endswith("attention_norm") for name in weights)
        self._judge = _Judge(weights)
        self._layers = [_layer(weights, number) for number in range(count)]
        self._rotations = rotations(LONGEST, _HEAD, _THETA)

    @classmethod
    def load(cls, path: Path = BUNDLED_ENCODER) -> Encoder:
        """The encoder in a file and the `.json` tokenizer beside it, read once in a process."""
        return _load(path)

    def embed(self, texts: Sequence[str]) -> Floats:
        """(len(texts), dimensions)."""
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        ids = self._encode(texts)
        for places in _batches([len(row) for row in ids]):
            rows[places] = self._read([ids[place] for place in places]).directions
        return rows

    def compare(self, question: str, texts: Sequence[str]) -> Comparison:
        """How each text stands to a question."""
        count = len(texts)
        found = Comparison(np.full(count, NO_SUPPORT, np.float32), *np.zeros((2, count), np.float32))
        (asked,) = self._encode([question])
        if asked:
            read = self._read([asked[:LONGEST_QUESTION]])
            ids = [row[:LONGEST_CANDIDATE] for row in self._encode(texts)]
            for places in _batches([len(row) for row in ids]):
                batch = self._read([ids[place] for place in places])
                found.support[places] = self._judge.scores(read, batch)
                found.cosine[places] = batch.directions @ read.directions[0]
                found.coverage[places] = self._coverage(read, batch)
        return found

    def _coverage(self, question: _Read, texts: _Read) -> Floats:
        """(B,)."""
        counted = self._judge.piece_weights(question.ids[0])
        asked = _directions(self._embedding[question.ids[0][counted > TELLING * counted.max()]])  # (Q, C)
        cosines = asked @ _directions(self._embedding[texts.ids]).swapaxes(1, 2)  # (B, Q, T)
        nearest: Floats = np.where(texts.real[:, None, :], cosines, np.float32(-1)).max(axis=2)  # (B, Q)
        furthest: Floats = nearest.min(axis=1)
        return furthest

    def word_weights(self, words: Sequence[str]) -> Floats:
        """How much each word tells, by the piece of it that tells most: (len(words),)."""
        return np.array([self._weight[ids].max() if ids else 0.0 for ids in self._encode(words)], np.float32)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """The pieces that are read of all texts."""
        return sum(map(len, self._encode(texts)))

    def cut(self, texts: Sequence[str]) -> list[int]:
        """The places of texts that are longer than `LONGEST` pieces: the rest of them is not read."""
        return [place for place, encoding in enumerate(self._encodings(texts)) if encoding.overflowing]

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._encodings(texts)]

    def _encodings(self, texts: Sequence[str]) -> list[tokenizers.Encoding]:
        try:
            return self._codec.encode_batch(list(texts), add_special_tokens=False)
        except TypeError:
            broken = next((text for text in texts if _HALF.search(text)), texts)
            raise InvalidInput("text", broken, NO_SURROGATES) from None

    def _read(self, rows: Sequence[Sequence[int]]) -> _Read:
        lengths = np.array([len(row) for row in rows])
        ids = np.zeros((len(rows), int(lengths.max())), np.intp)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
        real = np.arange(ids.shape[1]) < lengths[:, None]
        states = self._states(ids, real)
        weights: Floats = self._weight[ids] * real
        sums: Floats = np.einsum("btc,bt->bc", states, weights, optimize=True)
        return _Read(ids, real, states, _directions(sums))

    def _states(self, ids: npt.NDArray[np.intp], real: npt.NDArray[np.bool_]) -> Floats:
        """(B, T) -> (B, T, C)."""
        batch, count = ids.shape
        unseen: Floats = np.where(real, np.float32(0), np.float32(-1e4))[:, None, None, :]  # padding is not looked at
        rotation = np.tile(self._rotations[:count], (batch, 1))  # (BT, D/2)
        x: Floats = self._embedding[ids].reshape(batch * count, -1)
        for layer in self._layers:
            x += _attended(layer, x, (batch, count), rotation, unseen)
            x += transformed(layer, x, _EPSILON)
        result: Floats = x.reshape(batch, count, -1)
        return result


def _attended(layer: Layer, x: Floats, size: tuple[int, int], rotation: Rotations, unseen: Floats) -> Floats:
    """What each piece takes from the others of its text: (BT, C) -> (BT, C)."""
    fused: Floats = normalised(x, layer.attention_norm, _EPSILON) @ layer.query_key_value  # (BT, 3C)
    rotate(fused, rotation)
    query, key, value = fused.reshape(*size, 3, -1, _HEAD).transpose(2, 0, 3, 1, 4)  # (B, H, T, D) each
    scores: Floats = query @ key.swapaxes(-1, -2) + unseen  # (B, H, T, T)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(len(x), -1)  # (BT, C)
    attended: Floats = mixed @ layer.attention_output
    return attended


def _kernels(cosines: Floats) -> Floats:
    """How near each cosine is to each of the kernels' centres: (...) -> (..., K)."""
    apart = cosines[..., None] - KERNEL_CENTRES
    near: Floats = np.exp(-(apart**2) / (2 * KERNEL_WIDTHS**2))
    return near


def _standardised(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """Layer normalisation: (B, 2K) -> (B, 2K)."""
    centred = x - x.mean(axis=1, keepdims=True)
    standardised: Floats = centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + np.float32(1e-5))
    return standardised * weight + bias


def _directions(x: Floats) -> Floats:
    """(..., C) -> (..., C), of length 1."""
    directions: Floats = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), np.float32(1e-9))
    return directions


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts of like length, a batch at a time; empty texts are left out."""
    batch: list[int] = []
    for place in sorted((place for place, length in enumerate(lengths) if length), key=lambda place: lengths[place]):
        if batch and (len(batch) + 1) * lengths[place] > _BATCH:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _layer(weights: Mapping[str, Floats], number: int) -> Layer:
    def matrix(name: str) -> Floats:
        return np.ascontiguousarray(weights[f"layers.{number}.{name}"].T)

    query, key, value = np.split(weights[f"layers.{number}.query_key_value"], 3)  # (C, C) each
    fused = np.concatenate([paired(query, _HEAD) * np.float32(_HEAD**-0.5), paired(key, _HEAD), value])
    return Layer(
        attention_norm=weights[f"layers.{number}.attention_norm"],
        query_key_value=np.ascontiguousarray(fused.T),
        attention_output=matrix("attention_output"),
        inner_norm=weights[f"layers.{number}.inner_norm"],
        gate_up=matrix("gate_up"),
        down=matrix("down"),
    )


@lru_cache(maxsize=2)
def _load(path: Path) -> Encoder:
    tokenizer = path.with_suffix(".json")
    settle_threads()
    content = b"".join(read_file(file, "a file of a sentence encoder") for file in (path, tokenizer))
    codec, weights = read_codec(tokenizer), load_weights(path)
    _check(weights, codec.get_vocab_size(), str(path))
    return Encoder(codec, weights, hashlib.sha256(content).hexdigest())


def _check(weights: Mapping[str, Floats], pieces: int, where: str) -> None:
    """Every tensor is there, and of the shape that follows from the vocabulary, the width and the inner widths."""
    kernels = 2 * len(KERNEL_CENTRES)
    c, judged, inner, f = (
        _size(weights, name, axis, where)
        for name, axis in (("embedding", 1), ("judge.points", 0), ("judge.features", 0), ("layers.0.down", 1))
    )
    if c % _HEAD:
        raise InvalidInput(f"{where}: tensor embedding: shape", weights["embedding"].shape, f"a multiple of {_HEAD}")
    shapes: dict[str, tuple[int, ...]] = {
        "embedding": (pieces, c),
        "weight": (pieces,),
        "judge.points": (judged, c),
        "judge.piece_weight": (pieces,),
        "judge.norm": (kernels,),
        "judge.norm_bias": (kernels,),
        "judge.features": (inner, kernels),
        "judge.features_bias": (inner,),
        "judge.meaning": (inner, c),
        "judge.output": (inner,),
        "judge.output_bias": (1,),
        "judge.mix": (3,),
    }
    for number in sorted({name.split(".")[1] for name in weights if name.startswith("layers.")}):
        shapes |= {
            f"layers.{number}.attention_norm": (c,),
            f"layers.{number}.query_key_value": (3 * c, c),
            f"layers.{number}.attention_output": (c, c),
            f"layers.{number}.inner_norm": (c,),
            f"layers.{number}.gate_up": (2 * f, c),
            f"layers.{number}.down": (c, f),
        }
    for name, shape in shapes.items():
        tensor_of(weights, name, shape, where)


def _size(weights: Mapping[str, Floats], name: str, axis: int, where: str) -> int:
    if name not in weights or weights[name].ndim != 2:
        raise InvalidInput(f"{where}: tensor {name}", "missing or no matrix", "the tensors of a sentence encoder")
    size: int = weights[name].shape[axis]
    return size
