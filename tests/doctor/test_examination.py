"""Examinations of real files: which are read, what a comment silences, and what the project's own table says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.doctor.examination import Examination, examine
from aiapp.doctor.options import Options, project_options
from tests.doctor.seeing import TODAY

OLD = "model = 'gpt-4'\n"
ROOT = Path(__file__).parents[2]


def looked_at(folder: Path, **options: object) -> Examination:
    given = {"today": TODAY, "environment": False, **options}
    return examine([folder], Options(**given), folder)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def names(examination: Examination) -> list[str]:
    return [Path(one.place.path).name for one in examination.findings]


def test_every_kind_of_file_is_read(tmp_path: Path) -> None:
    notebook = {"cells": [{"cell_type": "code", "source": OLD}], "nbformat": 4}
    for name, text in {
        "a.py": OLD,
        "b.ipynb": json.dumps(notebook),
        "c.prompt": "---\nmodel: gpt-4\n---\nHi",
        "d.toml": 'model = "gpt-4"',
        "e.yaml": "model: gpt-4",
        "f.json": '{"model": "gpt-4"}',
        ".env.example": "MODEL=gpt-4",
        "requirements-dev.txt": "litellm==1.82.7",
        "uv.lock": '[[package]]\nname = "litellm"\nversion = "1.82.8"\n',
        "g.md": OLD,
        "h.txt": OLD,
    }.items():
        (tmp_path / name).write_text(text)
    examination = looked_at(tmp_path)
    expected = [".env.example", "a.py", "b.ipynb", "c.prompt", "d.toml", "e.yaml", "f.json"]
    assert names(examination) == [*expected, "requirements-dev.txt", "uv.lock"]
    assert examination.files == 9


def test_git_says_which_files_are_the_projects(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("kept.py", "made/by.py", ".venv/lib/x.py", "node_modules/y.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(OLD)
    (tmp_path / ".gitignore").write_text("made/\n")
    assert names(looked_at(tmp_path)) == ["kept.py"]
    (tmp_path / ".gitignore").write_text("")
    assert names(looked_at(tmp_path)) == ["kept.py", "by.py"]


def test_a_comment_silences_its_line_by_code(tmp_path: Path) -> None:
    lines = ["# aiapp: ignore", "# aiapp: ignore[AI101]", "# aiapp: ignore[AI5, AI1]", "# aiapp: ignore[AI102]", "#"]
    (tmp_path / "a.py").write_text("".join(f"model = 'gpt-4'  {line}\n" for line in lines))
    (tmp_path / "c.yaml").write_text("a: {model: gpt-4} # aiapp: ignore[AI1]\n")
    cells = [
        {"cell_type": "markdown", "source": "x"},
        {"cell_type": "code", "source": ["\n", f"{OLD[:-1]} {lines[0]}"]},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    examination = looked_at(tmp_path)
    assert [one.place.line for one in examination.findings] == [4, 5]
    assert examination.silenced == 5


def test_notebooks_count_by_cell(tmp_path: Path) -> None:
    code = ["%pip install openai\n", "!ls\n", "x = 1\n", "model = 'gpt-4'"]
    cells = [
        {"cell_type": "markdown", "source": ["model = 'gpt-4'"]},
        {"cell_type": "code", "source": "%%bash\nmodel='gpt-4'"},
        {"cell_type": "code", "source": code},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "o.ipynb").write_text("[]")
    found = looked_at(tmp_path).findings
    assert [str(one.place).rpartition("/")[2] for one in found] == ["n.ipynb:cell 3:4:9", "o.ipynb:1:1"]


def test_models_in_tests_are_told_only_where_that_is_wanted(tmp_path: Path) -> None:
    for name in ("tests/help.py", "test_a.py", "b_test.py", "app.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(OLD)
    assert (names(looked_at(tmp_path)), looked_at(tmp_path).in_tests) == (["app.py"], 3)
    assert len(looked_at(tmp_path, tests=True).findings) == 4


def test_a_key_is_found_without_its_value(tmp_path: Path) -> None:
    key = "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7" * 2
    (tmp_path / "a.py").write_text(f"x = 1\nclient = f('{key}')\n")
    (tmp_path / "b.py").write_text(
        "key = 'sk-proj-your-key-here-" + "x" * 40 + "'\nother = 'sk-learn-" + "ab-" * 20 + "'\n"
    )
    (finding,) = looked_at(tmp_path).findings
    assert (finding.code, finding.place.line, finding.place.column) == ("AI502", 2, 13)
    assert key[:12] not in repr(finding)


def test_keys_that_are_set_are_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("from openai import OpenAI\nOpenAI()\nOpenAI()\n")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def told() -> list[str]:
        found = looked_at(tmp_path, environment=True, select=("AI5",)).findings
        return [f"{one.code} {one.severity}" for one in found]

    assert told() == ["AI501 note"]
    (tmp_path / ".env").write_text("OPENAI_API_KEY=not-shown\n")
    assert told() == []
    (tmp_path / ".env").unlink()
    monkeypatch.setenv("OPENAI_API_KEY", "not-shown")
    assert told() == []


def test_which_rules_and_files_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(OLD)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "b.py").write_text(OLD)
    assert names(looked_at(tmp_path, exclude=("old",))) == ["a.py"]
    assert names(looked_at(tmp_path, exclude=("a.*", "old/*.py"))) == []
    assert names(looked_at(tmp_path, per_file={"old/*": ("AI1",)})) == ["a.py"]
    assert names(looked_at(tmp_path, select=("AI2",))) == []
    assert names(looked_at(tmp_path, ignore=("AI101",))) == []


def test_a_retirement_is_told_within_so_many_days(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("model = 'openai:gpt-4o'\n")
    assert len(looked_at(tmp_path, within=timedelta(days=54)).findings) == 1
    assert len(looked_at(tmp_path, within=timedelta(days=53)).findings) == 0


def test_the_projects_own_table(tmp_path: Path) -> None:
    table = '[tool.aiapp.doctor]\nselect = ["AI1"]\nwithin = 30\ntests = true\nper-file-ignores = {"a/*" = ["AI101"]}\n'
    (tmp_path / "pyproject.toml").write_text(table)
    (tmp_path / "a").mkdir()
    options, root = project_options(tmp_path / "a")
    assert root == tmp_path.resolve()
    assert (options.select, options.within, options.tests) == (("AI1",), timedelta(days=30), True)
    assert options.per_file == {"a/*": ("AI101",)}


@pytest.mark.parametrize(
    "line", ['select = ["XX1"]', "within = '3'", "unknown = 1", "exclude = 'tests'", "within = -1"]
)
def test_a_table_that_is_written_wrongly_is_one_clear_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.aiapp.doctor]\n{line}\n")
    with pytest.raises(InvalidInput):
        project_options(tmp_path)


def test_what_is_named_is_looked_at_though_the_project_leaves_it_out(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "b.py").write_text(OLD)
    options = Options(today=TODAY, exclude=("old",), environment=False)
    assert len(examine([tmp_path], options, tmp_path).findings) == 0
    assert len(examine([tmp_path / "old"], options, tmp_path).findings) == 1
    assert len(examine([tmp_path / "old" / "b.py"], options, tmp_path).findings) == 1


def test_this_repository_is_well() -> None:
    options, root = project_options(ROOT)
    options = replace(options, today=TODAY, environment=False)
    assert examine([ROOT], options, root).findings == ()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("paths", lambda: examine(Path("src"), Options())),  # type: ignore[arg-type]
        ("paths[0]", lambda: examine(["src"], Options())),  # type: ignore[list-item]
        ("path", lambda: examine([Path("no/such/folder")], Options())),
        ("today", lambda: Options(today="2026-01-01")),  # type: ignore[arg-type]
        ("within", lambda: Options(within=90)),  # type: ignore[arg-type]
        ("within", lambda: Options(within=timedelta(days=-1))),
    ],
)
def test_what_cannot_be_examined_is_refused_by_name(field: str, given: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        given()
    assert caught.value.field == field
