"""Spans as JSON Lines: a file with an object a line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiapp.core.accepted import instance
from aiapp.core.errors import InvalidInput
from aiapp.tracking.exporter import Exporter
from aiapp.tracking.span import Span

_PATH = instance("a path", str, Path)


class JsonLines(Exporter):
    """Appends each span to a file as one line, in one write, so that threads and processes may share it.

    A network file system may mix the lines of several machines; there, give each its own file.
    """

    def __init__(self, path: str | Path) -> None:
        _PATH.check("path", path)
        self.path = Path(path).absolute()
        self._lock = threading.Lock()

    def ended(self, span: Span, began: Any = None) -> None:
        """Write a line."""
        line = span.to_json().encode() + b"\n"
        with self._lock, self.path.open("ab", buffering=0) as file:
            file.write(line)

    def spans(self) -> Iterator[Span]:
        """The spans of the file, in its order; a damaged line is named by its number."""
        if not self.path.is_file():
            raise InvalidInput("path", str(self.path), "a file of spans")
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield Span.from_json(line)
                except InvalidInput as error:
                    raise InvalidInput(f"{self.path}:{number} {error.field}", error.value, error.accepted) from None
