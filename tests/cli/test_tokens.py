from __future__ import annotations

import json
import sys

import pytest

from aiapp.transformer.model import Transformer
from tests.cli.process import aiapp, on_a_terminal

TEXT = "Parental leave\nlasts 16 weeks."


def test_json_is_one_object_with_the_models_ids() -> None:
    done = aiapp("tokens", TEXT, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert found.keys() == {"text", "tokens", "counts"}
    assert [token["id"] for token in found["tokens"]] == Transformer.load().tokenizer.encode(TEXT)
    assert "".join(token["text"] for token in found["tokens"]) == TEXT
    bundled, *others = found["counts"]
    assert (bundled["tokens"], bundled["exact"]) == (len(found["tokens"]), True)
    assert {"family", "tokens", "exact", "source"} == bundled.keys()
    assert all(count["exact"] or count["source"].startswith("estimate") for count in others)


def test_a_pipe_gets_no_colour_and_an_estimate_is_marked() -> None:
    done = aiapp("tokens", TEXT, env={"TIKTOKEN_CACHE_DIR": ""})
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "·leave" in done.stdout
    assert "↵" in done.stdout
    lines = done.stdout.splitlines()
    assert len([line for line in lines if "~" in line and "estimate: characters / 4" in line]) == 3
    (bundled,) = [line for line in lines if line.startswith("bundled")]
    assert "~" not in bundled


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_terminal_gets_colour_and_rows_that_fit() -> None:
    shown = on_a_terminal("tokens", "parental leave " * 40)
    assert "\x1b[30;4" in shown
    plain = [line for line in shown.splitlines() if "\x1b[30;4" in line]
    assert len(plain) > 1
    assert all(line.count("leave") <= 80 / len("leave") for line in plain)


def test_stdin_is_read_as_it_stands() -> None:
    done = aiapp("tokens", "-", "--json", stdin="Zürich\r\n".encode())
    assert json.loads(done.stdout)["text"] == "Zürich\r\n"
    shown = aiapp("tokens", "-", stdin="東\x1b[31m".encode()).stdout
    assert "\x1b" not in shown
    assert "\ufffd is a part of a character" in shown


def test_wrong_input_is_one_clear_line_and_no_traceback() -> None:
    for words, stdin, expected in (
        (["tokens", ""], b"", "text: ''"),
        (["tokens", "-"], b"", "at least one character"),
        (["tokens", "-"], b"\xff\xfe", "UTF-8"),
        (["tokens", "a\udcff"], b"", "UTF-8"),
    ):
        done = aiapp(*words, stdin=stdin)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr


def test_every_verb_is_in_the_help() -> None:
    shown = aiapp("--help").stdout
    assert all(f" {verb} " in shown for verb in ("ask", "tokens", "inspect", "fill"))
