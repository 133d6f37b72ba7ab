from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from aiapp import Ledger
from aiapp.tracking.span import Span
from tests.cli.ledgers import SPITEFUL, add_run, ledger_of
from tests.cli.pages import Tags
from tests.cli.process import aiapp, on_a_terminal


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Four calls by themselves and two runs."""
    made = ledger_of(tmp_path)
    add_run(made, "first")
    add_run(made)
    return made


def run_of(ledger: Ledger) -> str:
    return next(run.trace for run in ledger.runs() if run.name.startswith("run "))


def test_runs_are_listed(ledger: Ledger) -> None:
    done = aiapp("trace", ledger.path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 2 + 6
    (first,) = [line for line in lines if " first " in line]
    assert first.split()[-1] == "failed"
    assert first.split()[4:7] == ["2", ">=", "6"]
    assert len(aiapp("trace", ledger.path, "--limit", "1").stdout.splitlines()) == 3


def test_a_run_is_a_tree_with_what_was_said(ledger: Ledger) -> None:
    done = aiapp("trace", ledger.path, run_of(ledger)[:6], env={"COLUMNS": "120"})
    assert (done.returncode, done.stderr) == (0, "")
    names = [" ".join(line.split()[:2]) for line in done.stdout.splitlines() if " ms" in line]
    assert names == ['run <script>alert("x")</script>', "└─ plan", "├─ tool", "├─ scripted", "└─ scripted"]
    assert f"user: asked {SPITEFUL}" in done.stdout
    assert f"answer: answer {SPITEFUL}" in done.stdout
    assert "system: Be brief." in done.stdout
    assert "failed: Unavailable" in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 250


def test_the_last_run_and_the_ledger_of_the_environment(ledger: Ledger) -> None:
    env = {"AIAPP_LEDGER": str(ledger.path)}
    last = ledger.runs(1)[0]
    for words in (["trace", "last"], ["trace", last.trace]):
        assert aiapp(*words, env=env).stdout.startswith(last.name.split(" <")[0])
    assert len(aiapp("trace", env=env).stdout.splitlines()) == 8


def test_json_is_the_list_or_the_spans(ledger: Ledger) -> None:
    runs = json.loads(aiapp("trace", ledger.path, "--json").stdout)
    assert len(runs) == 6
    run = next(one for one in runs if one["name"] == "first")
    assert (run["calls"], run["failed"], run["error"], run["spans"]) == (2, 1, "Unavailable", 5)
    assert run["cost_usd"] is None
    found = json.loads(aiapp("trace", ledger.path, run["id"], "--json").stdout)
    assert [Span.from_plain(one) for one in found] == list(ledger.run(run["id"]).spans)


def test_the_page_stands_alone_and_escapes_everything(ledger: Ledger, tmp_path: Path) -> None:
    place = tmp_path / "page.html"
    done = aiapp("trace", ledger.path, run_of(ledger), "--html", place)
    assert done.stdout.endswith(f"wrote {place}\n")
    text = place.read_text(encoding="utf-8")
    page = Tags.of(text)
    assert page.seen.count("details") == page.seen.count("summary") == 5
    assert SPITEFUL not in text
    for said in ("run", "plan", "tool", "asked", "answer", "down"):
        assert f"{said} &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &lt;b&gt;bold" in text, said


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_terminal_gets_colour_and_no_line_is_wider(ledger: Ledger) -> None:
    shown = on_a_terminal("trace", str(ledger.path), run_of(ledger))
    assert "\x1b[36mscripted" in shown


def test_wrong_input_is_one_clear_line_and_no_traceback(ledger: Ledger, tmp_path: Path) -> None:
    empty = Ledger(tmp_path / "empty.db")
    empty.make()
    cases: list[tuple[list[str | Path], int, str]] = [
        (["trace"], 2, "ledger: None"),
        (["trace", tmp_path / "nowhere.db"], 2, "nowhere.db"),
        (["trace", ledger.path, "zzz"], 2, "id: 'zzz' cannot be used; accepted: the id of a run in this ledger"),
        (["trace", empty.path, "last"], 2, "this ledger holds none"),
        (["trace", ledger.path, "--html", tmp_path / "page.html"], 2, "a page of one run"),
        (["trace", ledger.path, "last", "--html", tmp_path / "nowhere" / "page.html"], 1, "page.html"),
    ]
    for words, status, expected in cases:
        done = aiapp(*words, env={"AIAPP_LEDGER": ""})
        assert (done.returncode, done.stdout) == (status, ""), words
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
    assert aiapp("trace", empty.path).stdout == "no runs yet\n"


def test_a_verb_writes_the_ledger_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "hall.md").write_text("# The hall\n\nThe hall seats 40 people.\n")
    env = {"AIAPP_LEDGER": str(tmp_path / "usage.db"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = aiapp("ask", "How many people does the hall seat?", tmp_path / "hall.md", env=env)
    assert done.returncode == 0, done.stderr
    assert {entry.model for entry in Ledger(env["AIAPP_LEDGER"]).entries()} == {"local"}
