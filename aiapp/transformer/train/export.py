"""A checkpoint as the files that the runtime loads: Llama's tensor names, matrices in int8 with a scale a row."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from aiapp.transformer.config import Config
from aiapp.transformer.export.folder import write_json
from aiapp.transformer.export.settings import llama_config
from aiapp.transformer.train.network import Shape
from aiapp.transformer.weights import quantise, write_safetensors


def export(run: Path, to: Path, *, exact: bool = False) -> None:
    """Write `config.json`, `tokenizer.json` and `model.safetensors` of the best state; in float32 if `exact`."""
    state = torch.load(run / "best.pt", weights_only=True, map_location="cpu")
    shape = Shape(**state["shape"])
    weights = {name: tensor.float().numpy() for name, tensor in state["network"].items()}
    named = llama_names(weights, shape)
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to) as name:  # all is written before anything is replaced
        folder = Path(name)
        write_safetensors(folder / "model.safetensors", named if exact else quantise(named), {"format": "pt"})
        shutil.copy(run / "tokenizer.json", folder / "tokenizer.json")
        write_config(folder / "config.json", shape)
        for path in folder.iterdir():
            path.replace(to / path.name)


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
