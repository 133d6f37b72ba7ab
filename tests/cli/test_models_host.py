"""`aiapp models host`, run as a person runs it, on the packaged catalogue."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.cli.process import aiapp

MODEL = "llama-3.3-70b"
DAY = ("--on", "2026-11-21")


def found(*words: str) -> Any:
    done = aiapp("models", "host", *words, *DAY, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_machines_beside_the_offers_of_the_same_model() -> None:
    data = found(MODEL, "--precision", "fp8", "--context", "8192", "--batch", "16")
    machines = {machine["gpu"]: machine for machine in data["machines"]}
    assert machines["H100"]["gpus"] == 2
    assert machines["H100"]["weights_bytes"] == pytest.approx(70.6e9, rel=0.01)
    assert machines["H100"]["cache_bytes"] == 2 * 80 * 8 * 128 * 2 * 8_192 * 16
    assert machines["A10G"]["prices"][0]["month"] is None
    low, high = machines["H100"]["prices"]
    assert Decimal(low["month"]) == Decimal(low["hourly"]) * 2 * 720 < Decimal(high["month"])
    assert data["offers"]
    months = [Decimal(offer["month"]) for offer in data["offers"] if offer["month"] is not None]
    assert months == sorted(months)


def test_an_offer_names_its_model_and_a_price_of_your_own_is_taken() -> None:
    offer = found(MODEL, "--gpu", "H100", "--precision", "fp8")["offers"][0]["offer"]
    data = found(offer, "--gpu", "h100", "--gpus", "4", "--hourly", "0.01")
    (machine,) = data["machines"]
    assert (data["model"], machine["gpus"]) == (MODEL, 4)
    assert [Decimal(price["month"]) for price in machine["prices"]] == [Decimal("28.8")] * 2


def test_the_page_fits_100_columns_and_shows_its_sources() -> None:
    done = aiapp("models", "host", MODEL, "--precision", "fp8", "--calls", "200000", *DAY)
    assert done.returncode == 0
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    for words in ("2 x H100", "break-even", "by the token", "For this traffic", "tests/benchmarks/hosting.py"):
        assert words in done.stdout
    shown = aiapp("models", "host", MODEL, "--gpu", "A10G", "--sources", *DAY).stdout
    assert "A10G, its price: no dated price" in shown


def test_what_a_token_keeps_can_be_given() -> None:
    (machine,) = found(MODEL, "--gpu", "B200", "--precision", "fp8", "--kv", "1000", "--context", "100")["machines"]
    assert machine["cache_bytes"] == 1_000 * 2 * 100 * 32


def test_what_no_machine_holds_is_said() -> None:
    shown = aiapp("models", "host", "llama-3.1-405b", "--gpu", "L4", *DAY).stdout
    assert "No machine of up to eight devices holds it" in shown


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["llama-3.3-71b"], "llama-3.3-70b"),
        (["openai:gpt-6-sol"], "its weights are closed"),
        (["deepseek-v4-flash"], "give it as --kv"),
        ([MODEL, "--kv", "0"], "kv: 0"),
        ([MODEL, "--gpu", "H900"], "gpu: 'H900'"),
        ([MODEL, "--gpus", "3"], "gpus: 3"),
        ([MODEL, "--precision", "fp2"], "precision: 'fp2'"),
        ([MODEL, "--cache", "int4"], "cache: 'int4'"),
        ([MODEL, "--batch", "0"], "batch: 0"),
        ([MODEL, "--hourly", "-1"], "hourly: '-1'"),
        ([MODEL, "--precision", "fp8", "--utilisation", "0"], "utilisation: 0.0"),
    ],
)
def test_wrong_input_is_one_clear_line(words: list[str], expected: str) -> None:
    done = aiapp("models", "host", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
