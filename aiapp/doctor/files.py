"""Which files are looked at, and how each is read: the edge to the disk."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from aiapp.core.errors import InvalidInput
from aiapp.doctor.findings import Place
from aiapp.doctor.reading.config import read_config
from aiapp.doctor.reading.notebooks import read_notebook
from aiapp.doctor.reading.prompt_files import read_prompt
from aiapp.doctor.reading.python import read_python
from aiapp.doctor.reading.requirements import LOCKS, read_project, read_requirements
from aiapp.doctor.reading.secrets import read_secrets
from aiapp.doctor.sightings import Sighting, Unread

NEVER = {
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache",
    ".ruff_cache", ".pytest_cache", "site-packages", "dist", "build", ".eggs",
}  # fmt: skip
"""Folders that hold what others wrote, or what was made from the project."""
_OF_TOOLS = {"package.json", "package-lock.json", "composer.lock", "Pipfile.lock", "tsconfig.json"}
_REQUIREMENTS = re.compile(r"(?i)(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in)")
_KINDS = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
_READ = {".py", ".pyi", ".ipynb", ".prompt", *_KINDS}
LARGEST = 1_000_000
"""Bytes; a larger file is data."""


def files_below(path: Path, exclude: Sequence[str] = ()) -> Iterator[Path]:
    """The files below a path that can be read: those of git and new ones that it does not ignore, else all."""
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise InvalidInput("path", str(path), "a file or a folder that is there")
    listed = _listed_by_git(path)
    for file in sorted(listed if listed is not None else _walked(path)):
        relative = file.relative_to(path)
        if not NEVER & set(relative.parts) and _is_read(file) and not matches(relative.as_posix(), exclude):
            yield file


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path, or a folder that it is in, fits one of several patterns such as `tests` or `*.lock`."""
    folders = [path, *(parent.as_posix() for parent in Path(path).parents)]
    return any(fnmatch(one, pattern.rstrip("/")) for one in folders for pattern in patterns)


def read_file(file: Path, shown: str) -> tuple[str, list[Sighting]]:
    """The text of a file, and what was seen in it; `shown` is its name in findings."""
    if file.stat().st_size > LARGEST and file.name not in LOCKS:
        return "", []
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", [Unread(Place(shown), "not UTF-8")]
    return text, [*_sightings(file, text, shown), *read_secrets(text, shown)]


def _sightings(file: Path, text: str, shown: str) -> Iterator[Sighting]:
    name, suffix = file.name, file.suffix
    if name in LOCKS:
        yield from read_project(text, shown)
    elif suffix in (".py", ".pyi"):
        yield from read_python(text, lambda line, column: Place(shown, line, column))
    elif suffix == ".ipynb":
        yield from read_notebook(text, shown)
    elif suffix == ".prompt":
        yield from read_prompt(text, shown)
    elif _REQUIREMENTS.fullmatch(name):
        yield from read_requirements(text, shown)
    elif is_env(name):
        yield from read_config(text, shown, "env")
    elif suffix in _KINDS:
        if name == "pyproject.toml":
            yield from read_project(text, shown)
        yield from read_config(text, shown, _KINDS[suffix])


def is_env(name: str) -> bool:
    """Whether a file of this name gives variables their values."""
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def _is_read(file: Path) -> bool:
    name = file.name
    if name in _OF_TOOLS:
        return False
    return file.suffix in _READ or name in LOCKS or is_env(name) or _REQUIREMENTS.fullmatch(name) is not None


def _listed_by_git(path: Path) -> list[Path] | None:
    """What git knows or would add; None outside of a repository, or without git."""
    command = ["git", "-C", str(path), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    names = dict.fromkeys(os.fsdecode(name) for name in done.stdout.split(b"\0") if name)
    return [file for name in names if (file := path / name).is_file()]


def _walked(path: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(path):
        below[:] = [name for name in below if name not in NEVER]
        yield from (Path(folder) / name for name in names)
