"""A checkpoint as the files that the runtime loads: Llama's tensor names, matrices in int8 with a scale a row."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from aiapp.core.errors import InvalidInput
from aiapp.transformer.config import Config
from aiapp.transformer.export.folder import write_json
from aiapp.transformer.export.settings import llama_config
from aiapp.transformer.train.network import Shape
from aiapp.transformer.weights import quantise, write_safetensors


def export(runs: Sequence[Path], to: Path, *, last: bool = False, exact: bool = False) -> None:
    """Write `config.json`, `tokenizer.json` and `model.safetensors` of the best state or the last; float32 if `exact`.

    Of several runs, that of their mean: where each goes on from the one before, it is better than any of them (a model
    soup: Wortsman et al. 2022, https://arxiv.org/abs/2203.05482).
    """
    file = "last.pt" if last else "best.pt"
    states = [torch.load(run / file, weights_only=True, map_location="cpu") for run in runs]
    shape, tokens = Shape(**states[0]["shape"]), (runs[0] / "tokenizer.json").read_bytes()
    for run, state in zip(runs, states, strict=True):
        if Shape(**state["shape"]) != shape or (run / "tokenizer.json").read_bytes() != tokens:
            raise InvalidInput("run", str(run), f"one with the sizes and the tokenizer of {runs[0]}")
    named = llama_names(_mean([state["network"] for state in states]), shape)
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to) as name:  # all is written before anything is replaced
        folder = Path(name)
        write_safetensors(folder / "model.safetensors", named if exact else quantise(named), {"format": "pt"})
        (folder / "tokenizer.json").write_bytes(tokens)
        write_config(folder / "config.json", shape)
        for path in folder.iterdir():
            path.replace(to / path.name)


def _mean(networks: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, npt.NDArray[np.float32]]:
    """The mean of each matrix, in float32."""
    return {name: torch.stack([one[name].float() for one in networks]).mean(0).numpy() for name in networks[0]}


def llama_names(weights: Mapping[str, npt.NDArray[np.float32]], shape: Shape) -> dict[str, npt.NDArray[np.float32]]:
    """Fused matrices split, and everything named as in `LlamaForCausalLM`."""
    named = {"model.embed_tokens.weight": weights["embedding.weight"], "model.norm.weight": weights["norm.weight"]}
    for number in range(shape.layers):
        ours, theirs = f"blocks.{number}.", f"model.layers.{number}."
        q, k, v = np.split(weights[f"{ours}qkv.weight"], 3)
        gate, up = np.split(weights[f"{ours}gate_up.weight"], 2)
        named |= {
            f"{theirs}self_attn.q_proj.weight": q,
            f"{theirs}self_attn.k_proj.weight": k,
            f"{theirs}self_attn.v_proj.weight": v,
            f"{theirs}self_attn.o_proj.weight": weights[f"{ours}output.weight"],
            f"{theirs}mlp.gate_proj.weight": gate,
            f"{theirs}mlp.up_proj.weight": up,
            f"{theirs}mlp.down_proj.weight": weights[f"{ours}down.weight"],
            f"{theirs}input_layernorm.weight": weights[f"{ours}attention_norm.weight"],
            f"{theirs}post_attention_layernorm.weight": weights[f"{ours}feed_forward_norm.weight"],
        }
    return named


def write_config(path: Path, shape: Shape) -> None:
    """The sizes as `LlamaForCausalLM` reads them."""
    config = Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=shape.positions,
        rope_theta=shape.theta,
        rms_norm_eps=shape.epsilon,
    )
    pad, bos, end = range(3)  # as SPECIAL_TOKENS opens the vocabulary
    write_json(path, llama_config(config, pad, bos, end))
