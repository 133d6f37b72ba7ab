"""Each file of a model, broken in every way that a file breaks: one error, which names the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.config import Config
from aiapp.transformer.model import Transformer
from aiapp.transformer.tokenizer import Tokenizer
from aiapp.transformer.weights import load_weights, read_safetensors, write_safetensors

READERS: dict[str, Callable[[Path], object]] = {
    "config.json": Config.read,
    "tokenizer.json": Tokenizer,
    "model.safetensors": load_weights,
}


@pytest.fixture
def directory(model_directory: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_directory, tmp_path / "model"))


def refused(path: Path) -> str:
    """What the reader of a file says of it, and that the whole model says the same."""
    with pytest.raises(InvalidInput) as alone:
        READERS[path.name](path)
    if path.is_file():
        with pytest.raises(InvalidInput) as whole:
            Transformer.load(path.parent)
        assert str(whole.value) == str(alone.value)
    assert alone.value.field.startswith(str(path))
    assert alone.value.accepted
    return str(alone.value)


@pytest.mark.parametrize("name", READERS)
def test_what_is_not_there(directory: Path, name: str) -> None:
    (directory / name).unlink()
    assert "No such file" in refused(directory / name)
    (directory / name).mkdir()
    assert "directory" in refused(directory / name)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_what_was_cut_off(directory: Path, name: str, kept: float) -> None:
    whole = (directory / name).read_bytes()
    (directory / name).write_bytes(whole[: int(len(whole) * kept)])
    assert name in refused(directory / name)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00not text", b"<html>not found</html>", b"[]", b'"text"', b"null", b"{}", b"[" * 100_000, b"\0" * 16],
    ids=["bytes", "a page", "list", "text", "null", "nothing", "deep", "zeros"],
)
def test_what_is_something_else(directory: Path, name: str, content: bytes) -> None:
    (directory / name).write_bytes(content)
    assert name in refused(directory / name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hidden_size": "32"}, "hidden_size: '32'"),
        ({"num_hidden_layers": 0}, "num_hidden_layers: 0"),
        ({"num_attention_heads": -2}, "num_attention_heads: -2"),
        ({"intermediate_size": 48.5}, "intermediate_size: 48.5"),
        ({"vocab_size": True}, "vocab_size: True"),
        ({"rope_theta": None}, "rope_theta: None"),
        ({"rms_norm_eps": "small"}, "rms_norm_eps: 'small'"),
    ],
)
def test_a_size_that_is_none(directory: Path, change: dict[str, object], said: str) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert f"{path}: {said} cannot be used; accepted: a " in refused(path)


def test_a_tokenizer_of_another_kind(directory: Path) -> None:
    path = directory / "tokenizer.json"
    settings: dict[str, Any] = json.loads(path.read_text())
    vocabulary = settings["model"]["vocab"]
    vocabulary["▁the"] = vocabulary.pop(max(vocabulary, key=len))
    settings["model"]["merges"] = []
    path.write_text(json.dumps(settings))
    assert "tokens: '▁' cannot be used" in refused(path)


@pytest.mark.parametrize(
    "entry",
    [
        *(7, {}, {"dtype": "F32"}, {"dtype": 3, "shape": [1], "data_offsets": [0, 4]}),
        *({"dtype": "F32", "shape": shape, "data_offsets": [0, 4]} for shape in (1, [-1], ["1"], [1.0], [[1]])),
        *({"dtype": "F32", "shape": [1], "data_offsets": place} for place in ([0], [-4, 0], ["0", "4"], [4, 0], 4)),
    ],
    ids=str,
)
def test_a_tensor_that_is_none(directory: Path, entry: object) -> None:
    path = directory / "model.safetensors"
    header = json.dumps({"t": entry}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"1234")
    assert f"{path}: tensor t" in refused(path)


def test_scales_that_do_not_fit_their_matrix(directory: Path) -> None:
    path = directory / "model.safetensors"
    tensors = {**read_safetensors(path), "model.embed_tokens.weight_scale": np.ones((3, 1), np.float16)}
    write_safetensors(path, tensors)
    assert "tensor model.embed_tokens.weight_scale: shape: (3, 1)" in refused(path)


def test_weights_of_another_model(directory: Path) -> None:
    path = directory / "model.safetensors"
    tensors = read_safetensors(path)
    name = "model.layers.1.mlp.down_proj.weight"
    write_safetensors(path, {one: tensor for one, tensor in tensors.items() if not one.startswith(name)})
    with pytest.raises(InvalidInput, match=rf"model\.safetensors: tensor {name}: 'missing'"):
        Transformer.load(directory)
