from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aiapp.cli.usage import moment
from tests.cli.ledgers import SPITEFUL, add_run, ledger_of
from tests.cli.pages import Tags
from tests.cli.process import aiapp, on_a_terminal


def test_the_report_has_every_table_and_a_chart(tmp_path: Path) -> None:
    done = aiapp("usage", ledger_of(tmp_path).path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "usage.db: 2026-11-15 to 2026-11-19",
        "4 calls · >= $1.75 · p50 1.00 s, p95 1.00 s",
        "not known: no price is known",
    ]
    heads = [line.split()[0] for line in lines[3:] if "calls" in line]
    assert heads == ["model", "prompt", "tag", "day"]
    chart = lines[lines.index("cost by day") + 1 :]
    assert [line[:10] for line in chart] == [f"2026-11-{day}" for day in range(15, 20)]
    assert [line.count("█") for line in chart] == [30, 40, 0, 0, 0]
    assert [line.split()[-1] for line in chart] == ["$0.75", "$1.00", "2026-11-17", "2026-11-18", "unknown"]
    assert "\x1b" not in done.stdout


def test_one_table_alone(tmp_path: Path) -> None:
    done = aiapp("usage", ledger_of(tmp_path).path, "--by", "model")
    rows = [line.split() for line in done.stdout.splitlines()[4:]]
    assert [row[0] for row in rows] == ["model", "--------", "b", "openai:a", "total"]
    assert rows[3][:5] == ["openai:a", "2", "20", "40", "$0.75"]


def test_json_is_one_object_with_exact_money(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path)
    done = aiapp("usage", "--json", env={"AIAPP_LEDGER": str(ledger.path)})
    found = json.loads(done.stdout)
    assert found["ledger"] == str(ledger.path)
    assert set(found["by"]) == {"model", "prompt", "tag", "step", "day"}
    totals = found["totals"]
    assert (totals["calls"], totals["cost_usd"], totals["at_least_usd"]) == (4, None, "1.75")
    assert found["by"]["model"]["openai:a"]["cost_usd"] == "0.75"
    assert (totals["input_tokens"], totals["seconds"], totals["first_token"]) == (
        40,
        {"p50": 1.0, "p95": 1.0},
        {"p50": 0.25, "p95": 0.25},
    )


def test_since(tmp_path: Path) -> None:
    path = ledger_of(tmp_path).path
    for since, calls in {"2026-11-16": 2, "2026-11-15T08:30": 4, "2026-11-19T09:00+01:00": 1, "0h": 0}.items():
        done = aiapp("usage", path, "--since", since, "--json")
        assert json.loads(done.stdout)["totals"]["calls"] == calls, since
    now = datetime.now(UTC)
    for back, span in {"12h": timedelta(hours=12), "7d": timedelta(days=7), "4w": timedelta(weeks=4)}.items():
        assert now - span <= moment(back) <= datetime.now(UTC) - span


def test_a_ledger_without_calls_says_so(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "other")
    done = aiapp("usage", ledger.path, "--since", "2099-01-01", "--html", tmp_path / "page.html")
    assert done.stdout.splitlines()[0] == "usage.db: no calls"
    Tags.of((tmp_path / "page.html").read_text(encoding="utf-8"))


def test_the_page_stands_alone_and_escapes_everything(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path)
    add_run(ledger)
    place = tmp_path / "page.html"
    done = aiapp("usage", ledger.path, "--html", place)
    assert done.stdout.endswith(f"wrote {place}\n")
    text = place.read_text(encoding="utf-8")
    page = Tags.of(text)
    assert {"table", "svg", "rect", "style"} <= set(page.seen)
    assert SPITEFUL not in text
    assert "&lt;script&gt;" in text
    assert "&gt;= $1.75" in text


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_terminal_gets_colour(tmp_path: Path) -> None:
    assert "\x1b[36m" in on_a_terminal("usage", str(ledger_of(tmp_path).path))


def test_wrong_input_is_one_clear_line_and_no_traceback(tmp_path: Path) -> None:
    path = ledger_of(tmp_path).path
    (tmp_path / "text").write_text("no ledger" * 200)
    cases: list[tuple[list[str | Path], int, str]] = [
        (["usage"], 2, "ledger: None cannot be used; accepted: the file of a ledger, or its path in AIAPP_LEDGER"),
        (["usage", tmp_path / "nowhere.db"], 2, "nowhere.db"),
        (["usage", tmp_path / "text"], 2, "accepted: a ledger that aiapp made"),
        (["usage", path, "--by", "colour"], 2, "by: 'colour' cannot be used; accepted: model, prompt, tag, step, day"),
        (["usage", path, "--since", "yesterday"], 2, "since: 'yesterday'"),
        (["usage", path, "--html", tmp_path / "nowhere" / "page.html"], 1, "page.html"),
    ]
    for words, status, expected in cases:
        done = aiapp(*words, env={"AIAPP_LEDGER": ""})
        assert (done.returncode, done.stdout) == (status, ""), words
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "nowhere.db").exists()
