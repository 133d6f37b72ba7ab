"""What the doctor is asked: which day, rules and files. The command line's stand over `[tool.aiapp.doctor]`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aiapp.core.accepted import instance
from aiapp.core.errors import InvalidInput
from aiapp.doctor.findings import RULES

DEFAULT_DAYS = 90
_DAY = instance("a date", date)
_SPAN = instance("a timedelta, such as timedelta(days=90)", timedelta)


@dataclass(frozen=True, slots=True)
class Options:
    """How to examine. `select` and `ignore` are codes or their beginnings; an ignored one wins. `per_file` gives codes
    to ignore by a pattern of paths. `environment` asks for the installed packages and the variables too, `tests` for
    what is wrong with models in tests."""

    today: date = field(default_factory=date.today)
    within: timedelta = timedelta(days=DEFAULT_DAYS)
    select: tuple[str, ...] = ("AI",)
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    environment: bool = True
    tests: bool = False

    def __post_init__(self) -> None:
        _DAY.check("today", self.today)
        _SPAN.check("within", self.within)
        for name in ("select", "ignore"):
            _checked(name, getattr(self, name))
        if self.within < timedelta(0):
            raise InvalidInput("within", self.within.days, "a number of days from 0")

    def wants(self, code: str) -> bool:
        """Whether a rule is asked for."""
        return code.startswith(self.select) and not code.startswith(self.ignore)


def project_options(start: Path) -> tuple[Options, Path | None]:
    """The options of the nearest pyproject.toml with `[tool.aiapp.doctor]`, and the folder that it stands in."""
    folder = start.resolve() if start.is_dir() else start.resolve().parent
    for one in (folder, *folder.parents):
        file = one / "pyproject.toml"
        if file.is_file():
            table = _table(file)
            if table is not None:
                return _options(table, file), one
    return Options(), None


def _table(file: Path) -> Mapping[str, Any] | None:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None  # the reading tells of it
    found: Mapping[str, Any] | None = data.get("tool", {}).get("aiapp", {}).get("doctor")
    return found


def _options(table: Mapping[str, Any], file: Path) -> Options:
    given = dict[str, Any]()
    for key, value in table.items():
        if key in ("select", "ignore", "exclude"):
            given[key] = _texts(f"{file}: {key}", value)
        elif key == "within" and isinstance(value, int):
            given[key] = timedelta(days=value)
        elif key == "tests" and isinstance(value, bool):
            given[key] = value
        elif key == "per-file-ignores" and isinstance(value, Mapping):
            patterns: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
            given["per_file"] = {pattern: _texts(f"{file}: {key}", codes) for pattern, codes in patterns.items()}
            for codes in given["per_file"].values():
                _checked(key, codes)
        else:
            accepted = "select, ignore, exclude, per-file-ignores (lists of texts), within (days), tests"
            raise InvalidInput(f"{file}: tool.aiapp.doctor", f"{key} = {value!r}", accepted)
    return Options(**given)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):  # pyright: ignore[reportUnknownVariableType]
        raise InvalidInput(name, str(value), "a list of texts")  # pyright: ignore[reportUnknownArgumentType]
    texts: list[str] = value  # pyright: ignore[reportUnknownVariableType]
    return tuple(texts)


def _checked(name: str, codes: Iterable[str]) -> None:
    for code in codes:
        if not code or not any(known.startswith(code) for known in RULES):
            raise InvalidInput(name, code, f"a code or its beginning, such as AI1; codes: {', '.join(RULES)}")
