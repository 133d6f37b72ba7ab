"""The network: a Llama decoder in NumPy float32 with a key-value cache.

Shapes: T new tokens, S tokens in the cache after them, H heads of size D, C = H * D the hidden size, F the inner size.
`threads` says how many threads share a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput
from aiapp.transformer.config import Config
from aiapp.transformer.weights import Floats, tensor_of


class Cache:
    """The keys and values of the tokens that the network has read, and the tokens themselves.

    `fork` copies what was read, so that two continuations of one prompt cannot disturb each other.
    """

    def __init__(self, config: Config, capacity: int | None = None) -> None:
        self._config = config
        capacity = config.max_position_embeddings if capacity is None else capacity
        shape = (config.num_hidden_layers, 2, config.num_attention_heads, capacity, config.head_size)
        self.memory: Floats = np.empty(shape, np.float32)  # (layers, keys and values, H, capacity, D)
        self.ids: list[int] = []

    def __len__(self) -> int:
        return len(self.ids)

    def truncate(self, length: int) -> None:
        """Forget every token from `length` on."""
        del self.ids[length:]

    def shared_prefix(self, ids: Sequence[int]) -> int:
        """How many tokens at the start of `ids` are in the cache already."""
        shorter = min(len(self.ids), len(ids))
        if self.ids[:shorter] == list(ids[:shorter]):  # as after each token that is written
            return shorter
        return next(place for place in range(shorter) if self.ids[place] != ids[place])

    def fork(self, capacity: int | None = None) -> Cache:
        """A copy that can be extended on its own, with room for `capacity` tokens or a whole context."""
        twin = Cache(self._config, capacity)
        twin.ids = list(self.ids)
        twin.memory[..., : len(self), :] = self.memory[..., : len(self), :]
        return twin


@dataclass(frozen=True, slots=True)
class Tree:
    """How new tokens that form a tree, not a line, see each other after a common prompt.

    `depths` are their positions, counted from the end of the prompt; `visible[i, j]` says that token i attends to
    token j, which is i itself or one of its ancestors.
    """

    depths: npt.NDArray[np.intp]  # (T,)
    visible: npt.NDArray[np.bool_]  # (T, T)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's weights, matrices ready to be multiplied from the right."""

    attention_norm: Floats  # (C,)
    query_key_value: Floats  # (C, 3C), the columns of queries and keys `paired`, queries divided by the root of D
    attention_output: Floats  # (C, C)
    inner_norm: Floats  # (C,)
    gate_up: Floats  # (C, 2F)
    down: Floats  # (F, C)


Rotations: TypeAlias = npt.NDArray[np.complex64]
"""Rotary positions as numbers on the unit circle, (T, D/2): the angle by which each pair of dimensions turns."""

Attend: TypeAlias = Callable[[int, Floats, Floats, Floats], Floats]
"""From a layer's number and the query, key and value of the new tokens, (H, T, D) each, to the values mixed, the same.

It remembers keys and values, and decides who looks at whom.
"""


class Network:
    """The decoder: `extend` reads a prompt, `forward` reads on, both return the logits of the next token."""

    def __init__(self, config: Config, weights: Mapping[str, Floats], where: str = "weights") -> None:
        """The weights by their names in `LlamaForCausalLM`; `where` names their source in errors."""
        self.config = config
        c = config.hidden_size

        def take(name: str, *shape: int) -> Floats:
            return tensor_of(weights, name, shape, where)

        self._embedding = take("model.embed_tokens.weight", config.vocab_size, c)
        self._head = np.ascontiguousarray(self._embedding.T)  # (C, vocab)
        self._final_norm = take("model.norm.weight", c)
        self._layers = [_layer(take, f"model.layers.{i}.", config) for i in range(config.num_hidden_layers)]
        self._rotations = rotations(config.max_position_embeddings, config.head_size, config.rope_theta)

    def extend(self, ids: Sequence[int], cache: Cache) -> Floats:
        """The logits after a whole prompt; the part of it that is in the cache is not computed again."""
        if not ids:
            raise InvalidInput("prompt ids", ids, "at least one token")
        kept = min(cache.shared_prefix(ids), len(ids) - 1)  # the last token is always read: its logits are wanted
        cache.truncate(kept)
        return self.forward(ids[kept:], cache)

    def forward(self, ids: Sequence[int], cache: Cache) -> Floats:
        """The logits (vocab,) of the token that follows `ids`, which are appended to the cache."""
        return self.logits(self.hidden(ids, cache)[-1])

    def logits(self, hidden: Floats) -> Floats:
        """(..., C) -> (..., vocab)."""
        result: Floats = hidden @ self._head
        return result

    def hidden(
        self, ids: Sequence[int], cache: Cache, tree: Tree | None = None, *, watched: list[Floats] | None = None
    ) -> Floats:
        """The final hidden states (T, C) of `ids`, which are appended to the cache; `tree` if they are no line.

        To `watched` is appended the attention (H, T, S) of each layer: row t is how token t shares out its look.
        """
        past, count = len(cache), len(ids)
        positions = past + (np.arange(count) if tree is None else tree.depths)
        mask = _mask(past, count, tree)

        def attend(layer: int, query: Floats, key: Floats, value: Floats) -> Floats:
            keys, values = cache.memory[layer, :, :, : past + count]
            keys[:, past:], values[:, past:] = key, value
            shares = attention_shares(query, keys, mask)  # (H, T, S)
            if watched is not None:
                watched.append(shares)
            mixed: Floats = shares @ values
            return mixed

        x = self.read(ids, positions, attend)
        cache.ids.extend(ids)
        return x

    def read(self, ids: Sequence[int], positions: npt.NDArray[np.intp], attend: Attend) -> Floats:
        """The final hidden states (T, C) of tokens at their positions (T,), of one text or of several."""
        config, count = self.config, len(ids)
        heads = (count, 3, config.num_attention_heads, config.head_size)
        if count and positions.max() >= config.max_position_embeddings:
            raise InvalidInput("tokens", int(positions.max()) + 1, f"at most {config.max_position_embeddings} in all")
        rotation = self._rotations[positions]
        x: Floats = self._embedding[list(ids)]  # (T, C), a copy
        for number, layer in enumerate(self._layers):
            fused: Floats = normalised(x, layer.attention_norm, config.rms_norm_eps) @ layer.query_key_value  # (T, 3C)
            rotate(fused, rotation)
            query, key, value = fused.reshape(heads).transpose(1, 2, 0, 3)  # (H, T, D) each
            x += attend(number, query, key, value).transpose(1, 0, 2).reshape(count, -1) @ layer.attention_output
            x += transformed(layer, x, config.rms_norm_eps)
        return normalised(x, self._final_norm, config.rms_norm_eps)


def attention_shares(query: Floats, keys: Floats, mask: Floats | None) -> Floats:
    """How each token shares out its look: query (..., T, D), keys (..., S, D), mask added to the scores (..., T, S)."""
    shares: Floats = query @ keys.swapaxes(-1, -2)
    if mask is not None:
        shares += mask
    shares -= shares.max(axis=-1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares


def _mask(past: int, count: int, tree: Tree | None) -> Floats | None:
    """What to add to the scores (T, S): nothing where a token may look, minus infinity where it may not."""
    if tree is None and count == 1:
        return None
    visible = np.tri(count, dtype=np.bool_) if tree is None else tree.visible
    mask = np.zeros((count, past + count), np.float32)
    mask[:, past:][~visible] = -np.inf
    return mask


def normalised(x: Floats, weight: Floats, epsilon: float) -> Floats:
    """Root-mean-square normalisation: (T, C) -> (T, C)."""
    scale: Floats = np.sqrt(np.vecdot(x, x) / x.shape[-1] + epsilon)  # (T,)
    result: Floats = x / scale[:, None]
    result *= weight
    return result


def transformed(layer: Layer, x: Floats, epsilon: float) -> Floats:
    """The feed-forward half of a layer: (T, C) -> (T, C)."""
    fused: Floats = normalised(x, layer.inner_norm, epsilon) @ layer.gate_up  # (T, 2F)
    inner = fused.shape[-1] // 2
    gated = silu(fused[:, :inner])
    gated *= fused[:, inner:]
    result: Floats = gated @ layer.down
    return result


def silu(x: Floats) -> Floats:
    """The sigmoid linear unit, of any shape."""
    half: Floats = np.multiply(x, np.float32(0.5))
    silu: Floats = np.tanh(half)
    silu *= half
    silu += half
    return silu  # x * sigmoid(x) without the exponential that overflows


def rotations(count: int, size: int, theta: float) -> Rotations:
    """How each pair of a head's `size` dimensions turns at the first `count` positions: (count, size / 2)."""
    half = size // 2
    angles = np.outer(np.arange(count), theta ** (-np.arange(half) / half))
    on_circle: Rotations = np.exp(1j * angles).astype(np.complex64)
    return on_circle


def paired(rows: Floats, size: int) -> Floats:
    """Rows that give queries or keys (C, ...), reordered in each head so that those of a pair lie side by side.

    A pair is dimension i and dimension i + D/2 (the half-split layout). Queries and keys reordered alike have the same
    products, and a pair in memory is one complex number.
    """
    halves = rows.reshape(-1, 2, size // 2, rows.shape[-1])
    return halves.swapaxes(1, 2).reshape(rows.shape)


def rotate(fused: Floats, by: Rotations) -> None:
    """Turn the queries and keys in (T, 3C) by their rotations (T, D/2), in place."""
    both = fused[:, : fused.shape[1] // 3 * 2].view(np.complex64).reshape(len(fused), -1, by.shape[1])
    both *= by[:, None, :]


def _layer(take: Callable[..., Floats], prefix: str, config: Config) -> Layer:
    c, f, size = config.hidden_size, config.intermediate_size, config.head_size

    def taken(name: str, *shape: int) -> Floats:
        return take(f"{prefix}{name}.weight", *shape)

    def fused(*parts: Floats) -> Floats:
        return np.ascontiguousarray(np.concatenate(parts).T)

    query, key, value = (taken(f"self_attn.{name}_proj", c, c) for name in "qkv")
    return Layer(
        attention_norm=taken("input_layernorm", c),
        query_key_value=fused(paired(query, size) * np.float32(size**-0.5), paired(key, size), value),
        attention_output=fused(taken("self_attn.o_proj", c, c)),
        inner_norm=taken("post_attention_layernorm", c),
        gate_up=fused(taken("mlp.gate_proj", f, c), taken("mlp.up_proj", f, c)),
        down=fused(taken("mlp.down_proj", c, f)),
    )
