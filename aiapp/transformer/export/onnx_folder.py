"""The model as onnxruntime runs it, in the folders that transformers.js expects."""

from __future__ import annotations

from pathlib import Path

from aiapp.transformer.export.folder import new_folder
from aiapp.transformer.export.graph import decoder
from aiapp.transformer.export.settings import write_settings
from aiapp.transformer.model import Transformer
from aiapp.transformer.weights import load_weights


def export_onnx(model: Path, to: Path) -> None:
    """Write the model in the folder `model` to the new folder `to`, its graph as `onnx/model.onnx` in float32."""
    loaded = Transformer.load(model)
    graph: bytes = decoder(loaded.config, load_weights(model / "model.safetensors")).SerializeToString()
    with new_folder(to) as folder:
        write_settings(folder, loaded, {"torch_dtype": "float32", "transformers.js_config": {"dtype": "fp32"}})
        (folder / "onnx").mkdir()
        (folder / "onnx" / "model.onnx").write_bytes(graph)
