"""`aiapp models choose`, run as a person runs it, on the packaged catalogue."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aiapp import Ledger
from tests.cli.process import aiapp
from tests.tracking.spans import call

DAY = ("--on", "2026-11-21")


def found(*words: str | Path) -> Any:
    done = aiapp("models", "choose", *words, *DAY, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_json_has_every_offer_with_its_working_and_its_needs() -> None:
    data = found("--calls", "500", "--max-month", "40", "--feature", "tools", "--cached", "0.5")
    assert data["needs"]["traffic"]["calls_per_day"] == 500
    assert len(data["candidates"]) > 100
    for candidate in data["candidates"]:
        amounts = [Decimal(line["amount"]) for line in candidate["lines"] if line["amount"] is not None]
        assert sum(amounts) == Decimal(candidate["at_least"])
        assert candidate["month"] is None or Decimal(candidate["month"]) == sum(amounts)
        verdicts = {check["verdict"] for check in candidate["checks"]}
        assert candidate["fits"] is (False if "missed" in verdicts else None if "unknown" in verdicts else True)
        month = next(check for check in candidate["checks"] if check["need"] == "price a month")
        if candidate["fits"]:
            assert Decimal(month["margin"]) == 40 - Decimal(candidate["month"]) >= 0
        assert all(check["source"] for check in candidate["checks"])
    fits = [{True: 0, None: 1, False: 2}[candidate["fits"]] for candidate in data["candidates"]]
    assert fits == sorted(fits)
    assert {0, 1, 2} == set(fits)


def test_the_table_fits_a_page_and_the_trade_is_in_words() -> None:
    done = aiapp("models", "choose", "--context", "200000", "--working", "--limit", "5", *DAY)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert all(len(line) <= 100 for line in lines if not line.startswith("  source"))
    assert lines[0].split() == ["offer", "weights", "a", "month", "context", "needs"]
    assert sum(line.endswith("all met") for line in lines) == 5
    assert "Costs are for 1,000 calls a day of 1,000 tokens in and 250 out" in done.stdout
    assert "is the cheapest of" in done.stdout
    assert "at least 240,000 tokens" in done.stdout


def test_the_verbs_are_in_the_help() -> None:
    shown = aiapp("models", "--help").stdout
    assert all(f" {verb} " in shown for verb in ("choose", "host"))


def test_sources_are_shown_when_they_are_asked_for() -> None:
    assert "source: " not in aiapp("models", "choose", "--limit", "1", *DAY).stdout
    assert "source: " in aiapp("models", "choose", "--limit", "1", "--sources", *DAY).stdout


def test_where_nothing_fits_it_says_which_need_to_relax() -> None:
    shown = aiapp("models", "choose", "--context", "5000000", "--max-month", "0.01", "--limit", "1", *DAY).stdout
    assert "None of" in shown
    assert "misses" in shown


def test_this_machine_is_one_of_the_choices() -> None:
    data = found("--where", "here", "--input", "500", "--output", "100", "--headroom", "0")
    fitting = [candidate for candidate in data["candidates"] if candidate["fits"]]
    assert fitting
    assert {Decimal(candidate["month"]) for candidate in fitting} == {Decimal(0)}


def test_your_own_speeds(tmp_path: Path) -> None:
    cheapest = found("--limit", "1")["candidates"][0]["offer"]
    speeds = tmp_path / "speeds.json"
    speeds.write_text(json.dumps({cheapest: {"first_token": 0.25, "tokens_per_second": 80}}))
    data = found("--latency", "interactive", "--measured", speeds)
    first = data["candidates"][0]
    assert (first["offer"], first["fits"]) == (cheapest, True)
    margins = [Decimal(check["margin"]) for check in first["checks"] if check["need"].startswith("latency")]
    assert margins == [Decimal("0.75"), Decimal(50)]
    assert not any(candidate["fits"] for candidate in data["candidates"][1:])


def test_the_speeds_of_your_own_calls(tmp_path: Path) -> None:
    cheapest = found("--limit", "1")["candidates"][0]["offer"]
    ledger = Ledger(tmp_path / "usage.db")
    for first in (0.25, 0.75):
        ledger.ended(call("0.1", model=cheapest, first_token=first, seconds=first + 0.5))
    ledger.flush()
    data = found("--latency", "interactive", "--ledger", ledger.path)
    assert [one["offer"] for one in data["candidates"] if one["fits"]] == [cheapest]
    first = next(one for one in data["candidates"][0]["checks"] if one["need"] == "latency: first token")
    assert first["found"] == "0.5 s (p95 0.725 s)"
    shown = aiapp("models", "choose", "--latency", "interactive", "--ledger", ledger.path).stdout
    said = " ".join(shown.split())
    assert f"{cheapest}: first token 0.5 s (p95 0.725 s), 40 tokens/s; measured on 2 calls of yours" in said
    assert "The speed of all other offers is unknown" in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--ledger", "no-such.db"], "no-such.db"),
        (["--calls", "0"], "calls_per_day: 0"),
        (["--cached", "1.5"], "cached: 1.5"),
        (["--weights", "opened"], "any, open, closed"),
        (["--max-month", "ten"], "max_month: 'ten'"),
        (["--feature", "tool"], "features: 'tool'"),
        (["--takes", "smell"], "inputs: 'smell'"),
        (["--quality", "mmlu-pro"], "such as mmlu-pro=70"),
        (["--quality", "no-such-benchmark=1"], "benchmark: 'no-such-benchmark'"),
        (["--vendor", "antropic"], "vendors: 'antropic'"),
        (["--limit", "0"], "limit: 0"),
        (["--measured", "no-such-file.json"], "no-such-file.json"),
        (["--measured", "README.md"], "tokens_per_second"),
    ],
)
def test_wrong_input_is_one_clear_line(words: list[str], expected: str) -> None:
    done = aiapp("models", "choose", *words)
    assert (done.returncode in (1, 2), done.stdout) == (True, "")
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
