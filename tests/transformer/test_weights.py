from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.config import Config
from aiapp.transformer.weights import Array, load_weights, quantise, read_safetensors, write_safetensors


def test_what_is_written_is_read(tmp_path: Path) -> None:
    tensors: dict[str, Array] = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array([[-127], [5]], np.int8),
        "empty": np.zeros((0, 4), np.float16),
    }
    write_safetensors(tmp_path / "x.safetensors", tensors, {"made": "here"})
    read = read_safetensors(tmp_path / "x.safetensors")
    assert list(read) == list(tensors)
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        np.testing.assert_array_equal(read[name], tensor)


def test_int8_is_within_half_a_step_of_the_original(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    matrix[2] = 0
    write_safetensors(tmp_path / "x.safetensors", quantise({"m.weight": matrix, "n.weight": matrix[0]}))
    stored, loaded = read_safetensors(tmp_path / "x.safetensors"), load_weights(tmp_path / "x.safetensors")
    assert stored["m.weight"].dtype == np.int8
    assert stored["m.weight_scale"].shape == (5, 1)
    assert loaded.keys() == {"m.weight", "n.weight"}
    np.testing.assert_array_equal(loaded["n.weight"], matrix[0])
    step = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert np.all(np.abs(loaded["m.weight"] - matrix) <= step * 0.6)


@pytest.mark.parametrize("data", [b"", b"\x08", b"\xff" * 12, (4).to_bytes(8, "little") + b"{{{{"])
def test_a_broken_file_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "broken.safetensors").write_bytes(data)
    with pytest.raises(InvalidInput, match=r"broken\.safetensors: header"):
        read_safetensors(tmp_path / "broken.safetensors")


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"dtype": "F8", "shape": [1], "data_offsets": [0, 1]}, "tensor t: dtype"),
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "tensor t: data_offsets"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}, "tensor t: data_offsets"),
    ],
)
def test_a_broken_tensor_is_named(tmp_path: Path, entry: dict[str, object], named: str) -> None:
    header = json.dumps({"t": entry}).encode()
    (tmp_path / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"1234")
    with pytest.raises(InvalidInput, match=named):
        read_safetensors(tmp_path / "x.safetensors")


def test_int8_without_its_scale_is_refused(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "x.safetensors", {"m.weight": np.ones((2, 2), np.int8)})
    with pytest.raises(InvalidInput, match=r"m\.weight_scale"):
        load_weights(tmp_path / "x.safetensors")


SETTINGS = {
    "vocab_size": 10,
    "hidden_size": 8,
    "intermediate_size": 12,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 16,
}


def test_config_reads_the_keys_of_llama() -> None:
    config = Config.parse({**SETTINGS, "rope_theta": 5000.0, "architectures": ["LlamaForCausalLM"]})
    assert (config.head_size, config.rope_theta, config.rms_norm_eps) == (4, 5000.0, 1e-5)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"num_key_value_heads": 1}, "num_key_value_heads"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings"),
        ({"hidden_size": 6}, "hidden_size"),
    ],
)
def test_config_names_what_it_cannot_run(change: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        Config.parse({**SETTINGS, **change})


def test_config_names_every_missing_key() -> None:
    with pytest.raises(InvalidInput, match="missing: vocab_size, hidden_size"):
        Config.parse({name: value for name, value in SETTINGS.items() if name not in ("vocab_size", "hidden_size")})
