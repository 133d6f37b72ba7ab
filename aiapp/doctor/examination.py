"""An examination: files to sightings, sightings to findings, and which of these are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, assert_never

from aiapp.core.accepted import instance, several
from aiapp.doctor.checks.keys import key_findings, secret_finding
from aiapp.doctor.checks.models import model_findings
from aiapp.doctor.checks.packages import installed_findings, requirement_findings, unmet_findings
from aiapp.doctor.checks.schemas import schema_findings
from aiapp.doctor.checks.settings import setting_findings
from aiapp.doctor.environment import installed_packages, unmet_needs, variables
from aiapp.doctor.files import files_below, is_env, matches, read_file
from aiapp.doctor.findings import Finding, Place
from aiapp.doctor.options import Options
from aiapp.doctor.reading.config import variable_names
from aiapp.doctor.sightings import (
    KeyNeeded,
    ModelSeen,
    Requirement,
    SecretSeen,
    Sighting,
    Surroundings,
    Unread,
    VolatileSeen,
)

_PATH = instance('a path, such as Path("src")', Path)
_OF_MODELS = ("AI1", "AI2", "AI3", "AI4", "AI501")
_SILENCED = re.compile(r"(?:#|//)\s*aiapp:\s*ignore\b(?:\[(?P<codes>[\w\s,]*)\])?")


@dataclass(frozen=True, slots=True)
class Examination:
    """The findings in the order of their places; how many files were read, how many models were seen in them, and how
    many findings a comment silenced."""

    findings: tuple[Finding, ...]
    files: int
    models: int
    silenced: int
    in_tests: int = 0
    """Findings about models in tests, where no model is asked as a rule; they are told only where that is wanted."""


def examine(paths: Iterable[Path], options: Options, root: Path | None = None) -> Examination:
    """Read the files below some paths, and tell what is wrong.

    Patterns of paths count from `root`, else from here; one that would leave out a path that was given does not count.
    """
    texts = dict[str, str]()
    seen: list[Sighting] = []
    around: set[str] = set()
    given = several("paths", paths, "several paths; for one, a list of one")
    _PATH.check_each("paths", given)
    for path in given:
        left_out = [one for one in options.exclude if not matches(_from(root, path), [one])]
        for file in files_below(path, left_out):
            shown = file.as_posix()
            if shown in texts or matches(_from(root, file), left_out):
                continue
            texts[shown], sightings = read_file(file, shown)
            seen.extend(sightings)
        around.update(_variables_of(path))
    installed = installed_packages() if options.environment else {}
    requirements = tuple(one for one in seen if isinstance(one, Requirement))
    versions = {name: one.version for name, one in installed.items()}
    surroundings = Surroundings(versions, frozenset(around) | variables(), requirements)
    found = [*findings_of(seen, options, surroundings)]
    if options.environment:
        found += [*installed_findings(versions), *unmet_findings([*unmet_needs(installed)])]
    asked = sorted({one for one in found if options.wants(one.code) and not _ignored(one, options, root)})
    told = [one for one in asked if not _silenced(one, texts)]
    kept = [one for one in told if options.tests or not _is_of_a_test(one)]
    models = sum(isinstance(one, ModelSeen) for one in seen)
    return Examination(tuple(kept), len(texts), models, len(asked) - len(told), len(told) - len(kept))


def findings_of(seen: Sequence[Sighting], options: Options, around: Surroundings) -> Iterator[Finding]:
    """The findings of what was seen. Pure."""
    for one in seen:
        match one:
            case ModelSeen():
                yield from model_findings(one, options.today, options.within)
                yield from setting_findings(one, around)
                yield from schema_findings(one)
            case VolatileSeen(what, place, breakpoint):
                message = f"{what} changes with every call, ahead of the cache breakpoint ({breakpoint})"
                yield Finding(place, "AI401", message, "move it behind the breakpoint, into the last message")
            case SecretSeen():
                yield secret_finding(one)
            case Unread(place, reason):
                yield Finding(place, "AI901", reason)
            case KeyNeeded() | Requirement():
                pass  # told together, below
            case _:
                assert_never(one)
    yield from requirement_findings(around.requirements)
    if options.environment:
        yield from key_findings((one for one in seen if isinstance(one, KeyNeeded)), around.variables)


def _is_of_a_test(finding: Finding) -> bool:
    """Whether it is about a model, and stands where a scripted one answers."""
    *folders, name = finding.place.path.split("/")
    test = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return finding.code.startswith(_OF_MODELS) and (test or any(one in ("test", "tests") for one in folders))


def _variables_of(path: Path) -> Iterator[str]:
    """The names in .env files at a path itself, which git as a rule ignores."""
    for file in path.iterdir() if path.is_dir() else ():
        if is_env(file.name) and file.is_file() and not file.name.endswith((".example", ".sample", ".template")):
            yield from variable_names(file.read_text(encoding="utf-8", errors="replace"))


def _from(root: Path | None, file: Path) -> str:
    full = file.resolve()
    base = (root or Path()).resolve()
    return full.relative_to(base).as_posix() if full.is_relative_to(base) else full.as_posix()


def _ignored(finding: Finding, options: Options, root: Path | None) -> bool:
    path = _from(root, Path(finding.place.path))
    return any(
        finding.code.startswith(codes) for pattern, codes in options.per_file.items() if matches(path, [pattern])
    )


def _silenced(finding: Finding, texts: dict[str, str]) -> bool:
    match = _SILENCED.search(_line(finding.place, texts.get(finding.place.path, "")))
    if match is None:
        return False
    codes = tuple(code.strip() for code in (match["codes"] or "").split(",") if code.strip())
    return match["codes"] is None or finding.code.startswith(codes or ("-",))


def _line(place: Place, text: str) -> str:
    lines = _cells(text)[place.cell - 1] if place.cell else text.split("\n")
    return lines[place.line - 1] if place.line <= len(lines) else ""


@cache
def _cells(text: str) -> list[list[str]]:
    """A notebook's cells, a list of lines each."""
    cells: list[Any] = json.loads(text)["cells"]
    return [("".join(one["source"]) if isinstance(one["source"], list) else one["source"]).split("\n") for one in cells]
