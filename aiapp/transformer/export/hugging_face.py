"""The model as `transformers` loads it: `LlamaForCausalLM` in float16."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aiapp.transformer.export.folder import new_folder
from aiapp.transformer.export.settings import write_settings
from aiapp.transformer.model import Transformer
from aiapp.transformer.weights import load_weights, write_safetensors


def export_hugging_face(model: Path, to: Path) -> None:
    """Write the model in the folder `model` to the new folder `to`."""
    loaded, weights = Transformer.load(model), load_weights(model / "model.safetensors")
    halved = {name: tensor.astype(np.float16) for name, tensor in weights.items()}
    with new_folder(to) as folder:
        write_settings(folder, loaded, {"torch_dtype": "float16"})
        write_safetensors(folder / "model.safetensors", halved, {"format": "pt"})
