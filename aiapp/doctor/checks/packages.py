"""Packages that do not fit together: as they are asked for, by our table; as they are installed, by their metadata."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from aiapp.doctor.checks.versions import inside
from aiapp.doctor.findings import Finding, Place
from aiapp.doctor.sightings import Requirement

ENVIRONMENT = Place("(installed)")


@dataclass(frozen=True, slots=True)
class Clash:
    """A row of the table: what must be asked for, and at which of these the finding stands."""

    name: str
    code: str
    where: Mapping[str, str]
    at: str
    message: str
    fix: str
    source: str
    as_of: date
    extra: str = ""


@cache
def clashes() -> tuple[Clash, ...]:
    """The rows of the table."""
    text = (files("aiapp.doctor.checks") / "packages.toml").read_text(encoding="utf-8")
    return tuple(Clash(name=name, **row) for name, row in tomllib.loads(text).items())


def packages_named() -> set[str]:
    """The packages that the table is about."""
    return {package for clash in clashes() for package in clash.where}


def requirement_findings(requirements: Sequence[Requirement]) -> Iterator[Finding]:
    """What cannot be had together of what is asked for in one folder."""
    for clash in clashes():
        for one in requirements:
            if one.name == clash.at and _fits(one, clash) and _beside(clash, one, requirements):
                yield _finding(clash, one.place)


def installed_findings(installed: Mapping[str, str]) -> Iterator[Finding]:
    """The same of what is installed: a release of each."""
    present = [Requirement(name, f"=={version}", ENVIRONMENT) for name, version in installed.items()]
    for finding in requirement_findings(present):
        yield Finding(ENVIRONMENT, finding.code, finding.message, finding.fix, finding.source)


def unmet_findings(unmet: Sequence[tuple[str, str, str, str | None]]) -> Iterator[Finding]:
    """Installed packages whose needs others do not meet: package, its version, what it asks for, what is there."""
    for package, version, asked, found in unmet:
        there = "is not installed" if found is None else f"{found} is installed"
        yield Finding(ENVIRONMENT, "AI604", f"{package} {version} asks for {asked}, and {there}", source="metadata")


def _beside(clash: Clash, at: Requirement, requirements: Sequence[Requirement]) -> bool:
    folder = at.place.path.rpartition("/")[0]
    beside = [one for one in requirements if one.place.path.rpartition("/")[0] == folder]
    others = [(name, versions) for name, versions in clash.where.items() if name != clash.at]
    return all(any(one.name == name and inside(one.versions, versions) for one in beside) for name, versions in others)


def _fits(one: Requirement, clash: Clash) -> bool:
    return (not clash.extra or clash.extra in one.extras) and inside(one.versions, clash.where[clash.at])


def _finding(clash: Clash, place: Place) -> Finding:
    return Finding(place, clash.code, clash.message, clash.fix, f"{clash.source}, {clash.as_of}")
