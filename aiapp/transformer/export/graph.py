"""The decoder as an ONNX graph, node by node: what `network.py` computes, with the names that optimum gives a decoder.

Shapes: B chats, T new tokens, S tokens in all, H heads of size D, C = H * D the hidden size, F the inner size. The
inputs are `input_ids` and `position_ids` (B, T), `attention_mask` (B, S), zero where there is padding, and for each
layer `past_key_values.N.key` and `.value` (B, H, S - T, D); the outputs `logits` (B, T, vocab), and `present.N.key` and
`.value` (B, H, S, D), the next call's past.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aiapp.transformer.config import Config
from aiapp.transformer.export.nodes import Graph
from aiapp.transformer.weights import Floats


def decoder(config: Config, weights: Mapping[str, Floats]) -> Any:
    """The whole network as an `onnx.ModelProto`, checked."""
    graph = Graph()
    h, d = config.num_attention_heads, config.head_size
    past, present = ("batch", h, "past", d), ("batch", h, "total", d)
    graph.input("input_ids", ("batch", "sequence"), whole=True)
    graph.input("attention_mask", ("batch", "total"), whole=True)
    graph.input("position_ids", ("batch", "sequence"), whole=True)
    graph.constant("embedding", weights["model.embed_tokens.weight"])
    rotation, mask = _rotation(graph, config), _mask(graph)
    x = graph.node("Gather", "embedding", "input_ids")  # (B, T, C)
    for number in range(config.num_hidden_layers):
        for half in ("key", "value"):
            graph.input(f"past_key_values.{number}.{half}", past)
            graph.output(f"present.{number}.{half}", present)
        x = _attended(graph, config, weights, number, x, rotation, mask)
        x = _transformed(graph, config, weights, number, x)
    x = _normalised(graph, x, "model.norm.weight", weights, config)
    graph.node("MatMul", x, graph.node("Transpose", "embedding", perm=[1, 0]), called="logits")
    graph.output("logits", ("batch", "sequence", config.vocab_size))
    return graph.model()


def _rotation(graph: Graph, config: Config) -> tuple[str, str]:
    """Cosines and signed sines of the positions, each (B, 1, T, D)."""
    half = config.head_size // 2
    frequencies = config.rope_theta ** (-np.arange(half) / half)
    angles = np.outer(np.arange(config.max_position_embeddings), frequencies)
    cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    tables = {"cosines": np.concatenate([cos, cos], 1), "sines": np.concatenate([-sin, sin], 1)}
    taken = [
        graph.node("Unsqueeze", graph.node("Gather", graph.constant(name, table), "position_ids"), graph.whole(1))
        for name, table in tables.items()
    ]
    return taken[0], taken[1]


def _mask(graph: Graph) -> str:
    """What to add to the scores (B, 1, T, S): next to nothing is left of a later token, or of padding.

    The number is finite, so that a row of padding, which sees nothing, has no infinity minus infinity in it.
    """
    zero, one = graph.constant("zero", np.array(0, np.int64)), graph.constant("one", np.array(1, np.int64))
    total = graph.node("Gather", graph.node("Shape", "attention_mask"), one)
    new = graph.node("Gather", graph.node("Shape", "input_ids"), one)
    columns = graph.node("Range", zero, total, one)  # (S,)
    rows = graph.node("Range", graph.node("Sub", total, new), total, one)  # (T,)
    earlier = graph.node("LessOrEqual", columns, graph.node("Unsqueeze", rows, graph.whole(1)))  # (T, S)
    real = graph.node("Cast", "attention_mask", to=graph.boolean)
    visible = graph.node("And", earlier, graph.node("Unsqueeze", real, graph.whole(1, 2)))
    return graph.node("Where", visible, graph.number(0.0), graph.number(float(np.finfo(np.float32).min)))


def _attended(
    graph: Graph,
    config: Config,
    weights: Mapping[str, Floats],
    number: int,
    x: str,
    rotation: tuple[str, str],
    mask: str,
) -> str:
    """The attention half of a layer: (B, T, C) -> (B, T, C); the layer's cache is read and written."""
    h, d, prefix = config.num_attention_heads, config.head_size, f"model.layers.{number}."
    names = [f"{prefix}self_attn.{part}_proj.weight" for part in "qkv"]
    normed = _normalised(graph, x, f"{prefix}input_layernorm.weight", weights, config)
    fused = graph.node("MatMul", normed, _matrix(graph, weights, *names))  # (B, T, 3C)
    heads = graph.node("Transpose", graph.node("Reshape", fused, graph.whole(0, 0, 3 * h, d)), perm=[0, 2, 1, 3])
    turning, value = graph.split(heads, (2 * h, h), axis=1)
    query, key = graph.split(_rotated(graph, turning, rotation, d), (h, h), axis=1)  # (B, H, T, D) each
    keys, values = (
        graph.node("Concat", f"past_key_values.{number}.{half}", new, called=f"present.{number}.{half}", axis=2)
        for half, new in (("key", key), ("value", value))
    )  # (B, H, S, D)
    query = graph.node("Mul", query, graph.number(d**-0.5))
    scores = graph.node("MatMul", query, graph.node("Transpose", keys, perm=[0, 1, 3, 2]))  # (B, H, T, S)
    shares = graph.node("Softmax", graph.node("Add", scores, mask), axis=-1)
    mixed = graph.node("Transpose", graph.node("MatMul", shares, values), perm=[0, 2, 1, 3])
    joined = graph.node("Reshape", mixed, graph.whole(0, 0, h * d))
    output = _matrix(graph, weights, f"{prefix}self_attn.o_proj.weight")
    return graph.node("Add", x, graph.node("MatMul", joined, output))


def _transformed(graph: Graph, config: Config, weights: Mapping[str, Floats], number: int, x: str) -> str:
    """The feed-forward half of a layer: (B, T, C) -> (B, T, C)."""
    f, prefix = config.intermediate_size, f"model.layers.{number}."
    normed = _normalised(graph, x, f"{prefix}post_attention_layernorm.weight", weights, config)
    opened = _matrix(graph, weights, f"{prefix}mlp.gate_proj.weight", f"{prefix}mlp.up_proj.weight")
    gate, up = graph.split(graph.node("MatMul", normed, opened), (f, f), axis=-1)  # (B, T, F) each
    gated = graph.node("Mul", graph.node("Mul", gate, graph.node("Sigmoid", gate)), up)
    return graph.node("Add", x, graph.node("MatMul", gated, _matrix(graph, weights, f"{prefix}mlp.down_proj.weight")))


def _normalised(graph: Graph, x: str, name: str, weights: Mapping[str, Floats], config: Config) -> str:
    """Root-mean-square normalisation: (B, T, C) -> (B, T, C)."""
    squares = graph.node("Pow", x, graph.number(2.0))
    mean = graph.node("ReduceMean", squares, graph.whole(-1), keepdims=1)
    scale = graph.node("Sqrt", graph.node("Add", mean, graph.number(config.rms_norm_eps)))
    return graph.node("Mul", graph.node("Div", x, scale), graph.constant(name, weights[name]))


def _rotated(graph: Graph, x: str, rotation: tuple[str, str], size: int) -> str:
    """Rotary positions: (B, 2H, T, D) -> (B, 2H, T, D); the sign of the first half's sine is in the table."""
    first, second = graph.split(x, (size // 2, size // 2), axis=-1)
    cosines, sines = rotation
    crossed = graph.node("Mul", graph.node("Concat", second, first, axis=-1), sines)
    return graph.node("Add", graph.node("Mul", x, cosines), crossed)


def _matrix(graph: Graph, weights: Mapping[str, Floats], *names: str) -> str:
    """One or more matrices side by side, ready to be multiplied from the right: (in, out)."""
    return graph.constant("+".join(names), np.concatenate([weights[name] for name in names]).T)
