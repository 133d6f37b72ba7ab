"""Putting an ONNX graph together: nodes, constants, inputs and outputs, each known by a name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from aiapp.core.errors import MissingDependency
from aiapp.transformer.weights import Array

OPSET, IR_VERSION = 18, 9  # every onnxruntime since 1.14 reads them
Shape: TypeAlias = Sequence[int | str]


class Graph:
    """A graph under construction; a value in it is known by its name."""

    def __init__(self) -> None:
        try:
            self._onnx: Any = import_module("onnx")
        except ModuleNotFoundError as error:
            raise MissingDependency("onnx", "export") from error
        self.boolean: int = self._onnx.TensorProto.BOOL
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._constants: dict[str, Any] = {}

    def node(self, kind: str, *inputs: str, called: str | None = None, **attributes: object) -> str:
        """The value that a node computes, named `called` or by a number."""
        return self.nodes(kind, *inputs, called=[called or f"{kind}.{len(self._nodes)}"], **attributes)[0]

    def nodes(self, kind: str, *inputs: str, called: list[str], **attributes: object) -> list[str]:
        """The values that one node computes, named `called`."""
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, called, **attributes))
        return called

    def split(self, value: str, sizes: Sequence[int], axis: int) -> list[str]:
        """The parts of a value along an axis."""
        names = [f"Split.{len(self._nodes)}.{part}" for part in range(len(sizes))]
        return self.nodes("Split", value, self.whole(*sizes), called=names, axis=axis)

    def constant(self, name: str, value: Array) -> str:
        """A named constant."""
        self._constants[name] = self._onnx.numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def whole(self, *numbers: int) -> str:
        """A list of whole numbers, named by what it says: equal lists are one constant."""
        return self.constant(f"whole.{'.'.join(map(str, numbers))}", np.array(numbers, np.int64))

    def number(self, value: float) -> str:
        """A single number, likewise."""
        return self.constant(f"number.{value}", np.array(value, np.float32))

    def input(self, name: str, shape: Shape, *, whole: bool = False) -> None:
        """Declare an input of floats, or of whole numbers."""
        self._inputs.append(self._value(name, shape, whole))

    def output(self, name: str, shape: Shape) -> None:
        """Declare an output of floats."""
        self._outputs.append(self._value(name, shape, False))

    def model(self) -> Any:
        """What was built, checked by ONNX."""
        helper, constants = self._onnx.helper, list(self._constants.values())
        outputs = sorted(self._outputs, key=lambda output: output.name != "logits")
        graph = helper.make_graph(self._nodes, "decoder", self._inputs, outputs, constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="aiapp")
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _value(self, name: str, shape: Shape, whole: bool) -> Any:
        kind = self._onnx.TensorProto.INT64 if whole else self._onnx.TensorProto.FLOAT
        return self._onnx.helper.make_tensor_value_info(name, kind, shape)
