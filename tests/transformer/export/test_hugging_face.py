"""The files for `transformers`, read without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aiapp.transformer.export.hugging_face import export_hugging_face
from aiapp.transformer.model import BUNDLED, Transformer
from aiapp.transformer.weights import load_weights, read_safetensors


def test_the_command_writes_every_file(tmp_path: Path) -> None:
    to = tmp_path / "new" / "export"
    command = [sys.executable, "-m", "aiapp.transformer.export", "hugging-face", "--to", str(to)]
    subprocess.run(command, check=True)
    assert sorted(path.name for path in to.iterdir()) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert [path.name for path in to.parent.iterdir()] == ["export"]
    assert to.stat().st_mode == to.parent.stat().st_mode


def test_the_configuration_names_llama_and_its_tokens(bundled_export: Path) -> None:
    config = json.loads((bundled_export / "config.json").read_text())
    ours = json.loads((BUNDLED / "config.json").read_text())
    assert {name: config[name] for name in ours} == ours
    assert config["torch_dtype"] == "float16"
    generation = json.loads((bundled_export / "generation_config.json").read_text())
    assert {name: generation[name] for name in generation if name in config} == {
        name: config[name] for name in ("pad_token_id", "bos_token_id", "eos_token_id")
    }


@pytest.mark.parametrize("bundled", [True, False])
def test_the_weights_are_llamas_in_float16(model_directory: Path, tmp_path: Path, bundled: bool) -> None:
    source = BUNDLED if bundled else model_directory
    export_hugging_face(source, tmp_path / "export")
    path = tmp_path / "export" / "model.safetensors"
    stored, exact = read_safetensors(path), load_weights(source / "model.safetensors")
    assert stored.keys() == exact.keys()
    assert {tensor.dtype for tensor in stored.values()} == {np.dtype(np.float16)}
    for name, tensor in stored.items():
        np.testing.assert_allclose(tensor.astype(np.float32), exact[name], rtol=2**-11, atol=2**-25, err_msg=name)
    header = path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")]
    assert json.loads(header)["__metadata__"] == {"format": "pt"}


def test_an_export_is_a_model_of_its_own(model_directory: Path, tmp_path: Path) -> None:
    export_hugging_face(model_directory, tmp_path / "first")
    export_hugging_face(tmp_path / "first", tmp_path / "second")
    first, second = (Transformer.load(tmp_path / name) for name in ("first", "second"))
    ids = first.tokenizer.chat_ids([("user", "Is Zürich a city? <|end|>")])
    assert ids == second.tokenizer.chat_ids([("user", "Is Zürich a city? <|end|>")])
    assert np.array_equal(first.next_logits(ids), second.next_logits(ids))
