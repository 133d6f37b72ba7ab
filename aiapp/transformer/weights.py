"""Reading and writing the safetensors format, and int8 matrices with one scale a row.

The format: the length of the header in eight bytes, a JSON header `{name: {dtype, shape, data_offsets}}`, raw bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float32]

_DTYPES: dict[str, npt.DTypeLike] = {"F32": np.float32, "F16": np.float16, "I8": np.int8}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}


def read_safetensors(path: Path) -> dict[str, Array]:
    """Every tensor of a safetensors file, as stored."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    if len(data) < 8 or start > len(data):
        raise InvalidInput(f"{path}: header", f"{len(data)} bytes", "a whole safetensors file")
    try:
        header: dict[str, Any] = json.loads(data[8:start])
    except ValueError as error:
        raise InvalidInput(f"{path}: header", str(error), "a safetensors header in JSON") from error
    header.pop("__metadata__", None)
    body = memoryview(data)[start:]
    return {name: _tensor(body, entry, f"{path}: tensor {name}") for name, entry in header.items()}


def _tensor(body: memoryview, entry: Mapping[str, Any], where: str) -> Array:
    if entry["dtype"] not in _DTYPES:
        raise InvalidInput(f"{where}: dtype", entry["dtype"], ", ".join(_DTYPES))
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    begin, end = entry["data_offsets"]
    size = math.prod(entry["shape"])
    if end - begin != size * dtype.itemsize or end > len(body):
        raise InvalidInput(f"{where}: data_offsets", (begin, end), f"{size * dtype.itemsize} bytes inside the file")
    return np.frombuffer(body, dtype, size, begin).reshape(entry["shape"])


def write_safetensors(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors to a safetensors file, in the order given."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name, tensor in tensors.items():
        if tensor.dtype not in _NAMES:
            raise InvalidInput(f"tensor {name}: dtype", str(tensor.dtype), ", ".join(map(str, _NAMES)))
        span = [offset, offset + tensor.nbytes]
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": span}
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the format asks that the tensors start on a multiple of eight
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())


def quantise(weights: Mapping[str, Floats]) -> dict[str, Array]:
    """The tensors to store: each matrix as int8 beside one scale a row, each vector as float32."""
    stored: dict[str, Array] = {}
    for name, tensor in weights.items():
        if tensor.ndim != 2:
            stored[name] = tensor.astype(np.float32)
            continue
        peak = np.abs(tensor).max(axis=1, keepdims=True)
        scale = (np.where(peak == 0, 1, peak) / 127).astype(np.float16)
        rounded = np.round(tensor / scale.astype(np.float32))
        stored[name] = np.clip(rounded, -127, 127).astype(np.int8)
        stored[f"{name}_scale"] = scale
    return stored


def load_weights(path: Path) -> dict[str, Floats]:
    """Every tensor of a file in float32, int8 matrices multiplied by their scales."""
    stored = read_safetensors(path)
    weights: dict[str, Floats] = {}
    for name, tensor in stored.items():
        if name.endswith("_scale"):
            continue
        weights[name] = tensor.astype(np.float32)
        if tensor.dtype == np.int8:
            if f"{name}_scale" not in stored:
                raise InvalidInput(f"{path}: tensor {name}", "int8", f"a tensor {name}_scale beside it")
            weights[name] *= stored[f"{name}_scale"].astype(np.float32)
    return weights
