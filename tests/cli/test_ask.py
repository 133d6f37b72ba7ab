"""`aiapp ask` as a person or a script runs it: a process with a status, stdout and one line of stderr."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LEAVE = "# Leave\n\nEvery new parent gets 120 days of parental leave.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text(LEAVE)
    return documents


def aiapp(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from aiapp.cli.main import main; main()", *map(str, words)]
    return subprocess.run(program, capture_output=True, text=True, cwd=cwd, env=dict(os.environ), check=False)


def test_json_is_one_object_with_verbatim_quotes(folder: Path) -> None:
    done = aiapp("ask", "How many days of parental leave do parents get?", folder, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == (0 if answer["supported"] else 3)
    assert {"answer", "supported", "citations", "receipt"} == answer.keys()
    assert {"model", "usage", "cost", "timing"} <= answer["receipt"].keys()
    for citation in answer["citations"]:
        assert LEAVE[citation["start"] : citation["end"]] == citation["quote"]
    assert answer["receipt"]["cost"] == "0"
    assert done.stderr == ""


def test_a_refusal_has_its_own_status(folder: Path) -> None:
    done = aiapp("ask", "Which volcano erupted in Iceland?", folder)
    assert done.returncode == 3
    assert done.stdout.startswith("Not in the documents.")
    assert "cost    $0 (runs on this machine)" in done.stdout


def test_the_index_lives_where_it_is_asked_to(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "sub" / "my.idx"
    aiapp("ask", "parental leave?", folder, "--index", place)
    assert place.is_file()


def wrong_inputs(folder: Path, tmp_path: Path) -> list[tuple[list[str | Path], str]]:
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "text.idx"
    text.write_text("no database " * 100)
    return [
        (["ask", "q?", tmp_path / "nowhere"], "existing file or folder"),
        (["ask", "q?", empty], "Markdown, text, HTML or PDF"),
        (["ask", "q?", folder, "--model", "gpt"], "openai:NAME"),
        (["ask", "q?", folder, "--model", "openai:x"], "OPENAI_API_KEY"),
        (["ask", "q?", folder, "--index", text], "choose another --index"),
        (["ask", "  ", folder], "question"),
    ]


def test_wrong_input_is_one_clear_line_and_no_traceback(folder: Path, tmp_path: Path) -> None:
    for words, expected in wrong_inputs(folder, tmp_path):
        done = aiapp(*words)
        assert done.returncode == 2, words
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C alone there")
def test_ctrl_c_says_so_and_leaves_the_index_whole(folder: Path, tmp_path: Path) -> None:
    (folder / "long.md").write_text(
        "\n\n".join(f"The {n}th rule of the long list is as dull as it was." for n in range(30_000))
    )
    place = tmp_path / "my.idx"
    # A test run that was started in the background ignores Ctrl-C, and so would what it starts.
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heeding}; from aiapp.cli.main import main; main()"
    words = [sys.executable, "-c", program, "ask", "parental leave?", str(folder), "--index", str(place)]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not place.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors == "aiapp: stopped; the index is as it was before the interrupted change\n"
    (folder / "long.md").unlink()
    done = aiapp("ask", "How many days of parental leave do parents get?", folder, "--index", place, "--json")
    assert json.loads(done.stdout)["receipt"]["model"] == "local"


def test_the_version_and_the_help_are_there() -> None:
    assert aiapp("--version").stdout.startswith("aiapp ")
    assert "ask" in aiapp("--help").stdout
