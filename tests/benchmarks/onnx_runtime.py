"""The exported graph in onnxruntime beside the NumPy runtime, one thread: `python tests/benchmarks/onnx_runtime.py`.

Needs the extra `export` and onnxruntime. Each measure is the median of seven, the runtimes in turn in one process, in
seconds of its CPU; tokenizers and imports are left out. The graph computes the logits of every token that it reads, as
transformers.js expects, the NumPy runtime those of the last one. int8 is onnxruntime's dynamic quantisation.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded

from importlib import import_module

import numpy as np

from aiapp.transformer.config import Config
from aiapp.transformer.export.onnx_folder import export_onnx
from aiapp.transformer.model import BUNDLED, Transformer
from aiapp.transformer.network import Cache, Network
from aiapp.transformer.weights import Floats, load_weights

RUNS, READ, WRITTEN = 7, 512, 128
HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook"


class NumPy:
    """The bundled runtime."""

    def __init__(self) -> None:
        config = Config.read(BUNDLED / "config.json")
        self._network = Network(config, load_weights(BUNDLED / "model.safetensors"))
        self._cache = Cache(config)

    def start(self) -> None:
        """Forget what was read."""
        self._cache.truncate(0)

    def read(self, ids: Sequence[int]) -> Floats:
        """The logits of the token after `ids`."""
        return self._network.forward(ids, self._cache)


class Onnx:
    """A graph; its cache stays in onnxruntime's memory."""

    def __init__(self, path: Path, config: Config) -> None:
        self._runtime: Any = import_module("onnxruntime")
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = self._runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._outputs = [output.name for output in self._session.get_outputs()]
        shape = (1, config.num_attention_heads, 0, config.head_size)
        self._empty = self._runtime.OrtValue.ortvalue_from_numpy(np.zeros(shape, np.float32))
        self.start()

    def start(self) -> None:
        """Forget what was read."""
        self._count = 0
        names = (name.replace("present", "past_key_values") for name in self._outputs[1:])
        self._past: dict[str, Any] = dict.fromkeys(names, self._empty)

    def read(self, ids: Sequence[int]) -> Floats:
        """The logits of the token after `ids`."""
        past, self._count = self._count, self._count + len(ids)
        inputs = {
            "input_ids": np.array([ids]),
            "attention_mask": np.ones((1, self._count), np.int64),
            "position_ids": np.arange(past, self._count)[None],
        }
        values = {name: self._runtime.OrtValue.ortvalue_from_numpy(value) for name, value in inputs.items()}
        logits, *present = self._session.run_with_ort_values(self._outputs, values | self._past)
        self._past = dict(zip(self._past, present, strict=True))
        result: Floats = logits.numpy()[0, -1]
        return result


def quantise(whole: Path, small: Path) -> None:
    """Write the graph with its matrices, the head among them, in int8."""
    tools: Any = import_module("onnxruntime.quantization")
    folded = small.with_name("folded.onnx")
    import_module("onnxruntime.quantization.shape_inference").quant_pre_process(whole, folded, skip_symbolic_shape=True)
    tools.quantize_dynamic(folded, small, per_channel=True, weight_type=tools.QuantType.QInt8)


def medians(runs: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The seconds of each, measured in turn so that what disturbs one disturbs all."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(RUNS + 1):
        for name, run in runs.items():
            began = time.process_time()
            run()
            if number:  # the first is to warm up
                taken[name].append(time.process_time() - began)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def prefill(runtime: NumPy | Onnx, ids: Sequence[int]) -> Floats:
    runtime.start()
    return runtime.read(ids)


def decode(runtime: NumPy | Onnx, ids: Sequence[int]) -> list[int]:
    """Greedy, and on past the end token."""
    written = [int(prefill(runtime, ids).argmax())]
    while len(written) < WRITTEN:
        written.append(int(runtime.read(written[-1:]).argmax()))
    return written


def agreement(runtime: NumPy | Onnx, numpy: NumPy, ids: Sequence[int]) -> float:
    """The share of positions, read one by one, with the same most probable next token."""
    numpy.start()
    runtime.start()
    return float(np.mean([numpy.read([token]).argmax() == runtime.read([token]).argmax() for token in ids]))


def main() -> None:
    """Print a table: a row for each runtime, and how much faster than NumPy it is."""
    config, tokenizer = Config.read(BUNDLED / "config.json"), Transformer.load().tokenizer
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(HANDBOOK.rglob("*.md")))
    ids = tokenizer.chat_ids([("user", text)])[:READ]
    with TemporaryDirectory() as scratch:
        export_onnx(BUNDLED, Path(scratch) / "export")
        whole, small = Path(scratch) / "export" / "onnx" / "model.onnx", Path(scratch) / "int8.onnx"
        quantise(whole, small)
        makers: dict[str, Callable[[], NumPy | Onnx]] = {
            "NumPy float32": NumPy,
            "onnxruntime float32": lambda: Onnx(whole, config),
            "onnxruntime int8": lambda: Onnx(small, config),
        }
        sizes = dict(zip(makers, (BUNDLED / "model.safetensors", whole, small), strict=True))
        loads = medians(makers)
        runtimes = {name: make() for name, make in makers.items()}
        reads = medians({name: partial(prefill, each, ids) for name, each in runtimes.items()})
        writes = medians({name: partial(decode, each, ids[:16]) for name, each in runtimes.items()})
        numpy = NumPy()
        print(f"| | file | load | read {READ} | write | as NumPy |")
        print("|---|---|---|---|---|---|")
        for name, runtime in runtimes.items():
            cells = [f"{sizes[name].stat().st_size / 1e6:.1f} MB"]
            cells += [_cell(seconds, name, f"{seconds[name] * 1000:.0f} ms") for seconds in (loads, reads)]
            cells += [_cell(writes, name, f"{WRITTEN / writes[name]:,.0f} tokens/s")]
            print(f"| {name} | {' | '.join(cells)} | {agreement(runtime, numpy, ids):.3f} |")


def _cell(seconds: Mapping[str, float], name: str, shown: str) -> str:
    return f"{shown} (x{seconds['NumPy float32'] / seconds[name]:.2f})"


if __name__ == "__main__":
    main()
