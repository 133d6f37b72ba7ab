"""Training itself, on a tiny scale; needs torch."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: python -m pip install 'aiapp[train]'")
pytestmark = pytest.mark.torch

import torch  # noqa: E402

from aiapp.core.errors import InvalidInput  # noqa: E402
from aiapp.transformer.config import Config  # noqa: E402
from aiapp.transformer.network import Cache  # noqa: E402
from aiapp.transformer.network import Network as Runtime  # noqa: E402
from aiapp.transformer.train.export import export, llama_names, write_config  # noqa: E402
from aiapp.transformer.train.initialisation import initialise  # noqa: E402
from aiapp.transformer.train.muon import optimisers, orthogonalise  # noqa: E402
from aiapp.transformer.train.network import Network, Shape  # noqa: E402
from aiapp.transformer.weights import load_weights, quantise, write_safetensors  # noqa: E402


def test_the_initialisation_copies_before_it_is_trained() -> None:
    network = Network(Shape())
    initialise(network)
    torch.manual_seed(0)
    half = torch.randint(16, 4096, (4, 32))
    with torch.no_grad():
        guesses = network.logits(network(torch.cat([half, half], 1)))[:, 32:-1].argmax(-1)
    assert (guesses == half[:, 1:]).float().mean() > 0.05  # chance is one in 4,096


def test_a_few_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    network = Network(Shape(vocabulary=64, width=64, layers=2, heads=4, feed_forward=96, positions=64))
    steps = optimisers(network, matrices=0.01, others=0.003)
    ids = torch.randint(0, 64, (4, 24))
    losses: list[float] = []
    for _ in range(12):
        loss = network.loss(ids, torch.ones(4, 24))
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in steps:
            optimiser.step()
            optimiser.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.5


def test_orthogonalise_brings_every_singular_value_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((16, 48), (48, 16), (64, 64)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert values.max() < 2.5
        assert 0.8 < values.median() < 1.2


def test_the_runtime_computes_what_was_trained(tmp_path: Path) -> None:
    torch.manual_seed(1)
    shape = Shape(vocabulary=64, width=64, layers=2, heads=4, feed_forward=96, positions=64)
    network = Network(shape)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    write_safetensors(tmp_path / "model.safetensors", quantise(llama_names(weights, shape)))
    write_config(tmp_path / "config.json", shape)
    config = Config.read(tmp_path / "config.json")
    ids = list(range(10, 30))
    ours = Runtime(config, load_weights(tmp_path / "model.safetensors")).extend(ids, Cache(config))
    with torch.no_grad():
        theirs = network.logits(network(torch.tensor([ids])))[0, -1].numpy()
    assert np.abs(ours - theirs).max() < 0.1 * np.abs(theirs).max() + 0.05  # int8 against float32


def _run(folder: Path, seed: int, shape: Shape, tokenizer: str = "{}") -> dict[str, torch.Tensor]:
    """A run's folder with a last state and another best one; the weights of the last."""
    folder.mkdir()
    (folder / "tokenizer.json").write_text(tokenizer)
    states = list[dict[str, torch.Tensor]]()
    for name in ("last", "best"):
        torch.manual_seed(seed + len(states))
        states.append(Network(shape).state_dict())
        torch.save({"shape": asdict(shape), "network": states[-1]}, folder / f"{name}.pt")
    return states[0]


def test_several_runs_are_exported_as_their_mean(tmp_path: Path) -> None:
    shape = Shape(vocabulary=64, width=64, layers=1, heads=4, feed_forward=96, positions=64)
    weights = [_run(tmp_path / name, seed, shape) for name, seed in (("one", 1), ("two", 11))]
    export([tmp_path / "one", tmp_path / "two"], tmp_path / "mean", last=True, exact=True)
    read = load_weights(tmp_path / "mean" / "model.safetensors")
    mean = (weights[0]["embedding.weight"] + weights[1]["embedding.weight"]) / 2
    np.testing.assert_allclose(read["model.embed_tokens.weight"], mean, rtol=1e-6)
    export([tmp_path / "one"], tmp_path / "best", exact=True)
    best = load_weights(tmp_path / "best" / "model.safetensors")["model.embed_tokens.weight"]
    assert not np.allclose(best, weights[0]["embedding.weight"])


def test_runs_that_do_not_go_together_have_no_mean(tmp_path: Path) -> None:
    shape = Shape(vocabulary=64, width=64, layers=1, heads=4, feed_forward=96, positions=64)
    _run(tmp_path / "one", 1, shape)
    _run(tmp_path / "two", 2, shape, tokenizer='{"other": 1}')
    with pytest.raises(InvalidInput, match="the sizes and the tokenizer of"):
        export([tmp_path / "one", tmp_path / "two"], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
