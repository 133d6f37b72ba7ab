"""A TOML file of the user's, read field by field; what cannot be used is said with its file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiapp.core.errors import InvalidInput

MONEY = "a number of dollars that is not below 0"


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file and what it holds, numbers with a point as exact decimals."""

    path: Path
    text: str
    table: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> TomlFile:
        """The file; one that is not TOML is `InvalidInput` with its line."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(str(path), error.object[error.start : error.start + 8], "text in UTF-8") from error
        except OSError as error:
            raise InvalidInput("catalogue file", str(path), f"a file that can be read ({error.strerror})") from error
        try:
            return cls(path, text, tomllib.loads(text, parse_float=Decimal))
        except tomllib.TOMLDecodeError as error:
            lines = text.splitlines() or [""]
            place = re.search(r"line (\d+)", str(error))
            number = min(int(place[1]) if place else len(lines), len(lines))
            said = str(error).split(" (at")[0]
            raise InvalidInput(f"{path}:{number}", lines[number - 1], f"TOML ({said})") from error

    def sections(self, name: str) -> dict[str, Section]:
        """The sections `[NAME."..."]` by the second part of their names."""
        whole = Section(self, (name,), self.table.get(name, {}))
        return {key: Section(self, (name, key), value) for key, value in whole.table.items()}

    def place(self, where: Sequence[str]) -> str:
        """The file, the line of the last of these names that is found in it, and the names."""
        lines, line = self.text.splitlines(), 0
        for name in where:
            pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
            line = next((number for number in range(line, len(lines)) if pattern.search(lines[number])), line)
        return f"{self.path}:{line + 1}: {'.'.join(where)}"


class Section:
    """A table of a file. Every reading method raises `InvalidInput` where the value is of another kind."""

    def __init__(self, file: TomlFile, where: tuple[str, ...], table: object) -> None:
        self._file, self._where = file, where
        if not isinstance(table, dict):
            raise InvalidInput(file.place(where), table, f"a section such as [{'.'.join(where)}]")
        self.table: dict[str, Any] = table

    def wrong(self, name: str, accepted: str) -> InvalidInput:
        """The error that a field cannot be used."""
        return InvalidInput(self._file.place((*self._where, name)), self.table.get(name), accepted)

    def only(self, *accepted: str) -> None:
        """Refuse a field with another name."""
        for name in self.table:
            if name not in accepted:
                place = self._file.place((*self._where, name))
                raise InvalidInput(place, name, f"a field named {', '.join(accepted)}")

    def part(self, name: str) -> Section:
        """A table within this one."""
        return Section(self._file, (*self._where, name), self.table[name])

    def parts(self, name: str) -> list[Section]:
        """A list of tables within this one."""
        return [Section(self._file, (*self._where, name), one) for one in self._list(name, "a list of tables")]

    def facts(self, kinds: Mapping[str, Callable[[Section, str], Any]]) -> dict[str, Any]:
        """The fields of these kinds that are there."""
        return {name: kind(self, name) for name, kind in kinds.items() if name in self.table}

    def words(self, name: str) -> str:
        """A text that is not empty."""
        value: str = self._of(name, "a text", lambda value: isinstance(value, str) and bool(value))
        return value

    def several(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        found = self._list(name, "a list of texts")
        if not all(isinstance(one, str) for one in found):
            raise self.wrong(name, "a list of texts")
        return tuple(found)

    def flag(self, name: str) -> bool:
        """True or false."""
        value: bool = self._of(name, "true or false", lambda value: isinstance(value, bool))
        return value

    def count(self, name: str) -> int:
        """A whole number above 0."""
        value: int = self._of(name, "a whole number above 0", lambda value: type(value) is int and value > 0)
        return value

    def size(self, name: str) -> float:
        """A number above 0."""
        return float(
            self._of(
                name, "a number above 0", lambda value: type(value) in (int, Decimal) and value > 0 and value < 1e15
            )
        )

    def day(self, name: str) -> date:
        """A date, without a time."""
        accepted = "a date such as 2026-11-21, without quotation marks"
        value: date = self._of(name, accepted, lambda value: type(value) is date)
        return value

    def money(self, name: str) -> Decimal:
        """An amount that is not negative, from a number or the text of one."""
        value = self.table[name]
        try:
            amount = Decimal(value) if type(value) in (int, Decimal, str) else Decimal("nan")
        except ArithmeticError:
            amount = Decimal("nan")
        if not amount.is_finite() or amount < 0:
            raise self.wrong(name, MONEY)
        return amount

    def _list(self, name: str, accepted: str) -> list[Any]:
        value: list[Any] = self._of(name, accepted, lambda value: isinstance(value, list))
        return value

    def _of(self, name: str, accepted: str, fits: Callable[[Any], bool]) -> Any:
        value = self.table[name]
        if not fits(value):
            raise self.wrong(name, accepted)
        return value
