"""What the tests of the doctor share: a text to its findings, on a day that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from aiapp.doctor.examination import findings_of
from aiapp.doctor.findings import Finding, Place
from aiapp.doctor.options import Options
from aiapp.doctor.reading.python import read_python
from aiapp.doctor.sightings import Requirement, Sighting, Surroundings

TODAY = date(2026, 11, 21)
OPTIONS = Options(today=TODAY)


def at(path: str) -> Callable[[int, int], Place]:
    return lambda line, column: Place(path, line, column)


def of_python(text: str, around: Surroundings | None = None) -> list[Finding]:
    """The findings of a program, without those about keys."""
    return [one for one in of(read_python(text, at("app.py")), around) if one.code != "AI501"]


def of(seen: Iterator[Sighting], around: Surroundings | None = None) -> list[Finding]:
    """The findings of what was seen; what is asked for counts as asked for."""
    told = list(seen)
    requirements = tuple(one for one in told if isinstance(one, Requirement))
    return sorted(set(findings_of(told, OPTIONS, around or Surroundings(requirements=requirements))))


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]
