"""The ONNX graph, run by onnxruntime, computes what the runtime computes; needs onnx and onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiapp.transformer.export.onnx_folder import export_onnx
from aiapp.transformer.model import BUNDLED, Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.weights import Array, Floats
from tests.transformer.export.prompts import prompts

pytest.importorskip("onnx", reason="needs onnx: python -m pip install 'aiapp[export]'")
onnxruntime: Any = pytest.importorskip("onnxruntime", reason="needs it: python -m pip install onnxruntime")
pytestmark = pytest.mark.onnx

WRITTEN = 24
CLOSE = 1e-3


class Session:
    """A graph, and the cache of one batch of chats."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            folder / "onnx" / "model.onnx", options, providers=["CPUExecutionProvider"]
        )
        self.shapes = {value.name: value.shape for value in self._session.get_inputs()}
        self.outputs: list[str] = [value.name for value in self._session.get_outputs()]
        self.start(1)

    def start(self, batch: int) -> None:
        """Forget what was read."""
        self.mask = np.zeros((batch, 0), np.int64)
        self.past: dict[str, Array] = {
            name: np.zeros((batch, shape[1], 0, shape[3]), np.float32)
            for name, shape in self.shapes.items()
            if name.startswith("past_key_values.")
        }

    def read(self, ids: Sequence[Sequence[int]], real: Sequence[Sequence[int]] | None = None) -> Floats:
        """The logits (batch, new tokens, vocab) of ids that follow what was read; `real` is 0 where one is padding."""
        rows = np.array(ids, np.int64)
        new = np.ones_like(rows) if real is None else np.array(real, np.int64)
        self.mask = np.concatenate([self.mask, new], 1)
        positions = np.maximum(self.mask.cumsum(1) - 1, 0)[:, -rows.shape[1] :]
        inputs = {"input_ids": rows, "attention_mask": self.mask, "position_ids": positions, **self.past}
        logits, *present = self._session.run(self.outputs, inputs)
        self.past = dict(zip(self.past, present, strict=True))
        result: Floats = logits
        return result


@pytest.fixture(scope="module", params=["bundled", "random"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, model_directory: Path
) -> tuple[Transformer, Session]:
    source = BUNDLED if request.param == "bundled" else model_directory
    to = tmp_path_factory.mktemp("onnx") / "export"
    export_onnx(source, to)
    return Transformer.load(source), Session(to)


def greedy(model: Transformer, session: Session, ids: Sequence[int]) -> list[int]:
    """What `Transformer.generate` does, with the graph: the structure of a chat is never written."""
    session.start(1)
    structure = sorted(model.tokenizer.special_ids - {model.tokenizer.end})
    written: list[int] = []
    logits = session.read([ids])[0, -1]
    while len(written) < WRITTEN and model.tokenizer.end not in written:
        logits[structure] = -np.inf
        written.append(int(logits.argmax()))
        logits = session.read([written[-1:]])[0, -1]
    return written


def test_it_writes_the_same_text(pair: tuple[Transformer, Session]) -> None:
    model, session = pair
    for ids in prompts(model.tokenizer, 20):
        ours = [step.token for step in model.generate(ids, max_tokens=WRITTEN)]
        theirs = greedy(model, session, ids)
        assert model.tokenizer.decode(theirs) == model.tokenizer.decode(ours)
        assert theirs == ours


def test_every_position_has_our_logits_however_it_is_read(pair: tuple[Transformer, Session]) -> None:
    model, session = pair
    for ids in prompts(model.tokenizer, 8):
        ours = model.network.logits(model.network.hidden(ids, Cache(model.config)))
        session.start(1)
        whole = session.read([ids])[0]
        session.start(1)
        pieces = np.concatenate([session.read([ids[:5]])[0], session.read([ids[5:]])[0]])
        assert np.abs(whole - ours).max() < CLOSE
        assert np.abs(pieces - ours).max() < CLOSE


def test_padding_on_the_left_changes_nothing(pair: tuple[Transformer, Session]) -> None:
    model, session = pair
    short, long = sorted(prompts(model.tokenizer, 4), key=len)[::3]
    gap = len(long) - len(short)
    assert gap > 0
    session.start(2)
    padded = session.read([[model.tokenizer.pad] * gap + short, long], [[0] * gap + [1] * len(short), [1] * len(long)])
    following = session.read([[40], [41]])
    for row, ids, token in ((0, short, 40), (1, long, 41)):
        ours = model.network.logits(model.network.hidden([*ids, token], Cache(model.config)))
        theirs = np.concatenate([padded[row, len(long) - len(ids) :], following[row]])
        assert np.abs(theirs - ours).max() < CLOSE


def test_its_names_are_those_of_optimum(pair: tuple[Transformer, Session]) -> None:
    model, session = pair
    layers, heads, size = model.config.num_hidden_layers, model.config.num_attention_heads, model.config.head_size
    cache = [f"{number}.{half}" for number in range(layers) for half in ("key", "value")]
    assert list(session.shapes) == [
        "input_ids", "attention_mask", "position_ids", *(f"past_key_values.{name}" for name in cache)
    ]  # fmt: skip
    assert session.outputs == ["logits", *(f"present.{name}" for name in cache)]
    assert session.shapes["past_key_values.0.key"] == ["batch", heads, "past", size]


def test_the_folder_is_laid_out_for_transformers_js(tmp_path: Path) -> None:
    export_onnx(BUNDLED, tmp_path / "export")
    files = sorted(path.relative_to(tmp_path / "export").as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == [
        "config.json", "generation_config.json", "onnx/model.onnx", "tokenizer.json", "tokenizer_config.json"
    ]  # fmt: skip
