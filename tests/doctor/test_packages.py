"""Requirements: every form that they are written in, and each row of the table of packages that do not fit."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.doctor.checks.packages import clashes, installed_findings, unmet_findings
from aiapp.doctor.checks.versions import inside
from aiapp.doctor.findings import RULES
from aiapp.doctor.reading.requirements import read_project, read_requirements
from aiapp.doctor.sightings import Requirement
from tests.doctor.seeing import codes, of

CLASHES = [
    ("openai>=3\nlitellm>=1.84,<1.106", "AI601", 2),
    ("openai==3.52.0\nlitellm==1.90.0", "AI601", 2),
    ("litellm==1.82.7", "AI602", 1),
    ("# pins\nlitellm==1.82.8  # newest\n", "AI602", 2),
    ("openai>=3,<4\nrespx==0.22", "AI603", 2),
    ("anthropic~=2.11\npytest-httpx<=0.36", "AI603", 2),
    ("sentence-transformers[onnx]==6.2.0", "AI601", 1),
    ("mcp>=2\nmcp-server-sqlite==2025.4.25", "AI601", 2),
]
FITTING = [
    "openai>=3\nlitellm>=1.107.0rc2",
    "openai>=3\nlitellm==1.83.0",
    "openai<3\nlitellm==1.90.0",
    "openai\nlitellm",
    "litellm!=1.82.7,!=1.82.8",
    "openai>=2\nrespx==0.22",
    "openai>=3\nrespx",
    "sentence-transformers==6.2.0",
    "-r other.txt\n--hash=sha256:00\n# litellm==1.82.7\n./local\nnot a requirement at all",
]


@pytest.mark.parametrize(("text", "code", "line"), CLASHES)
def test_what_does_not_fit_is_told_at_its_line(text: str, code: str, line: int) -> None:
    (finding,) = of(read_requirements(text, "requirements.txt"))
    assert (finding.code, finding.place.line) == (code, line)
    assert finding.fix
    assert finding.source


@pytest.mark.parametrize("text", FITTING)
def test_what_may_fit_is_not_told(text: str) -> None:
    assert of(read_requirements(text, "requirements.txt")) == []


def test_requirements_of_two_projects_are_not_held_together() -> None:
    one = [*read_requirements("openai>=3", "a/requirements.txt")]
    assert of(iter([*one, *read_requirements("litellm==1.90", "b/requirements.txt")])) == []
    assert codes(of(iter([*one, *read_requirements("litellm==1.90", "a/dev-requirements.txt")]))) == ["AI601"]


def test_the_forms_of_a_project_file() -> None:
    text = """\
[project]
dependencies = ["OpenAI >=3", "x ; python_version > '3'"]
[project.optional-dependencies]
lite = ["litellm[proxy]==1.90"]
[dependency-groups]
dev = ["respx<0.23", {include-group = "x"}]
[tool.poetry.dependencies]
python = "^3.11"
anthropic = "^0.40.1"
mcp = {version = "~1.2", extras = ["cli"]}
a = "*"
b = "1.2.3"
c = {path = "../c"}
[tool.poetry.group.dev.dependencies]
d = ">=1,<2"
"""
    told = [one for one in read_project(text, "pyproject.toml") if isinstance(one, Requirement)]
    assert {one.name: one.versions for one in told} == {
        "openai": ">=3", "x": "", "litellm": "==1.90", "respx": "<0.23", "anthropic": ">=0.40.1,<0.41",
        "mcp": ">=1.2,<1.3", "a": "", "b": "==1.2.3", "c": "", "d": ">=1,<2",
    }  # fmt: skip
    assert {one.name: one.place.line for one in told}["litellm"] == 4
    assert {one.name: one.place.line for one in told}["mcp"] == 10
    assert codes(of(iter(told))) == ["AI603", "AI601"] or codes(of(iter(told))) == ["AI601", "AI603"]


def test_a_lock_file_tells_the_very_release() -> None:
    text = '[[package]]\nname = "litellm"\nversion = "1.82.8"\n\n[[package]]\nname = "httpx"\nversion = "0.28.1"\n'
    (finding,) = of(read_project(text, "uv.lock"))
    assert (finding.code, str(finding.place)) == ("AI602", "uv.lock:2:1")


def test_what_is_installed() -> None:
    (finding,) = installed_findings({"openai": "3.52.0", "litellm": "1.90.0"})
    assert (finding.code, str(finding.place)) == ("AI601", "(installed):1:1")
    assert list(installed_findings({"openai": "3.52.0", "litellm": "1.107.0rc2"})) == []
    (unmet,) = unmet_findings([("litellm", "1.90.0", "openai<3", "3.52.0")])
    assert str(unmet).endswith("AI604 litellm 1.90.0 asks for openai<3, and 3.52.0 is installed")


def test_the_table_is_dated_sourced_and_has_known_codes() -> None:
    for clash in clashes():
        assert clash.code in RULES
        assert clash.at in clash.where
        assert date(2026, 1, 1) < clash.as_of <= date(2026, 11, 21)
        assert clash.message
        assert clash.fix
        assert clash.source


releases = st.tuples(st.integers(0, 3), st.integers(0, 12)).map(lambda parts: f"{parts[0]}.{parts[1]}")
ranges = st.tuples(st.sampled_from([">=", "<", "<=", ">", "==", "!="]), releases).map("".join)


@given(st.lists(ranges, min_size=1, max_size=2), st.lists(ranges, min_size=1, max_size=2))
def test_a_range_inside_another_has_no_release_outside_of_it(asked: list[str], known: list[str]) -> None:
    from packaging.specifiers import SpecifierSet

    wanted, bound = SpecifierSet(",".join(asked)), SpecifierSet(",".join(known))
    every = [f"{major}.{minor}.{patch}" for major in range(5) for minor in range(14) for patch in range(2)]
    fitting = [version for version in every if wanted.contains(version)]
    if inside(str(wanted), str(bound)):
        assert all(bound.contains(version) for version in fitting)
    elif fitting:
        outside = [version for version in fitting if not bound.contains(version)]
        assert outside or not wanted.contains("99999") or not bound.contains("99999")
