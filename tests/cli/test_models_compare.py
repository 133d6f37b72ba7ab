"""`aiapp models compare`, run as a person runs it, with variants of the bundled model; its page and its picture."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from aiapp.cli.models.compare_page import compare_page
from aiapp.cli.models.compare_picture import write_picture
from aiapp.cli.models.compare_tables import words
from aiapp.core.errors import InvalidInput
from aiapp.evals.comparison import Comparison, compared
from aiapp.testing import Said, WireServer
from tests.cli.ledgers import SPITEFUL
from tests.cli.pages import Tags
from tests.cli.process import aiapp
from tests.evals.test_compare import outcomes

MODELS = ("--models", "local,local?temperature=1.5&max_tokens=8")
HALL = "Passage:\nThe hall seats 40 people and has a stage.\n\nQuestion: How many people does the hall seat?"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    file = tmp_path / "eval.jsonl"
    rows: list[Any] = [{"input": HALL, "expected": "40", "id": "hall"}, {"input": "Hello!", "expected": "zebra"}]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def priced() -> Comparison:
    return compared(
        {
            "good": outcomes([1, 1, 1, 0.5], "0.02"),
            f"cheap {SPITEFUL}": outcomes([1, 0, 0, 0], "0.001"),
            "dear": outcomes([1, 0, 1, 0], "0.03"),
            "secret": outcomes([0, 0, 0, 0], None),
        }
    )


def test_the_table_and_everything_that_is_written(cases: Path, tmp_path: Path) -> None:
    page, picture, speeds, kept = (tmp_path / name for name in ("c.html", "c.png", "speeds.json", "raw.jsonl"))
    drawn = ("--png", picture) if find_spec("matplotlib") is not None else ()
    files = ("--html", page, *drawn, "--speeds", speeds, "--results", kept)
    done = aiapp("models", "compare", cases, *MODELS, "--metric", "contains", *files)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "2 cases, metric contains"
    assert lines[2].split()[:3] == ["model", "quality", "95"]
    assert lines[3].split()[:3] == ["local", "0.500", "0.095-0.905"]
    assert all(len(line) <= 100 and "…" not in line for line in lines[2:4])
    assert "is not distinguishable from local on these cases" in done.stdout
    Tags.of(page.read_text(encoding="utf-8"))
    assert not drawn or picture.read_bytes().startswith(b"\x89PNG")
    chosen = aiapp("models", "choose", "--measured", speeds, "--latency", "interactive", "--where", "here", "--json")
    assert chosen.returncode == 0
    local = next(one for one in json.loads(chosen.stdout)["candidates"] if one["offer"] == "local")
    assert any(check["source"].startswith("aiapp models compare eval.jsonl") for check in local["checks"])
    before = kept.read_text()
    again = aiapp("models", "compare", cases, *MODELS, "--metric", "contains", "--results", kept)
    assert again.stdout.splitlines()[:6] == lines[:6]
    assert kept.read_text() == before


def test_json(cases: Path) -> None:
    done = aiapp("models", "compare", cases, "--models", "local", "--metric", "contains", "--json")
    found = json.loads(done.stdout)
    (model,) = found["models"]
    assert (model["quality"]["mean"], model["failed"], model["cost_per_1000"]) == (0.5, 0, "0")
    assert [one["score"] for one in model["cases"]] == [1, 0]
    assert model["totals"]["seconds"]["p95"] > 0


def test_what_is_wrong_is_one_line(cases: Path) -> None:
    for words_, said in (
        ((cases, "--models", "local", "--metric", "best"), "exact, contains"),
        ((cases, "--models", "nosuch:model"), "nosuch:model"),
        ((cases, "--models", ""), "at least one model"),
        ((cases.parent / "none.jsonl", "--models", "local"), "none.jsonl"),
        ((cases, "--models", "local", "--concurrency", "0"), "concurrency"),
        ((cases, "--models", "local", "--budget", "-1"), "US dollars of at least 0"),
    ):
        done = aiapp("models", "compare", *words_)
        assert (done.returncode > 0, done.stdout) == (True, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_forecast_comes_first_and_a_budget_ends_it_early(cases: Path) -> None:
    cases.write_text("".join(f"{line}\n" for line in reversed(cases.read_text().splitlines())))  # the longer one last
    models = "openai:gpt-6-sol?max_tokens=100,openai:gpt-6-luna?max_tokens=100"
    with WireServer(Said("40")) as server:
        env = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "none"}
        words_ = ("models", "compare", cases, "--models", models, "--concurrency", "1", "--budget", "0.0019")
        done = aiapp(*words_, env=env)
        plain = json.loads(aiapp(*words_, "--json", env=env).stdout)
        asked = len(server.requests)
        refused = aiapp(*words_[:-1], "0.000001", env=env)
        assert len(server.requests) == asked  # nothing was sent
    lines = done.stdout.splitlines()
    assert lines[0] == "forecast, before anything is sent, within a budget of $0.0019"
    assert lines[2].split() == ["model", "answers", "low", "expected", "at", "most", "time"]
    assert lines[3].split()[:2] == ["openai:gpt-6-sol?max_tokens=100", "2"]
    assert "Stopped early: openai:gpt-6-sol may take $" in done.stdout
    assert "1 of 2 cases were not put to all models" in " ".join(done.stdout.split())
    assert (plain["left_out"], plain["forecast"]["openai:gpt-6-luna?max_tokens=100"]["requests"]) == (1, 2)
    assert refused.returncode > 0
    assert "of a budget of $0.000001" in refused.stderr


def test_the_page_is_whole_and_safe() -> None:
    text = compare_page(f"e {SPITEFUL}", "exact", priced())
    tags = Tags.of(text)
    assert "<script>" not in text
    assert tags.seen.count("circle") == 3  # not the one whose price nobody knows
    assert 'class="line"' in text
    assert "The cost of secret is not known: no price." in text


@pytest.mark.torch  # which comes with matplotlib, in the extra `train`
def test_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write_picture(priced(), "exact", tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 5_000
    with pytest.raises(InvalidInput, match="whose cost is known"):
        write_picture(compared({"secret": outcomes([1], None)}), "exact", tmp_path / "d.png")
    assert not (tmp_path / "d.png").exists()


def test_few_cases_tell_nobody_apart() -> None:
    said = list(words(priced()))
    assert sum("is not distinguishable from good" in line for line in said) == 3
    assert said[-1].startswith("Worth their price, for nothing as cheap is better: good, cheap")
