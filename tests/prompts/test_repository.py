"""The repository: names by folder, variants, overriding, partials, and what git knows."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import user
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.repository import PromptRepository, packaged_prompts


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        file = folder / f"{name.replace('__', '/')}.prompt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def git(folder: Path, *words: str) -> None:
    who = {f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, env={**os.environ, **who, **quiet})


def test_names_come_from_folders_and_variants_from_endings(tmp_path: Path) -> None:
    write(tmp_path, hello="Hi", team__hello="Team", **{"team/hello.short": "T", "team/_tone": "kind"})
    (tmp_path / ".hidden").mkdir()
    write(tmp_path / ".hidden", secret="x")
    prompts = PromptRepository(tmp_path, packaged=False)
    assert prompts.names == ("hello", "team/hello")
    assert prompts.variants("team/hello") == ("short",)
    assert [file.full_name for file in prompts] == ["hello", "team/hello", "team/hello.short"]
    assert prompts.load("team/hello", variant="short").render().messages == (user("T"),)
    short = prompts.load("team/hello.short")
    assert (short.name, short.variant) == ("team/hello", "short")
    assert "team/hello" in prompts
    assert "team/_tone" not in prompts.names
    with pytest.raises(InvalidInput, match=r"variant of team/hello: 'long' .*: short"):
        prompts.load("team/hello", variant="long")


def test_the_first_folder_that_has_a_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, ours = write(tmp_path / "mine", quote="Mine: {{passage}}{{question}}"), write(tmp_path / "ours", extra="E")
    (file,) = [one for one in PromptRepository(mine, ours) if one.name == "quote"]
    assert (file.path, file.packaged, file.overrides) == (mine / "quote.prompt", False, True)
    assert {"quote", "extra", "grounded-answer"} <= set(PromptRepository(mine, ours).names)
    assert Prompt.load("quote").name == "quote"
    monkeypatch.setenv("AIAPP_PROMPTS", os.pathsep.join([str(mine), str(ours)]))
    assert Prompt.load("quote").render(passage="a", question="b").messages == (user("Mine: ab"),)
    assert Prompt.load("extra").render().messages == (user("E"),)
    monkeypatch.setenv("AIAPP_PROMPTS", str(tmp_path / "none"))
    with pytest.raises(InvalidInput, match="a folder that exists"):
        PromptRepository()


def test_a_partial_stands_beside_its_prompt_or_at_the_top(tmp_path: Path) -> None:
    write(tmp_path, _a="top", _b="B", team___a="near", team__x="{{> a}} {{> b}}", y="{{> team/a}}", z="{{> c}}")
    prompts = PromptRepository(tmp_path, packaged=False)
    assert prompts.load("team/x").render().messages == (user("near B"),)
    assert prompts.load("y").render().messages == (user("near"),)
    with pytest.raises(InvalidInput, match=r"/z\.prompt:1:1: partial: 'c' .* a, b"):
        prompts.load("z")


def test_no_name_leads_out_of_a_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="{{> ../secret}}")
    write(tmp_path, secret="x", _secret="x")
    for name in ("../secret", str(tmp_path / "secret"), "a"):
        with pytest.raises(InvalidInput):
            PromptRepository(folder).load(name)


def test_descriptions_are_read_however_they_are_written(tmp_path: Path) -> None:
    texts = {
        "plain": "---\ndescription: Says hello: twice\n---\nx",
        "one": "---\ndescription: Says hello. # not this\n---\nx",
        "quoted": '---\ndescription: "Says: hello"\n---\nx',
        "folded": "---\ndescription: Says\n  hello.\n---\nx",
        "block": "---\ndescription: >-\n  Says\n  hello.\n---\nx",
        "none": "---\nmodel: local\n---\nx",
        "bare": "description: no",
    }
    del texts["plain"]  # is no YAML
    write(tmp_path, **texts)
    found = {file.name: file.description for file in PromptRepository(tmp_path, packaged=False)}
    assert found == {
        "one": "Says hello.",
        "quoted": "Says: hello",
        "folded": "Says hello.",
        "block": "Says hello.",
        "none": "",
        "bare": "",
    }
    assert all(Prompt.load(name, tmp_path).description == said for name, said in found.items())


def test_a_prompt_is_found_by_the_hash_that_a_receipt_carries() -> None:
    prompts = PromptRepository()
    file = prompts.find(prompts.load("quote").hash)
    assert file is not None
    assert file.path == packaged_prompts() / "quote.prompt"
    assert prompts.find("no hash") is None


def test_git_knows_what_a_prompt_was(tmp_path: Path) -> None:
    write(tmp_path / "p", hello="Hi {{> who}}", _who="you")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "Say hi")
    git(tmp_path, "mv", "p/hello.prompt", "p/greet.prompt")
    git(tmp_path, "commit", "-qm", "Rename")
    write(tmp_path / "p", greet="Hello {{> who}}", _who="friend")
    git(tmp_path, "commit", "-qam", "Be formal: a\x1fb")
    prompts = PromptRepository(tmp_path / "p", packaged=False)

    latest, renamed, first = prompts.history("greet")
    assert [one.subject for one in (renamed, first)] == ["Rename", "Say hi"]
    assert latest.author == "a@b.example"
    assert prompts.load("greet").render().messages == (user("Hello friend"),)
    assert prompts.load("greet", revision="HEAD~1").render().messages == (user("Hi you"),)
    assert prompts.load("greet", revision=first.commit[:10]).render().messages == (user("Hi you"),)
    for wrong in ("HEAD~9", "--all", "nothing"):
        with pytest.raises(InvalidInput, match="revision"):
            prompts.load("greet", revision=wrong)


def test_where_there_is_no_git_there_is_no_history(tmp_path: Path) -> None:
    prompts = PromptRepository(write(tmp_path, hello="Hi"), packaged=False)
    assert prompts.history("hello") == ()
    with pytest.raises(InvalidInput, match="a revision of the git repository"):
        prompts.load("hello", revision="HEAD")
