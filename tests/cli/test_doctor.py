"""`aiapp doctor` as CI runs it: lines, statuses, JSON, and one clear line for wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.process import aiapp, on_a_terminal

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "doctor"
DAY = ("--today", "2026-11-21", "--no-environment")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("model = 'gpt-4'\nother = f(model='openai:gpt-4o')\n")
    return tmp_path


def test_findings_are_lines_that_an_editor_understands_and_a_status(app: Path) -> None:
    done = aiapp("doctor", app, *DAY)
    first, second, summary = done.stdout.splitlines()
    assert first.startswith(f"{app.as_posix()}/app.py:1:9: AI101 gpt-4 is not served since 2026-10-23; ")
    assert second.startswith(f"{app.as_posix()}/app.py:2:17: AI102 openai:gpt-4o is served until 2027-01-14, 54 days")
    assert summary == "1 error, 1 warning: 2 models seen in 1 file"
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((), 1),
        (("--ignore", "AI101"), 1),
        (("--ignore", "AI1"), 0),
        (("--select", "AI2,AI3"), 0),
        (("--select", "AI102", "--within", "10"), 0),
        (("--select", "AI102", "--fail-on", "error"), 0),
        (("--fail-on", "error"), 1),
        (("--exclude", "*.py"), 0),
    ],
)
def test_the_status_says_whether_something_is_wrong(app: Path, words: tuple[str, ...], status: int) -> None:
    assert aiapp("doctor", app, *DAY, *words).returncode == status


def test_json_has_each_finding_whole(app: Path) -> None:
    done = aiapp("doctor", app, *DAY, "--json")
    told = json.loads(done.stdout)
    assert (told["today"], told["within_days"], told["files"], told["models"]) == ("2026-11-21", 90, 1, 2)
    first = told["findings"][0]
    assert first["path"] == f"{app.as_posix()}/app.py"
    assert (first["line"], first["column"], first["cell"]) == (1, 9, None)
    assert (first["code"], first["name"], first["severity"]) == ("AI101", "retired-model", "error")
    assert first["source"]
    assert done.returncode == 1


def test_what_is_well(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("model = 'openai:gpt-6-sol'\n")
    done = aiapp("doctor", tmp_path, *DAY)
    assert (done.returncode, done.stdout) == (0, "All is well: 1 model seen in 1 file\n")


def test_the_day_decides(app: Path) -> None:
    done = aiapp("doctor", app / "app.py", "--today", "2027-01-14", "--no-environment", "--sources")
    assert "openai:gpt-4o is not served since 2027-01-14" in done.stdout
    assert "    source: " in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere",), "path: 'nowhere' cannot be used; accepted: a file or a folder that is there"),
        (("--select", "E501"), "select: 'E501' cannot be used; accepted: a code or its beginning, such as AI1"),
        (("--fail-on", "never"), "fail-on: 'never' cannot be used; accepted: error, warning, note"),
        (("--within", "-1"), "within: -1 cannot be used; accepted: a number of days from 0"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(words: tuple[str, ...], said: str) -> None:
    done = aiapp("doctor", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_rules_are_listed() -> None:
    lines = aiapp("doctor", "--rules").stdout.splitlines()
    assert lines[0].split() == ["code", "name", "severity", "what", "it", "finds"]
    assert any(line.startswith("AI401") and "volatile-prefix" in line for line in lines)
    assert {rule["code"] for rule in json.loads(aiapp("doctor", "--rules", "--json").stdout)} >= {"AI101", "AI901"}


def test_the_sample_has_one_of_each_kind() -> None:
    told = json.loads(aiapp("doctor", SAMPLE, *DAY, "--json").stdout)
    found = {finding["code"] for finding in told["findings"]}
    assert found == {"AI101", "AI102", "AI201", "AI202", "AI204", "AI302", "AI401", "AI601", "AI603"}
    assert told["silenced"] == 1


def test_codes_are_coloured_on_a_terminal_alone(app: Path) -> None:
    shown = on_a_terminal("doctor", str(app), *DAY, "--fail-on", "error", "--ignore", "AI101")
    assert "\x1b[1;33mAI102" in shown
    assert "\x1b[" not in aiapp("doctor", app, *DAY).stdout
