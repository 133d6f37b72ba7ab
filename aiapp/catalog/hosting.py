"""What it takes to serve an open model oneself: memory, the machines that hold it, and how fast they can be at most.

The arithmetic is that of a roofline, as in kipply, "Transformer Inference Arithmetic" (2022,
https://kipp.ly/transformer-inference-arithmetic/) and Pope et al., "Efficiently Scaling Transformer Inference" (2022,
https://arxiv.org/abs/2211.05102):

    weights       parameters x bytes of the precision
    cache         2 x layers x key-value heads x head size x bytes of the cache, for each token of each conversation;
                  layers that look back over a window alone keep no more than its tokens
    a step        one token for each of `batch` conversations, in the longer of
                    (weights read + batch x cache of the tokens so far) / bandwidth
                    2 x active parameters x batch / operations a second
    prefill       all input tokens at once: 2 x active parameters x tokens / operations a second, and never less than
                  one reading of the weights

A mixture of experts reads only the experts that some token of the step was sent to. With tokens sent to experts evenly
that is `total x (1 - (1 - active / total) ** batch)`: the active parameters for one conversation, nearly all for fifty.
What every token shares (attention, shared experts) makes the true share smaller, uneven routing makes it smaller too.

These are bounds. The operations of attention itself, the exchange between devices, kernels that fall short of the
data sheet, and the engine's own work are not in them; `tests/benchmarks/hosting.py` puts them beside published figures.
`EFFICIENCY` is the share of a bound that is reached, by the number of devices: the medians of NVIDIA's TensorRT-LLM
tables of 2023 (37 figures), rounded to a twentieth. The other figures of that benchmark had no part in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiapp.catalog.gpus import Gpu
from aiapp.catalog.models import Architecture
from aiapp.catalog.traffic import Traffic
from aiapp.core.errors import InvalidInput

Precision: TypeAlias = Literal["bf16", "fp8", "int8", "fp4", "int4"]
CachePrecision: TypeAlias = Literal["bf16", "fp8"]

BITS: dict[str, float] = {"bf16": 16, "fp8": 8, "int8": 8, "fp4": 4.5, "int4": 4.5}
"""Bits a weight. Those of four bits share a scale: 8 bits for 16 weights (NVFP4), or 16 bits for 32."""
CACHE_PRECISIONS = ("bf16", "fp8")
USABLE = 0.9
"""The share of a device's memory that weights and cache may take; vLLM's default `gpu_memory_utilization`."""
EFFICIENCY = {1: 0.75, 2: 0.55, 4: 0.35, 8: 0.3}
COUNTS = tuple(EFFICIENCY)
"""How many devices make a machine."""
_BILLION = 1e9


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that a deployment needs, what the engine needs for itself left out (see `USABLE`)."""

    weights: float
    cache: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.weights + self.cache


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model on some devices of one kind: its precision, and as many conversations at once as `batch` says.

    `context` is the tokens of each conversation for which memory is kept.
    """

    architecture: Architecture
    gpu: Gpu
    gpus: int = 1
    precision: Precision = "bf16"
    cache: CachePrecision = "bf16"
    context: int = 8_192
    batch: int = 1

    def __post_init__(self) -> None:
        for name in ("context", "batch"):
            _whole(name, getattr(self, name))
        for name, accepted in (("precision", tuple(BITS)), ("cache", CACHE_PRECISIONS)):
            if getattr(self, name) not in accepted:
                raise InvalidInput(name, getattr(self, name), f"one of {', '.join(accepted)}")
        if self.gpus not in COUNTS:
            raise InvalidInput("gpus", self.gpus, f"one of {', '.join(map(str, COUNTS))}")

    @property
    def memory(self) -> Memory:
        """What it needs."""
        return memory(self.architecture, self.precision, self.context, self.batch, self.cache)

    @property
    def available(self) -> float:
        """Bytes that its devices have for weights and cache."""
        return self.gpus * self.gpu.memory * _BILLION * USABLE

    @property
    def fits(self) -> bool:
        """Whether its devices hold it."""
        return self.memory.total <= self.available

    @property
    def largest_batch(self) -> int:
        """The most conversations that its devices hold; 0 where not even one fits."""
        one = cache_of(self.architecture, self.context, self.cache)
        return max(0, int((self.available - self.memory.weights) // one))


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a deployment serves a traffic, in seconds, at the bounds.

    `by_bandwidth` and `by_compute` are what a step takes at least for each reason, in the middle of an answer.
    """

    batch: int
    output_tokens: int
    first_token: float
    """Until the first token of a request that comes alone."""
    prefill: float
    """Reading the inputs of a whole batch."""
    by_bandwidth: float
    by_compute: float

    @property
    def step(self) -> float:
        """One more token for each conversation of the batch."""
        return max(self.by_bandwidth, self.by_compute)

    @property
    def bound(self) -> Literal["bandwidth", "compute"]:
        """What the step waits for."""
        return "bandwidth" if self.by_bandwidth >= self.by_compute else "compute"

    @property
    def calls_per_second(self) -> float:
        """Whole calls, their inputs read and their answers written."""
        return self.batch / (self.prefill + self.output_tokens * self.step)

    @property
    def tokens_per_second(self) -> float:
        """Tokens written, all conversations together, the reading of the inputs included in the time."""
        return self.calls_per_second * self.output_tokens


def memory(
    architecture: Architecture, precision: Precision, context: int, batch: int, cache: CachePrecision = "bf16"
) -> Memory:
    """Weights, and keys and values of `batch` conversations of `context` tokens."""
    return Memory(_weights(architecture.parameters, precision), cache_of(architecture, context, cache) * batch)


def cache_of(architecture: Architecture, tokens: float, cache: CachePrecision = "bf16") -> float:
    """Bytes of the keys and values of one conversation of so many tokens."""
    numbers = architecture.kv_numbers
    if numbers is None:
        layers, heads, size = architecture.layers, architecture.kv_heads, architecture.head_size
        if layers is None or heads is None or size is None:
            raise InvalidInput("architecture", architecture, "one with layers, kv_heads and head_size, or kv_numbers")
        numbers = 2 * layers * heads * size
    windowed = (architecture.window_numbers or 0) * min(tokens, architecture.window or 0)
    return (numbers * tokens + windowed) * BITS[cache] / 8


def speed(deployment: Deployment, traffic: Traffic) -> Speed:
    """The bounds for a traffic of which a whole batch is served at a time; cached input is not read again."""
    model, batch = deployment.architecture, deployment.batch
    bandwidth = deployment.gpus * deployment.gpu.bandwidth * _BILLION
    operations = deployment.gpus * deployment.gpu.compute(deployment.precision)
    fresh = traffic.input_tokens * (1 - traffic.cached)
    tokens_so_far = traffic.input_tokens + traffic.output_tokens / 2
    kept = batch * cache_of(model, tokens_so_far, deployment.cache)

    def reading(tokens: float) -> float:
        return _weights(read_at(model, tokens), deployment.precision)

    def prefill(tokens: float) -> float:
        return max(2 * model.active * _BILLION * tokens / operations, reading(tokens) / bandwidth)

    return Speed(
        batch,
        traffic.output_tokens,
        prefill(fresh),
        prefill(fresh * batch),
        (reading(batch) + kept) / bandwidth,
        2 * model.active * _BILLION * batch / operations,
    )


def read_at(architecture: Architecture, tokens: float) -> float:
    """Billions of parameters that a step over so many tokens reads; see the module for a mixture of experts."""
    idle = 1 - architecture.active / architecture.parameters
    return architecture.parameters * (1 - math.pow(idle, max(tokens, 1)))


def _weights(billions: float, precision: Precision) -> float:
    return billions * _BILLION * BITS[precision] / 8


def _whole(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidInput(name, value, "a whole number from 1")
