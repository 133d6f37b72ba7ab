"""A trained encoder as the files that the runtime loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import softplus

from aiapp.transformer.weights import quantise, write_safetensors

_LAYER = {
    "attention_norm": "attention_norm",
    "query_key_value": "qkv",
    "attention_output": "output",
    "inner_norm": "feed_forward_norm",
    "gate_up": "gate_up",
    "down": "down",
}
"""The runtime's name of each weight of a layer, and training's."""


def export_encoder(run: Path, to: Path) -> None:
    """Write `encoder.safetensors`, int8 with a scale a row, and `encoder.json`, its tokenizer."""
    state = torch.load(run / "encoder.pt", weights_only=True, map_location="cpu")
    weights = {name: tensor.float().numpy() for name, tensor in state["network"].items()}
    width = weights["embedding.weight"].shape[1]
    pieces, asked = (torch.from_numpy(weights[f"{name}.weight"][:, 0]) for name in ("weight", "asked_weight"))
    named = {
        "embedding": weights["embedding.weight"] * np.float32(width**0.5),
        "weight": softplus(pieces).numpy(),
        "judge.points": weights["points.weight"],
        "judge.piece_weight": softplus(pieces + asked).numpy(),
        "judge.norm": weights["feature_norm.weight"],
        "judge.norm_bias": weights["feature_norm.bias"],
        "judge.features": weights["features.weight"],
        "judge.features_bias": weights["features.bias"],
        "judge.meaning": weights["meaning.weight"] * np.float32(width**0.5),
        "judge.output": weights["judged.weight"][0],
        "judge.output_bias": weights["judged.bias"],
        "judge.mix": weights["mix"],
    }
    for number in range(state["shape"]["layers"]):
        for name, trained in _LAYER.items():
            named[f"layers.{number}.{name}"] = weights[f"blocks.{number}.{trained}.weight"]
    to.mkdir(parents=True, exist_ok=True)
    write_safetensors(to / "encoder.safetensors", quantise(named), {"format": "pt"})
    (to / "encoder.json").write_bytes((run / "tokenizer.json").read_bytes())
