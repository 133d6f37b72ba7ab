"""`aiapp prompts optimise`, run as a person runs it, with the bundled model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from aiapp.prompts.prompt import Prompt
from tests.cli.process import aiapp

PROMPT = '---\ninput:\n  schema: {text: string}\n---\n{{role "system"}}Label the text.{{role "user"}}{{text}}\n'
TEXTS = {
    "music": ("play some {} music", "put on a {} song", "I want to hear {} tunes"),
    "weather": ("will it rain in {} today", "how warm is it in {}", "is there snow in {}"),
    "food": ("book a table at the {} restaurant", "reserve dinner at the {} place", "find me a {} lunch table"),
}
WORDS = ("jazz", "Paris", "Thai", "Bern")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "intent.prompt").write_text(PROMPT)
    rows = [
        {"input": {"text": line.format(word)}, "expected": label}
        for word in WORDS
        for label, lines in TEXTS.items()
        for line in lines
    ]
    (tmp_path / "cases.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return tmp_path


def words(folder: Path, *more: str | Path) -> list[str | Path]:
    named: list[str | Path] = ["prompts", "optimise", folder / "intent.prompt", "--train", folder / "cases.jsonl"]
    return [*named, "--metric", "choice", "--model", "local", "--batch", "6", *more]


def test_it_searches_judges_and_says_what_it_took(folder: Path) -> None:
    done = aiapp(*words(folder, "--calls", "400", "--instructions", "Say which of the three it is."))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "tried, on cases of the search:"
    assert "on the 18 held-out cases:" in lines
    verdict = re.search(r"^\d (nearest|bm25): better than the original by \+", done.stdout, re.MULTILINE)
    assert verdict is not None, done.stdout
    assert "Stopped: everything that was given was tried." in done.stdout
    assert re.search(r"^It took \d+ calls, [\d,]+ tokens, \$0; expected were ", done.stdout, re.MULTILINE)
    assert lines[-1].startswith("Its examples go with the query: FewShot(cases, ")
    assert all(len(line) <= 100 for line in lines)


def test_json_a_journal_and_a_dry_run(folder: Path) -> None:
    given = words(folder, "--calls", "400", "--journal", folder / "answers.jsonl", "--json")
    first, again = (json.loads(aiapp(*given).stdout) for _ in range(2))
    assert (first["stopped"], again["spent"]["calls"]) == ("no candidates", 0)
    assert first["trials"] == again["trials"]
    assert first["better"] is True
    best = next(one for one in first["finalists"] if one["candidate"] == first["best"])
    assert (best["shown_better"], best["cost"], best["examples_for_each_query"]) == (True, "0", True)
    told = json.loads(aiapp(*words(folder, "--dry-run", "--json")).stdout)
    assert told["low"]["calls"] < told["expected"]["calls"] < told["high"]["calls"]
    assert told["expected"] == first["forecast"]["expected"]
    hosted = words(folder, "--dry-run", "--propose-with", "openai:gpt-6-sol", "--json")
    priced = json.loads(aiapp(*hosted, "--model", "openai:gpt-6-sol").stdout)  # without a key
    assert 0 < float(priced["low"]["money"]) < float(priced["expected"]["money"]) < float(priced["high"]["money"])
    dry = aiapp(*words(folder, "--dry-run"))
    assert dry.stdout.startswith("at least  ")
    assert aiapp(*words(folder, "--dry-run", "--calls", "100")).stdout.endswith("it stops where the budget ends\n")
    assert "too small: 10 calls; 60 are the least" in aiapp(*words(folder, "--dry-run", "--calls", "10")).stdout


def test_out_writes_a_prompt_that_is_better_and_nothing_else(folder: Path) -> None:
    out = folder / "better.prompt"
    done = aiapp(*words(folder, "--calls", "500", "--out", out))
    found: Any = json.loads(aiapp(*words(folder, "--calls", "500", "--out", out, "--json")).stdout)
    assert all(not one["examples_for_each_query"] for one in found["finalists"])
    if found["better"]:
        assert Prompt(out.read_text()).source == found["prompt"]
        assert len(Prompt(out.read_text()).examples) in (4, 8)
        assert f"aiapp prompts diff {folder / 'intent.prompt'} {out}" in done.stdout
        changed = aiapp("prompts", "diff", folder / "intent.prompt", out)
        assert changed.returncode == 0
    else:
        assert done.stdout.endswith("nothing was written: the original stays\n")
        assert not out.exists()


def test_what_is_wrong_is_one_line(folder: Path) -> None:
    (folder / "few.jsonl").write_text('{"input": {"text": "a"}, "expected": "b"}\n')
    (folder / "strange.jsonl").write_text('{"input": {"word": "a"}, "expected": "b"}\n')
    plain: list[str | Path] = ["prompts", "optimise", folder / "intent.prompt", "--calls", "400", "--model", "local"]
    for given, said in (
        (words(folder), "--budget DOLLARS, --calls NUMBER, or --dry-run"),
        (words(folder, "--calls", "10"), "10 calls; 60 are the least"),
        (words(folder, "--budget", "-1"), "US dollars of at least 0"),
        (words(folder, "--calls", "400", "--metric", "best"), "exact, contains"),
        (words(folder, "--calls", "400", "--out", folder / "no" / "x.prompt"), "a folder that exists"),
        (words(folder, "--calls", "400", "--held-out", folder / "cases.jsonl"), "do not stand in train"),
        ([*plain, "--train", folder / "none.jsonl"], "none.jsonl"),
        ([*plain, "--train", folder / "few.jsonl"], "at least 7 different cases"),
        ([*plain, "--train", folder / "strange.jsonl"], "train[0]: {'word': 'a'}"),
    ):
        done = aiapp(*given)
        assert (done.returncode > 0, done.stdout) == (True, ""), said
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
