"""What the documentation shows is run: README blocks, examples, docstrings."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import aiapp

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted([*(ROOT / "examples").glob("*.py"), *(ROOT / "examples" / "chains").glob("*.py")])
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def run(program: list[str], cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *program], cwd=cwd, capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_readme_block_runs_as_it_stands(block: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    assert run(["-c", block], tmp_path).strip()


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_runs_offline(example: Path) -> None:
    assert run([str(example)], ROOT).strip()
    assert f"({example.relative_to(ROOT / 'examples')})" in (ROOT / "examples" / "README.md").read_text(
        encoding="utf-8"
    )


def test_the_map_names_every_room() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rooms = [path.name for path in (ROOT / "aiapp").iterdir() if path.is_dir() and not path.name.startswith("_")]
    assert [room for room in rooms if f"`aiapp/{room}/`" not in readme] == []


def test_docstring_examples_hold() -> None:
    failed = 0
    for module in pkgutil.walk_packages(aiapp.__path__, "aiapp."):
        if not module.name.startswith("aiapp.transformer.train") and not module.name.endswith("__main__"):
            failed += doctest.testmod(importlib.import_module(module.name)).failed
    assert failed == 0


def test_the_handbook_is_what_its_questions_say() -> None:
    from aiapp.retrieval.documents import Document
    from aiapp.retrieval.loading import load

    handbook = ROOT / "examples" / "handbook"
    questions = json.loads((handbook / "questions.json").read_text(encoding="utf-8"))
    assert len(questions) == 60
    assert sum(not question["answerable"] for question in questions) == 15
    for question in questions:
        if question["answerable"]:
            document = load(handbook / question["source"])
            assert isinstance(document, Document)
            assert " ".join(question["answer"].split()) in " ".join(document.text.split()), question["id"]


def test_the_score_is_printed(tmp_path: Path) -> None:
    handbook = ROOT / "examples" / "handbook"
    questions = json.loads((handbook / "questions.json").read_text(encoding="utf-8"))
    few = tmp_path / "few.json"
    few.write_text(json.dumps([questions[0], questions[-1]]))
    score = json.loads(run([str(handbook / "score.py"), "--json", "--questions", str(few)], ROOT))
    assert score["questions"] == 2
    assert 0 <= score["refusal_accuracy"] <= 1
