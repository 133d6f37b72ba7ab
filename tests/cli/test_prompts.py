"""`aiapp prompts`: every verb as a person runs it, and what wrong input gives."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from aiapp.prompts.prompt import Prompt
from aiapp.testing import Vectors, WireServer
from tests.cli.process import aiapp

HELLO = """---
description: Say hello.
input:
  default: {n: 1}
  schema: {name: string, n: integer}
tests:
  - {name: Ada, input: {name: Ada}, messages: [{role: user, text: "Hello Ada, 1"}]}
---
Hello {{name}}, {{n}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.prompt").write_text(HELLO, encoding="utf-8")
    return tmp_path


def test_list_names_every_prompt_and_what_it_is_for(folder: Path) -> None:
    (folder / "quote.prompt").write_text("---\ndescription: Mine.\n---\nx")
    (folder / "bad.prompt").write_text("---\ndescription: a: b\n---\nx")
    done = aiapp("prompts", "list", "-d", folder)
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert lines["hello"].endswith("Say hello.")
    assert lines["quote +"].endswith("Mine.")
    assert "cannot be read: bad.prompt" in lines["bad"] or "cannot be read" in lines["bad"]
    listed = json.loads(aiapp("prompts", "list", "-d", folder, "--json").stdout)
    (quote,) = [one for one in listed if one["name"] == "quote"]
    assert (quote["overrides"], quote["packaged"], quote["path"]) == (True, False, str(folder / "quote.prompt"))


def test_show_says_what_a_prompt_takes_and_its_hash(folder: Path) -> None:
    done = aiapp("prompts", "show", "hello", "-d", folder)
    first, takes, *_ = done.stdout.splitlines()
    assert first == f"hello  {Prompt.load('hello', folder).hash}"
    assert takes == "takes name, n?"
    shown = json.loads(aiapp("prompts", "show", "summarise", "--json").stdout)
    assert shown["partials"].keys() == {"material"}
    assert shown["input_schema"]["properties"]["words"]["type"] == "integer"


def test_render_takes_variables_from_everywhere(folder: Path) -> None:
    file = folder / "hello.prompt"
    assert aiapp("prompts", "render", file, "-v", "name=Bo", "-v", "n=3").stdout == "<user>\nHello Bo, 3\n"
    assert aiapp("prompts", "render", file, "--case", "Ada").stdout == "<user>\nHello Ada, 1\n"
    assert aiapp("prompts", "render", file, "--vars", "-", stdin=b'{"name": "=Cy"}').stdout == "<user>\nHello =Cy, 1\n"
    rendered = json.loads(aiapp("prompts", "render", file, "-v", "name=7", "--json").stdout)
    assert rendered["messages"][0]["parts"] == [{"kind": "text", "text": "Hello 7, 1"}]
    assert rendered["prompt_name"] == "hello"


def test_run_asks_a_model_and_says_what_it_took(folder: Path) -> None:
    ran = aiapp("prompts", "run", folder / "hello.prompt", "-v", "name=Ada", "-m", "local", "--json")
    found = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert (found["model"], found["cost"]) == ("local", "0")
    assert found["prompt"]["name"] == "hello"
    case = aiapp("prompts", "run", "quote", "--case", "a passage that does not answer")
    assert case.stdout.startswith("Not in the documents.")
    assert "prompt  quote  " in case.stdout


def test_lint_prints_places_and_fails_on_errors(folder: Path) -> None:
    assert aiapp("prompts", "lint").stdout.endswith(" prompts, 0 errors, 0 warnings\n")
    done = aiapp("prompts", "lint", folder / "hello.prompt", "-m", "googleai/x")
    assert done.returncode == 0
    assert f"{folder / 'hello.prompt'}:2:1: unknown-model: 'googleai/x' is no model" in done.stdout
    assert "(warning, googleai/x)" in done.stdout
    assert aiapp("prompts", "lint", folder / "hello.prompt", "-m", "googleai/x", "--strict").returncode == 1
    (folder / "bad.prompt").write_text("Hi\n {{#if x}}")
    done = aiapp("prompts", "lint", "bad", "-d", folder, "--json")
    (finding,) = json.loads(done.stdout)
    assert done.returncode == 1
    assert (finding["rule"], finding["level"], finding["model"]) == ("unreadable", "error", None)
    assert (finding["path"], finding["line"], finding["column"]) == (str(folder / "bad.prompt"), 2, 2)
    assert aiapp("prompts", "lint", "bad", "-d", folder).stdout.startswith(f"{folder / 'bad.prompt'}:2:2: unreadable: ")


def test_test_runs_without_a_model_and_with_one(folder: Path) -> None:
    assert aiapp("prompts", "test").stdout.splitlines()[-1].endswith(" passed, 0 failed, 0 checks not made")
    asked = HELLO.replace('Hello Ada, 1"}]', 'Hello Ada, 1"}], answer: {matches: .}')
    (folder / "asked.prompt").write_text(asked)
    done = aiapp("prompts", "test", "asked", "-d", folder, "-m", "local")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed, 0 checks not made, $0")
    (folder / "hello.prompt").write_text(HELLO.replace("Hello {{name}}", "Hi {{name}}"))
    done = aiapp("prompts", "test", folder / "hello.prompt")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("FAIL  ")
    assert "message 0 is 'Hi Ada, 1'; expected 'Hello Ada, 1'" in done.stdout
    (result,) = json.loads(aiapp("prompts", "test", folder / "hello.prompt", "--json").stdout)
    assert (result["passed"], result["checks"][0]["name"]) == (False, "messages")


def test_test_compares_by_the_embedder_that_is_named(folder: Path) -> None:
    similar = "answer: {similar: {to: east, at_least: 0.9}}, reply: eastish}]"
    (folder / "near.prompt").write_text(HELLO.replace('Hello Ada, 1"}]}', f'Hello Ada, 1"}}], {similar}'[:-1]))
    with WireServer(Vectors(((1.0, 0.0), (0.0, 1.0)), input_tokens=1000)) as server:
        env = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "k"}
        done = aiapp("prompts", "test", "near", "-d", folder, "--embedder", "openai:text-embedding-3-small", env=env)
    assert (done.returncode, done.stderr) == (1, "")
    assert "reply similar: cosine 0.00, expected 0.9" in done.stdout
    assert done.stdout.endswith("0 passed, 1 failed, 0 checks not made, $0.00002\n")
    wrong = aiapp("prompts", "test", "near", "-d", folder, "--embedder", "pigeon:post")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_diff_shows_text_tokens_and_cost_between_files_and_revisions(folder: Path) -> None:
    file, later = folder / "hello.prompt", folder / "later.prompt"
    later.write_text(HELLO.replace("Hello {{name}}", "Good evening {{name}}"))
    done = aiapp("prompts", "diff", file, later, "-m", "local", "-m", "openai:gpt-6-sol")
    assert done.returncode == 0
    assert "-Hello Ada, 1\n+Good evening Ada, 1\n" in done.stdout
    assert "local: " in done.stdout
    assert "$0 -> $0" in done.stdout
    assert "for the input of 1,000 calls" in done.stdout.splitlines()[-1]

    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "One"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, env=quiet)
    file.write_text(HELLO.replace("Hello {{name}}", "Hi {{name}}"))
    done = aiapp("prompts", "diff", "hello@HEAD", "hello", "-d", folder, "--run", "--json")
    found = json.loads(done.stdout)
    assert any(line == "+Hi Ada, 1" for line in found["cases"][0]["lines"])
    assert found["runs"] == [{"model": "local", "before": {"Ada": True}, "after": {"Ada": False}}]
    shown = aiapp("prompts", "diff", "hello@HEAD", "hello", "-d", folder, "--run").stdout
    assert "local: 1 of 1 -> 0 of 1 tests passed\n  now fails: Ada\n" in shown
    assert "One" in aiapp("prompts", "show", "hello", "-d", folder, "--history").stdout


def test_new_begins_a_prompt_that_passes(tmp_path: Path) -> None:
    done = aiapp("prompts", "new", "team/reply", "-d", tmp_path / "p", "--description", 'Say: "no".')
    assert done.stdout == f"{tmp_path / 'p' / 'team' / 'reply.prompt'}\n"
    assert aiapp("prompts", "lint", "team/reply", "-d", tmp_path / "p", "--strict").returncode == 0
    assert aiapp("prompts", "test", "team/reply", "-d", tmp_path / "p").returncode == 0
    assert Prompt.load("team/reply", tmp_path / "p").description == 'Say: "no".'
    before = (tmp_path / "p" / "team" / "reply.prompt").read_text()
    again = aiapp("prompts", "new", "team/reply", "-d", tmp_path / "p")
    assert again.returncode == 2
    other = json.loads(aiapp("prompts", "new", "other", "-d", tmp_path / "p", "--json").stdout)
    assert other == {"name": "other", "path": str(tmp_path / "p" / "other.prompt")}
    assert (tmp_path / "p" / "team" / "reply.prompt").read_text() == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["show", "no-such-prompt"], "prompt: 'no-such-prompt'"),
        (["lint", "no-such-prompt"], "prompt: 'no-such-prompt'"),
        (["test", "missing.prompt"], "a .prompt file that exists"),
        (["show", "missing.prompt"], "a .prompt file that exists"),
        (["show", "quote@no-such-revision"], "revision"),
        (["render", "quote"], "passage: missing"),
        (["render", "quote", "-v", "passage"], "name=value"),
        (["render", "quote", "--case", "none"], "case: 'none'"),
        (["render", "summarise", "-v", "text=t", "-v", "words=many"], "words: str, expected integer"),
        (["render", "quote", "--vars", "-"], "a JSON object"),
        (["list", "-d", "no-such-folder"], "a folder that exists"),
        (["test", "quote", "-m", "pigeon:post"], "unknown model 'pigeon:post'"),
        (["new", "../x"], "letters, digits"),
    ],
)
def test_wrong_input_is_one_clear_line_and_no_traceback(words: list[str], expected: str) -> None:
    done = aiapp("prompts", *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert expected in done.stderr


def test_every_verb_is_in_the_help() -> None:
    shown = aiapp("prompts", "--help").stdout
    assert all(f" {verb} " in shown for verb in ("list", "show", "render", "run", "lint", "test", "diff", "new"))
