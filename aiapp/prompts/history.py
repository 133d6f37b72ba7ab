"""History: what git knows of a prompt file, where it lies in a repository."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiapp.core.errors import InvalidInput

_FIELDS = "%H%x1f%aI%x1f%an%x1f%s"


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of a file: the commit, when it was made and by whom, and the first line of what they said of it."""

    commit: str
    date: datetime
    author: str
    subject: str
    path: str
    """The file's path in the repository at that time."""


def revisions(file: Path) -> tuple[Revision, ...]:
    """The changes of a file, renames followed, the latest first; none where there is no repository."""
    shown = _git(file.parent, "log", "--follow", "--name-only", f"--format=%x1e{_FIELDS}", "--", file.name)
    return tuple(_revision(record) for record in (shown or "").split("\x1e")[1:])


def text_at(file: Path, revision: str) -> str:
    """The text of a file at a revision, such as `HEAD~1`, a tag, or part of a commit's name."""
    commit = _git(file.parent, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise InvalidInput("revision", revision, f"a revision of the git repository that {file.parent} lies in")
    text = _git(file.parent, "show", f"{commit.strip()}:./{file.name}")
    if text is None:
        earlier = next((one for one in revisions(file) if one.commit == commit.strip()), None)
        text = None if earlier is None else _git(file.parent, "show", f"{earlier.commit}:{earlier.path}")
    if text is None:
        raise InvalidInput("revision", revision, f"a revision that holds {file.name}")
    return text


def _revision(record: str) -> Revision:
    line, _, paths = record.partition("\n")
    commit, date, author, subject = line.split("\x1f", 3)
    return Revision(commit, datetime.fromisoformat(date), author, subject, paths.strip())


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it fails, or is not there."""
    command = ["git", "-c", "core.quotePath=off", "-c", "log.showSignature=false", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
