"""The arithmetic of self-hosting beside published throughput: `python tests/benchmarks/hosting.py [--rows]`.

Each figure is divided by the bound that `aiapp.catalog.hosting` works out for the same model, devices, precision, batch
and lengths: the share of the bound that was reached. The first publication gave `EFFICIENCY`; the others had no part
in it, and say how far off an estimate with it is.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from aiapp.catalog.gpus import gpu
from aiapp.catalog.hosting import EFFICIENCY, CachePrecision, Deployment, Precision, speed
from aiapp.catalog.models import Architecture
from aiapp.catalog.traffic import Traffic

LARGEST_BATCH = 2_048
MODELS = {  # from the models' own `config.json`; billions of parameters as their makers give them
    "gpt-j-6b": Architecture(6.05, 6.05, 28, 16, 256),
    "llama-2-7b": Architecture(6.74, 6.74, 32, 32, 128),
    "llama-2-70b": Architecture(68.98, 68.98, 80, 8, 128),
    "falcon-180b": Architecture(179.5, 179.5, 80, 8, 64),
    "mixtral-8x7b": Architecture(46.7, 12.9, 32, 8, 128),
    "llama-3.1-405b": Architecture(405.9, 405.9, 126, 8, 128),
    "llama-3.3-70b": Architecture(70.55, 70.55, 80, 8, 128),
    "gpt-oss-20b": Architecture(20.9, 3.6, 24, 8, 64),
    "gpt-oss-120b": Architecture(116.8, 5.1, 36, 8, 64),
    "qwen3-30b-a3b": Architecture(30.5, 3.3, 48, 4, 128),
    "qwen3-235b-a22b": Architecture(235.1, 22.2, 94, 4, 128),
}


@dataclass(frozen=True)
class Publication:
    """Where figures stand. `rows`: model, device, devices, weights, cache, batch (or -), tokens in, out, tokens/s."""

    title: str
    source: str
    rows: str
    per_device: bool

    def figures(self) -> Iterator[Figure]:
        """Its figures, each for all devices together."""
        for row in self.rows.strip().splitlines():
            model, device, devices, weights, cache, batch, tokens_in, tokens_out, published = row.split()
            holds = Deployment(
                MODELS[model],
                gpu(device),
                int(devices),
                cast("Precision", weights),
                cast("CachePrecision", cache),
                int(tokens_in) + int(tokens_out),
                1 if batch == "-" else int(batch),
            )
            times = holds.gpus if self.per_device else 1
            yield Figure(model, holds, batch == "-", int(tokens_in), int(tokens_out), float(published) * times)


@dataclass(frozen=True)
class Figure:
    """One published throughput. Where no batch was published, it is taken as the largest that fits."""

    model: str
    deployment: Deployment
    largest: bool
    tokens_in: int
    tokens_out: int
    published: float

    @property
    def batch(self) -> int:
        """Conversations at once."""
        largest = min(self.deployment.largest_batch, LARGEST_BATCH)
        return largest if self.largest else self.deployment.batch

    @property
    def bound(self) -> float:
        """Tokens a second at the bounds."""
        one = self.deployment
        full = Deployment(one.architecture, one.gpu, one.gpus, one.precision, one.cache, one.context, self.batch)
        return speed(full, Traffic(self.tokens_in, self.tokens_out)).tokens_per_second

    @property
    def reached(self) -> float:
        """The share of the bound that was published."""
        return self.published / self.bound


# The heading of its A100 table leaves out "per GPU", which the H100 table has; read otherwise, four A100 would write
# a sixteenth of what one H100 does.
TENSORRT_2023 = Publication(
    "NVIDIA TensorRT-LLM 0.6.1 and 0.5 (2023), fixed batches",
    "github.com/NVIDIA/TensorRT-LLM docs/source/performance.md at 138f96d",
    """
gpt-j-6b    H100 1 fp8  fp8  1024  128  128 26150
gpt-j-6b    H100 1 fp8  fp8   120  128 2048  8011
gpt-j-6b    H100 1 fp8  fp8    64 2048  128  2551
gpt-j-6b    H100 1 fp8  fp8    64 2048 2048  3327
llama-2-7b  H100 1 fp8  fp8   768  128  128 19694
llama-2-7b  H100 1 fp8  fp8   112  128 2048  6818
llama-2-7b  H100 1 fp8  fp8    80 2048  128  2244
llama-2-7b  H100 1 fp8  fp8    48 2048 2048  2740
llama-2-70b H100 2 fp8  fp8  1024  128  128  2657
llama-2-70b H100 4 fp8  fp8   480  128 2048  1486
llama-2-70b H100 2 fp8  fp8    96 2048  128   306
llama-2-70b H100 2 fp8  fp8    64 2048 2048   547
falcon-180b H100 4 fp8  fp8  1024  128  128   987
falcon-180b H100 8 fp8  fp8  1024  128 2048   724
falcon-180b H100 4 fp8  fp8    64 2048  128   112
falcon-180b H100 4 fp8  fp8    64 2048 2048   264
gpt-j-6b    L40S 1 fp8  fp8    64  128  128  3630
gpt-j-6b    L40S 1 fp8  fp8    64  128 2048  1859
gpt-j-6b    L40S 1 fp8  fp8    32 2048  128   616
gpt-j-6b    L40S 1 fp8  fp8    32 2048 2048   757
llama-2-7b  L40S 1 fp8  fp8    64  128  128  3240
llama-2-7b  L40S 1 fp8  fp8    64  128 2048  1622
llama-2-7b  L40S 1 fp8  fp8    32 2048  128   581
llama-2-7b  L40S 1 fp8  fp8    16 2048 2048   531
gpt-j-6b    A100 1 bf16 bf16  512  128  128  6374
gpt-j-6b    A100 2 bf16 bf16  120  128 2048  2192
gpt-j-6b    A100 1 bf16 bf16   60 2048  128   670
gpt-j-6b    A100 2 bf16 bf16   64 2048 2048   903
llama-2-7b  A100 1 bf16 bf16  384  128  128  5586
llama-2-7b  A100 1 bf16 bf16   60  128 2048  1928
llama-2-7b  A100 1 bf16 bf16   52 2048  128   591
llama-2-7b  A100 2 bf16 bf16   64 2048 2048   782
llama-2-70b A100 4 bf16 bf16 1280  128  128   670
llama-2-70b A100 4 bf16 bf16  240  128 2048   525
llama-2-70b A100 4 bf16 bf16  120 2048  128    79
falcon-180b A100 8 bf16 bf16 1024  128  128   232
falcon-180b A100 8 bf16 bf16  128  128 2048   180
""",
    per_device=True,
)
GPT_FAST = Publication(
    "PyTorch gpt-fast (2024), one conversation",
    "github.com/pytorch-labs/gpt-fast README.md at 0f925b5, mixtral-moe/README.md at 056f8fb",
    """
llama-2-7b   A100 1 bf16 bf16 1 5 200 104.9
llama-2-7b   A100 1 int8 bf16 1 5 200 155.58
llama-2-7b   A100 1 int4 bf16 1 5 200 196.80
llama-2-70b  A100 1 int8 bf16 1 5 200 19.13
llama-2-70b  A100 1 int4 bf16 1 5 200 25.25
llama-2-7b   A100 2 bf16 bf16 1 5 200 168.84
llama-2-7b   A100 4 bf16 bf16 1 5 200 254.02
llama-2-7b   A100 8 bf16 bf16 1 5 200 328.43
llama-2-70b  A100 2 bf16 bf16 1 5 200 21.32
llama-2-70b  A100 4 bf16 bf16 1 5 200 38.01
llama-2-70b  A100 8 bf16 bf16 1 5 200 62.50
mixtral-8x7b A100 1 int8 bf16 1 5 200 56.04
mixtral-8x7b A100 2 bf16 bf16 1 5 200 78.75
mixtral-8x7b A100 4 bf16 bf16 1 5 200 118.23
mixtral-8x7b A100 8 bf16 bf16 1 5 200 203.69
""",
    per_device=False,
)
AMD_2024 = Publication(
    "AMD: vLLM 0.6.1 on MI300X, TensorRT-LLM 0.12 on H100 (2024)",
    "github.com/saienduri/vllm-docs README.md at 080d0ad; vLLM's default of 256 conversations at once",
    """
llama-3.1-405b MI300X 8 fp8 fp8 256  128  128 1950.3
llama-3.1-405b MI300X 8 fp8 fp8 256  128 2048 2459.8
llama-3.1-405b MI300X 8 fp8 fp8 256 2048  128  295.4
llama-3.1-405b MI300X 8 fp8 fp8 256 2048 2048 1501.2
llama-3.1-405b H100   8 fp8 fp8   -  128  128 2352
llama-3.1-405b H100   8 fp8 fp8   -  128 2048 1232
llama-3.1-405b H100   8 fp8 fp8   - 2048  128  305
llama-3.1-405b H100   8 fp8 fp8   - 2048 2048  645
""",
    per_device=False,
)
TENSORRT_NOW = Publication(
    "NVIDIA TensorRT-LLM 1.x, maximum load",
    "github.com/NVIDIA/TensorRT-LLM docs/source/developer-guide/perf-overview.md at 03e27c7",
    """
llama-3.3-70b   H200 2 fp8 fp8  -  1000 1000  2587
llama-3.3-70b   H200 2 fp8 fp8  -  1024 8192  2009
llama-3.3-70b   H200 2 fp8 fp8  -  8192 1024   537
llama-3.3-70b   H200 2 fp8 fp8  - 32768 1024   120
llama-3.3-70b   H100 2 fp8 fp8  -  1000 1000  2209
llama-3.3-70b   H100 2 fp8 fp8  -  8192 1024   398
llama-3.3-70b   B200 1 fp4 fp8  -  1000 1000  6920
llama-3.3-70b   B200 1 fp4 fp8  -  1024 8192  3242
llama-3.3-70b   B200 1 fp4 fp8  -  8192 1024  1362
gpt-oss-120b    H200 1 fp4 bf16 -  1000 1000  6868
gpt-oss-120b    H200 1 fp4 bf16 -  8192 1024  1828
gpt-oss-20b     H100 1 fp4 bf16 -  1000 1000 11557
gpt-oss-20b     H100 1 fp4 bf16 -  8192 1024  3366
qwen3-30b-a3b   B200 1 fp4 fp8  -  1000 1000 26971
qwen3-30b-a3b   B200 1 fp4 fp8  -  8192 1024  5735
qwen3-235b-a22b H200 4 fp8 fp8  -  1000 1000  3288
qwen3-235b-a22b H200 4 fp8 fp8  -  8192 1024   627
qwen3-235b-a22b H100 8 fp8 fp8  -  1000 1000  1932
""",
    per_device=True,
)
PUBLICATIONS = (TENSORRT_2023, GPT_FAST, AMD_2024, TENSORRT_NOW)


def off(figures: list[Figure]) -> list[float]:
    """By which factor an estimate with `EFFICIENCY` is off, up or down."""
    return [math.exp(abs(math.log(figure.reached / EFFICIENCY[figure.deployment.gpus]))) for figure in figures]


def main() -> None:
    """Print a row for each publication; with --rows one for each figure, too."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", action="store_true", help="a row for each figure, too")
    rows: bool = parser.parse_args().rows
    print("| published | figures | share of the bound: median (least to most) | estimate off by: median (most) |")
    print("|---|---|---|---|")
    for publication in PUBLICATIONS:
        figures = list(publication.figures())
        shares, wrong = sorted(figure.reached for figure in figures), off(figures)
        median, worst = statistics.median(wrong), max(wrong)
        share = f"{statistics.median(shares):.2f} ({shares[0]:.2f} to {shares[-1]:.2f})"
        print(f"| {publication.title} | {len(figures)} | {share} | {median:.1f} times ({worst:.1f}) |")
    for publication in PUBLICATIONS if rows else ():
        print(f"\n{publication.title}\n{publication.source}")
        for one in publication.figures():
            where = f"{one.deployment.gpus} x {one.deployment.gpu.name}"
            lengths = f"{one.tokens_in:,} in, {one.tokens_out:,} out"
            speeds = f"{one.published:>9,.0f} of {one.bound:>9,.0f} tokens/s"
            print(f"{one.model:<16}{where:<11}{one.deployment.precision:<5}{one.batch:>5}  {lengths:<22}", end="")
            print(f"{speeds}  {one.reached:.2f}")


if __name__ == "__main__":
    main()
