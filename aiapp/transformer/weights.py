"""Reading and writing the safetensors format, and int8 matrices with one scale a row.

The format: the length of the header in eight bytes, a JSON header `{name: {dtype, shape, data_offsets}}`, raw bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard, cast

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput
from aiapp.transformer.files import read_file, read_object

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float32]

_DTYPES: dict[str, npt.DTypeLike] = {"F32": np.float32, "F16": np.float16, "I8": np.int8}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}


def read_safetensors(path: Path) -> dict[str, Array]:
    """Every tensor of a safetensors file, as stored."""
    data = read_file(path, "a safetensors file")
    start = 8 + int.from_bytes(data[:8], "little")
    if len(data) < 8 or start > len(data):
        raise InvalidInput(f"{path}: header", f"{len(data)} bytes", "a whole safetensors file")
    header = read_object(data[8:start], f"{path}: header", "a safetensors header, a JSON object")
    header.pop("__metadata__", None)
    body = memoryview(data)[start:]
    return {name: _tensor(body, entry, f"{path}: tensor {name}") for name, entry in header.items()}


def _tensor(body: memoryview, entry: object, where: str) -> Array:
    row = _row(entry)
    name, sizes, place = row.get("dtype"), row.get("shape"), row.get("data_offsets")
    if not (isinstance(name, str) and _are_sizes(sizes) and _are_sizes(place) and len(place) == 2):
        raise InvalidInput(where, entry, "an object with dtype, shape and data_offsets")
    if name not in _DTYPES:
        raise InvalidInput(f"{where}: dtype", name, ", ".join(_DTYPES))
    dtype, size = np.dtype(_DTYPES[name]), math.prod(sizes)
    begin, end = place
    if end - begin != size * dtype.itemsize or end > len(body):
        raise InvalidInput(f"{where}: data_offsets", (begin, end), f"{size * dtype.itemsize} bytes inside the file")
    return np.frombuffer(body, dtype, size, begin).reshape(sizes)


def _row(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    sizes = cast("list[object]", value) if isinstance(value, list) else [None]
    return all(isinstance(size, int) and size >= 0 for size in sizes)


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
            scale, rows = stored[f"{name}_scale"], tensor.shape[:1]
            if tensor.ndim != 2 or scale.shape != (*rows, 1):
                raise InvalidInput(f"{path}: tensor {name}_scale: shape", scale.shape, f"one scale a row: {(*rows, 1)}")
            weights[name] *= scale.astype(np.float32)
    return weights


def tensor_of(weights: Mapping[str, Floats], name: str, shape: tuple[int, ...], where: str) -> Floats:
    """A tensor of the shape that its model needs; `where` names the file in the error."""
    if name not in weights:
        raise InvalidInput(f"{where}: tensor {name}", "missing", f"a tensor of shape {shape}")
    if weights[name].shape != shape:
        raise InvalidInput(f"{where}: tensor {name}: shape", weights[name].shape, str(shape))
    return weights[name]
