from __future__ import annotations

import json
import math

import pytest

from aiapp.transformer import Transformer, fill
from tests.cli.process import aiapp

TEXT = "Please contact the [MASK] for help."


def test_json_is_one_object_with_the_ranking_of_the_library() -> None:
    done = aiapp("fill", TEXT, "--count", "3", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert found.keys() == {"model", "text", "fillings"}
    assert (found["model"], found["text"]) == ("bundled", TEXT)
    expected = fill(Transformer.load(), TEXT, 3)
    assert [filling["text"] for filling in found["fillings"]] == [word for word, _ in expected]
    for filling, (_, share) in zip(found["fillings"], expected, strict=True):
        assert filling["logprob"] == pytest.approx(share, abs=1e-4)
        assert filling["probability"] == pytest.approx(math.exp(filling["logprob"]))


def test_each_line_is_the_text_with_a_word_in_the_gap() -> None:
    done = aiapp("fill", TEXT, "--count", "2")
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines)) == (0, 2)
    left, right = TEXT.split("[MASK]")
    assert all(line.split("%  ")[1].startswith(left) and line.endswith(right) for line in lines)
    assert "\x1b" not in done.stdout


def test_wrong_input_is_one_clear_line_and_no_traceback() -> None:
    for words, expected in (
        (["fill", "no gap"], "exactly one [MASK]"),
        (["fill", "[MASK] [MASK]"], "exactly one [MASK]"),
        (["fill", ""], "text: ''"),
        (["fill", TEXT, "--count", "0"], "count: 0"),
        (["fill", f"{'1 ' * 2000}[MASK]"], "at most"),
    ):
        done = aiapp(*words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
