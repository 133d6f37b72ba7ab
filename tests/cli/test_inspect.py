from __future__ import annotations

import json
import math
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from aiapp.transformer import Transformer, inspect
from tests.cli.pages import Tags
from tests.cli.process import aiapp, on_a_terminal

PROMPT = "Please contact <b>the</b> & manager"


def test_json_is_one_object_with_what_the_library_says() -> None:
    done = aiapp("inspect", PROMPT, "--layer", "1", "--head", "2", "--best", "4", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    model = Transformer.load()
    expected = inspect(model, [model.tokenizer.bos, *model.tokenizer.encode(PROMPT)], layer=1, head=2, best=4)
    assert [token["id"] for token in found["tokens"]] == [read.token for read in expected.tokens]
    assert [one["id"] for one in found["next"]] == [one.token for one in expected.expected]
    assert found["tokens"][0]["logprob"] is None
    assert all(one["probability"] == pytest.approx(math.exp(one["logprob"])) for one in found["next"])
    np.testing.assert_allclose(found["attention"], expected.attention, atol=1e-4)


def test_the_terminal_shows_all_three_without_colour_in_a_pipe() -> None:
    done = aiapp("inspect", PROMPT, "--best", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert len([line for line in lines[1:4] if "%" in line]) == 3
    count = len(Transformer.load().tokenizer.encode(PROMPT)) + 1
    shown = [line for line in lines if line.endswith(("·", "░", "▒", "▓", "█"))]
    assert len(shown) == count
    shades = [line[-2 * place :] for place, line in enumerate(shown, 1)]
    assert all(set(row) <= set("·░▒▓█") for row in shades)
    assert shades[0] == "██"


def test_a_map_too_wide_says_how_much_of_it_is_shown() -> None:
    done = aiapp("inspect", "one two three " * 30, env={"COLUMNS": "60"})
    assert "tokens fit here; --html shows all" in done.stdout
    map_lines = [line for line in done.stdout.splitlines() if line.endswith(("··", "░░", "▒▒", "▓▓", "██"))]
    assert 10 < len(map_lines) < 30
    assert max(map(len, map_lines)) <= 60


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_terminal_gets_colour() -> None:
    assert "\x1b[36m" in on_a_terminal("inspect", PROMPT)


def test_the_page_stands_alone(tmp_path: Path) -> None:
    place = tmp_path / "page.html"
    done = aiapp("inspect", PROMPT, "--html", place, "--layer", "3")
    assert done.returncode == 0
    assert done.stdout.endswith(f"wrote {place}\n")
    text = place.read_text(encoding="utf-8")
    page = Tags.of(text)
    assert "b" not in page.seen
    assert {"table", "svg", "style"} <= set(page.seen)
    assert "layer 3, head 0" in text
    count = len(Transformer.load().tokenizer.encode(PROMPT)) + 1
    assert page.seen.count("code") == count + 10


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib (the extra `train`) is not installed")
def test_the_picture_is_a_png(tmp_path: Path) -> None:
    place = tmp_path / "map.png"
    done = aiapp("inspect", "$x$ 東京 costs", "--png", place, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["layer"] == 0
    data = place.read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 300
    assert height > 300


def test_without_matplotlib_a_picture_is_refused_with_the_way_to_get_it(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "matplotlib.py").write_text("raise ModuleNotFoundError('no matplotlib', name='matplotlib')")
    done = aiapp("inspect", PROMPT, "--png", tmp_path / "map.png", env={"PYTHONPATH": str(absent)})
    assert (done.returncode, done.stdout) == (2, "")
    assert "python -m pip install 'aiapp[train]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "map.png").exists()


def test_wrong_input_is_one_clear_line_and_no_traceback(tmp_path: Path) -> None:
    cases: list[tuple[list[str | Path], int, str]] = [
        (["inspect", ""], 2, "prompt: ''"),
        (["inspect", PROMPT, "--layer", "99"], 2, "layer: 99 cannot be used; accepted: a whole number from 0 to"),
        (["inspect", PROMPT, "--head", "-1"], 2, "head: -1"),
        (["inspect", PROMPT, "--best", "0"], 2, "best: 0"),
        (["inspect", "1 " * 2000], 2, "at most"),
        (["inspect", PROMPT, "--html", tmp_path / "nowhere" / "page.html"], 1, "page.html"),
    ]
    for words, status, expected in cases:
        done = aiapp(*words)
        assert (done.returncode, done.stdout) == (status, ""), words
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
