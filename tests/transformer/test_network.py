from __future__ import annotations

import numpy as np
import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.config import Config
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache, Network, Tree
from aiapp.transformer.weights import Array, Floats

IDS = [1, 4, 40, 41, 42, 43, 44, 2, 5, 50, 60]


def reference(weights: dict[str, Floats], config: Config, ids: list[int]) -> Array:
    """Logits (T, vocab) by the textbook, one head and one position at a time, in float64."""
    eps, size = config.rms_norm_eps, config.head_size

    def norm(x: Array, name: str) -> Array:
        return np.asarray(x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * weights[name])

    def turn(vector: Array, position: int) -> Array:
        angle = position * config.rope_theta ** (-np.arange(size // 2) * 2 / size)
        pairs = (vector[: size // 2] + 1j * vector[size // 2 :]) * np.exp(1j * angle)
        return np.concatenate([pairs.real, pairs.imag])

    x: Array = weights["model.embed_tokens.weight"][ids].astype(np.float64)
    for layer in range(config.num_hidden_layers):
        name = f"model.layers.{layer}."
        h: Array = norm(x, f"{name}input_layernorm.weight")
        q, k, v = (h @ weights[f"{name}self_attn.{part}_proj.weight"].T for part in "qkv")
        mixed = np.zeros_like(x)
        for head in range(config.num_attention_heads):
            part = slice(head * size, (head + 1) * size)
            for t in range(len(ids)):
                scores = [turn(q[t, part], t) @ turn(k[s, part], s) / size**0.5 for s in range(t + 1)]
                shares = np.exp(scores) / np.exp(scores).sum()
                mixed[t, part] = shares @ v[: t + 1, part]
        x = x + mixed @ weights[f"{name}self_attn.o_proj.weight"].T
        h = norm(x, f"{name}post_attention_layernorm.weight")
        gate, up = (h @ weights[f"{name}mlp.{part}_proj.weight"].T for part in ("gate", "up"))
        x = x + (gate / (1 + np.exp(-gate)) * up) @ weights[f"{name}mlp.down_proj.weight"].T
    return np.asarray(norm(x, "model.norm.weight") @ weights["model.embed_tokens.weight"].T)


def small() -> tuple[Config, dict[str, Floats]]:
    config = Config(70, 16, 24, 2, 2, 32)
    random = np.random.default_rng(1)
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (70, 16), "model.norm.weight": (16,)}
    for layer in range(2):
        name = f"model.layers.{layer}."
        shapes |= {f"{name}self_attn.{part}_proj.weight": (16, 16) for part in "qkvo"}
        shapes |= {f"{name}mlp.{part}_proj.weight": (24, 16) for part in ("gate", "up")}
        shapes |= {f"{name}mlp.down_proj.weight": (16, 24)}
        shapes |= {f"{name}{part}_layernorm.weight": (16,) for part in ("input", "post_attention")}
    return config, {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_the_network_is_a_llama() -> None:
    config, weights = small()
    network = Network(config, weights)
    logits = network.logits(network.hidden(IDS, Cache(config)))
    np.testing.assert_allclose(logits, reference(weights, config, IDS), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("cut", [1, 5, len(IDS) - 1])
def test_reading_in_two_parts_changes_nothing(model: Transformer, cut: int) -> None:
    network = model.network
    whole = network.forward(IDS, Cache(network.config))
    cache = Cache(network.config)
    network.forward(IDS[:cut], cache)
    np.testing.assert_allclose(network.forward(IDS[cut:], cache), whole, atol=1e-4)
    assert cache.ids == IDS


def test_extend_reuses_the_shared_prefix(model: Transformer) -> None:
    network = model.network
    cache = Cache(network.config)
    network.extend(IDS, cache)
    for prompt in ([*IDS[:6], 7, 8, 9], IDS[:4], IDS, [1, 9]):
        fresh = network.forward(prompt, Cache(network.config))
        np.testing.assert_allclose(network.extend(prompt, cache), fresh, atol=1e-4)
        assert cache.ids == prompt


def test_a_fork_lives_its_own_life(model: Transformer) -> None:
    network = model.network
    cache = Cache(network.config)
    network.forward(IDS[:5], cache)
    fork = cache.fork()
    network.forward([99, 98, 97], fork)
    np.testing.assert_allclose(network.forward(IDS[5:], cache), network.forward(IDS, Cache(network.config)), atol=1e-4)


def test_a_tree_equals_its_branches_read_one_by_one(model: Transformer) -> None:
    network, prompt = model.network, IDS[:4]
    cache = Cache(network.config)
    network.forward(prompt, cache)
    # 20 -> 21 -> 22 and 20 -> 23
    visible = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1]], np.bool_)
    tree = Tree(np.array([0, 1, 2, 1]), visible)
    rows = network.logits(network.hidden([20, 21, 22, 23], cache.fork(), tree))
    for row, path in zip(rows, ([20], [20, 21], [20, 21, 22], [20, 23]), strict=True):
        np.testing.assert_allclose(row, network.forward([*prompt, *path], Cache(network.config)), atol=1e-4)


def test_a_full_context_and_an_empty_prompt_are_refused(model: Transformer) -> None:
    limit = model.config.max_position_embeddings
    cache = Cache(model.config)
    model.network.forward([1] * limit, cache)
    with pytest.raises(InvalidInput, match=f"at most {limit} in all"):
        model.network.forward([1], cache)
    with pytest.raises(InvalidInput, match="prompt ids"):
        model.network.extend([], cache)


def test_a_missing_or_misshapen_tensor_is_named() -> None:
    config, weights = small()
    name = "model.layers.1.mlp.up_proj.weight"
    with pytest.raises(InvalidInput, match=f"{name}: shape"):
        Network(config, {**weights, name: weights[name].T})
    del weights[name]
    with pytest.raises(InvalidInput, match=name):
        Network(config, weights)
