"""Self-hosting: memory and speed worked by hand, invariants, and the bounds beside published figures."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.catalog.gpus import gpu, gpus
from aiapp.catalog.hosting import BITS, COUNTS, EFFICIENCY, Deployment, cache_of, memory, read_at, speed
from aiapp.catalog.models import Architecture
from aiapp.catalog.traffic import Traffic
from aiapp.core.errors import InvalidInput
from tests.benchmarks.hosting import PUBLICATIONS, TENSORRT_2023, off

EIGHT = Architecture(8.0, 8.0, 32, 8, 128)
EXPERTS = Architecture(40.0, 10.0, 32, 8, 128)
H100 = gpu("H100")


def test_memory_of_eight_billion_parameters() -> None:
    """Two bytes each; 2 x 32 x 8 x 128 numbers of two bytes a token, 131,072 bytes."""
    needed = memory(EIGHT, "bf16", context=8_000, batch=10)
    assert (needed.weights, needed.cache, needed.total) == (16e9, 131_072 * 80_000, 16e9 + 131_072 * 80_000)
    assert memory(EIGHT, "int4", 1, 1, "fp8").weights == 4.5e9
    assert cache_of(EIGHT, 1, "fp8") == 65_536
    compressed = Architecture(671.0, 37.0, kv_numbers=61 * 576)
    assert cache_of(compressed, 1) == 61 * 576 * 2


def test_layers_with_a_window_keep_no_more_than_its_tokens() -> None:
    """Gemma 3 27B: 10 layers keep every token, 52 the last 1,024; 2 x 16 x 128 numbers of two bytes a layer."""
    layer = 2 * 16 * 128
    gemma = Architecture(27.4, 27.4, 62, kv_numbers=10 * layer, window=1_024, window_numbers=52 * layer)
    assert cache_of(gemma, 1_000) == 62 * layer * 1_000 * 2
    assert cache_of(gemma, 100_000) == (10 * 100_000 + 52 * 1_024) * layer * 2
    assert memory(gemma, "bf16", 100_000, 3).cache == 3 * cache_of(gemma, 100_000)


def test_a_model_whose_cache_is_unknown_is_refused() -> None:
    with pytest.raises(InvalidInput, match="layers, kv_heads and head_size, or kv_numbers"):
        memory(Architecture(8.0, 8.0, layers=32), "bf16", 1, 1)


def test_what_fits() -> None:
    """An H100 has 72 GB to use; 56 are left for the cache: 427,246 tokens of 131,072 bytes, 53 times 8,000."""
    one = Deployment(EIGHT, H100, context=8_000, batch=53)
    assert one.available == 72e9
    assert one.largest_batch == 53
    assert one.fits
    assert not replace(one, batch=54).fits
    assert Deployment(Architecture(70.0, 70.0, 80, 8, 128), H100).largest_batch == 0


def test_a_step_waits_for_memory_in_small_batches_and_for_arithmetic_in_large_ones() -> None:
    """One conversation of 1,125 tokens on average: 16 GB and 147 MB at 3,350 GB/s, against 16 GFLOPs at 989 TFLOP/s."""
    alone = speed(Deployment(EIGHT, H100), Traffic(1_000, 250))
    assert alone.by_bandwidth == pytest.approx((16e9 + 1_125 * 131_072) / 3.35e12)
    assert alone.by_compute == pytest.approx(16e9 / 989e12)
    assert alone.bound == "bandwidth"
    assert alone.prefill == alone.first_token == pytest.approx(16e9 * 1_000 / 989e12)
    assert alone.tokens_per_second == pytest.approx(250 / (alone.prefill + 250 * alone.by_bandwidth))
    many = speed(Deployment(EIGHT, H100, context=20, batch=2_000), Traffic(10, 10))
    assert many.bound == "compute"
    assert many.step == pytest.approx(16e9 * 2_000 / 989e12)


def test_cached_input_is_not_read_again_and_a_short_one_still_reads_the_weights() -> None:
    one = Deployment(EIGHT, H100)
    assert speed(one, Traffic(10_000, 1, cached=0.9)).prefill == pytest.approx(16e9 * 1_000 / 989e12)
    assert speed(one, Traffic(1, 1)).prefill == pytest.approx(16e9 / 3.35e12)


def test_a_precision_that_a_device_cannot_compute_in_saves_memory_alone() -> None:
    assert gpu("A100").compute("fp8") == gpu("A100").compute("bf16")
    assert H100.compute("fp8") == 1979e12
    assert H100.compute("int4") == H100.compute("bf16")


def test_experts_are_read_as_tokens_ask_for_them() -> None:
    """A quarter of the parameters is active: 1 token reads 10 of 40 billion, 2 read 17.5, many read all."""
    assert [read_at(EXPERTS, tokens) for tokens in (1, 2)] == [10.0, 17.5]
    assert read_at(EXPERTS, 64) == pytest.approx(40.0, rel=1e-6)
    assert read_at(EIGHT, 1) == read_at(EIGHT, 500) == 8.0


@pytest.mark.parametrize(
    ("field", "value"), [("batch", 0), ("context", 1.5), ("gpus", 3), ("precision", "fp2"), ("cache", "int4")]
)
def test_a_wrong_deployment_is_one_clear_error(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Deployment(EIGHT, H100, **{field: value})
    assert caught.value.field == field


@given(
    st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 4_096), st.integers(1, 4_096), st.permutations([*BITS])
)
def test_memory_grows_with_context_batch_and_precision(
    less: int, more_context: int, batch: int, more_batch: int, precisions: list[Any]
) -> None:
    smaller = memory(EIGHT, precisions[0], less, batch)
    assert memory(EIGHT, precisions[0], less + more_context, batch).total > smaller.total
    assert memory(EIGHT, precisions[0], less, batch + more_batch).total > smaller.total
    first, second = (memory(EIGHT, one, less, batch).total for one in precisions[:2])
    assert (first < second) == (BITS[precisions[0]] < BITS[precisions[1]])
    assert memory(EIGHT, precisions[0], less, batch, "fp8").total < smaller.total


@given(st.integers(1, 512), st.integers(1, 4_096), st.integers(1, 1_024), st.sampled_from(COUNTS))
def test_more_devices_are_faster_and_a_larger_batch_serves_more(
    batch: int, tokens_in: int, tokens_out: int, count: int
) -> None:
    traffic = Traffic(tokens_in, tokens_out)
    one = speed(Deployment(EXPERTS, H100, count, batch=batch), traffic)
    assert speed(Deployment(EXPERTS, H100, count, batch=batch + 1), traffic).calls_per_second >= one.calls_per_second
    assert speed(Deployment(EXPERTS, gpu("H200"), count, batch=batch), traffic).step <= one.step
    if count > 1:
        assert speed(Deployment(EXPERTS, H100, count // 2, batch=batch), traffic).step > one.step


def test_no_published_figure_is_over_its_bound() -> None:
    assert [figure for one in PUBLICATIONS for figure in one.figures() if not 0 < figure.reached < 1] == []


def test_the_efficiency_is_the_median_of_the_first_publication_and_of_no_other() -> None:
    for count, reached in EFFICIENCY.items():
        shares = [one.reached for one in TENSORRT_2023.figures() if one.deployment.gpus == count]
        assert reached == round(statistics.median(shares) * 20) / 20


def test_how_far_off_an_estimate_is() -> None:
    """What `aiapp models host` says: 2.5 times, and 4 times on eight devices."""
    for publication in PUBLICATIONS:
        for figure in publication.figures():
            assert off([figure])[0] <= (4 if figure.deployment.gpus == 8 else 2.5), figure


def test_every_accelerator_has_its_sources() -> None:
    for name, one in gpus().items():
        assert gpu(name.lower().replace("-", "")) is one
        assert one.source.startswith("https://")
        assert one.tflops["bf16"] <= one.tflops.get("fp8", 1e9) <= one.tflops.get("fp4", 1e9)
        assert (one.rent is None) == bool(one.no_price)
        if one.rent is not None:
            assert 0 < one.rent.low <= one.rent.high
            assert one.rent.source.startswith("https://")
            assert one.rent.as_of is not None
    with pytest.raises(InvalidInput, match="gpu: 'H900' cannot be used; accepted: one of H100"):
        gpu("H900")
