"""`aiapp models reprice`, run as a person runs it, on the packaged catalogue."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from aiapp.core.usage import Usage
from aiapp.tracking.ledger import Ledger
from tests.cli.process import aiapp
from tests.tracking.spans import call

DAY = ("--on", "2026-11-21")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    kept = Ledger(tmp_path / "usage.db")
    for number in range(3):
        kept.ended(call("0.002", after=number * 3600.0, model="openai:gpt-5", usage=Usage(1000, 100, 0, 0, 0)))
    kept.flush()
    return kept.path


def test_the_estimate_says_its_error_and_what_it_rests_on(ledger: Path) -> None:
    done = aiapp("models", "reprice", "anthropic:claude-opus-4-6", ledger, *DAY)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "anthropic:claude-opus-4-6, at the prices of 2026-11-21"
    assert lines[2].split() == ["model", "calls", "recorded", "low", "expected", "high"]
    # 3 x (1000 x 5 + 100 x 25) = 22,500 millionths, at 0.74 and 1.35 times the tokens
    assert lines[3].split() == ["openai:gpt-5", "3", "$0.006", "$0.01665", "$0.0225", "$0.03038"]
    assert "An estimate: 275% more than was recorded." in done.stdout
    assert "3 calls of another tokenizer: 0.74 to 1.35 times the tokens." in done.stdout
    assert all(len(line) <= 100 for line in lines)


def test_json_has_exact_money(ledger: Path) -> None:
    done = aiapp("models", "reprice", "openai:gpt-4o", *DAY, "--json", env={"AIAPP_LEDGER": str(ledger)})
    found = json.loads(done.stdout)
    assert found["low"] == found["expected"] == found["high"] != None  # noqa: E711
    assert Decimal(found["recorded"]) == Decimal("0.006")
    assert found["by_model"]["openai:gpt-5"]["calls"] == 3
    assert found["notes"] == ["3 calls counted by the same tokenizer"]


def test_since_and_what_is_wrong(ledger: Path, tmp_path: Path) -> None:
    done = aiapp("models", "reprice", "openai:gpt-4o", ledger, "--since", "2026-11-20T09:00", "--json", *DAY)
    assert json.loads(done.stdout)["calls"] == 2
    for words, said in (
        (("openai:gpt-4oo", ledger), "gpt-4oo"),
        (("openai:gpt-4o", tmp_path / "none.db"), "none.db"),
    ):
        done = aiapp("models", "reprice", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
