"""What a project asks for: requirements files, pyproject.toml (PEP 621, dependency groups, Poetry) and lock files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.doctor.findings import Place
from aiapp.doctor.sightings import Requirement, Unread

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")


def read_requirements(text: str, path: str) -> Iterator[Requirement]:
    """A requirements file, a line each."""
    for number, line in enumerate(text.splitlines(), 1):
        asked = line.partition(" #")[0].partition(" --")[0].strip().rstrip("\\").strip()
        if asked and not asked.startswith(("#", "-")):
            yield from _requirement(asked, Place(path, number, line.index(asked[0]) + 1))


def read_project(text: str, path: str) -> Iterator[Requirement | Unread]:
    """A pyproject.toml or a lock file."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield Unread(Place(path), f"not TOML: {error}")
        return
    find = _Finder(text, path)
    for package in data.get("package", data.get("packages", [])) if path.endswith(LOCKS) else ():
        if isinstance(package, Mapping) and "version" in package:
            name, version = str(package["name"]), str(package["version"])  # pyright: ignore[reportUnknownArgumentType]
            yield Requirement(_plain(name), f"=={version}", find.place(f'name = "{name}"'), locked=True)
    for asked in _asked(data):
        yield from _requirement(asked, find.place(asked))
    for name, versions in _poetry(data):
        yield Requirement(_plain(name), versions, find.place(name))


class _Finder:
    """Where texts stand in a file, each time a little further."""

    def __init__(self, text: str, path: str) -> None:
        self._text, self._path = text, path
        self._reached: dict[str, int] = {}

    def place(self, wanted: str) -> Place:
        begin = self._text.find(wanted, self._reached.get(wanted, 0))
        if begin < 0:
            return Place(self._path)
        self._reached[wanted] = begin + 1
        return Place(self._path, self._text.count("\n", 0, begin) + 1, begin - self._text.rfind("\n", 0, begin))


def _asked(data: Mapping[str, Any]) -> Iterator[str]:
    project = data.get("project", {})
    groups = [
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *data.get("dependency-groups", {}).values(),
        data.get("tool", {}).get("uv", {}).get("dev-dependencies", []),
    ]
    for group in groups:
        yield from (one for one in group if isinstance(one, str))


def _poetry(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    poetry = data.get("tool", {}).get("poetry", {})
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    for table in tables:
        for name, asked in table.items():
            versions: Any = asked.get("version", "") if hasattr(asked, "get") else asked
            if isinstance(versions, str) and name != "python":
                yield name, ",".join(_pep440(part.strip()) for part in versions.split(",") if part.strip())


def _pep440(versions: str) -> str:
    """Poetry's `^1.2`, `~1.2` and `1.2` in the form of PEP 440."""
    if versions == "*":
        return ""
    match = re.fullmatch(r"(?P<mark>[\^~]?)\s*(?P<version>\d[\w.]*)", versions)
    if match is None:
        return versions
    if not match["mark"]:
        return f"=={match['version']}"
    release = [int(part) for part in re.findall(r"\d+", match["version"])]
    kept = 2 if match["mark"] == "~" and len(release) > 1 else 1
    if match["mark"] == "^":
        kept = next((place + 1 for place, number in enumerate(release) if number), len(release))
    upper = [*release[: kept - 1], release[kept - 1] + 1]
    return f">={match['version']},<{'.'.join(map(str, upper))}"


def _requirement(asked: str, place: Place) -> Iterator[Requirement]:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    try:
        parsed = Parsed(asked)
    except InvalidRequirement:
        return
    extras = tuple(sorted(parsed.extras))
    locked = str(parsed.specifier).startswith("==")
    yield Requirement(_plain(parsed.name), str(parsed.specifier), place, extras, locked)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
