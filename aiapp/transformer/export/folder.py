"""A folder that appears whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiapp.core.errors import InvalidInput


@contextmanager
def new_folder(to: Path) -> Generator[Path]:
    """A folder to fill, which becomes `to` if nothing goes wrong until the block ends."""
    if to.exists() or to.is_symlink():
        raise InvalidInput("target folder", str(to), "a folder that does not exist yet")
    to.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=to.parent) as scratch:
        filled = Path(scratch) / "filled"
        filled.mkdir()
        yield filled
        filled.rename(to)


def write_json(path: Path, value: object) -> None:
    """Write JSON in ASCII: whatever is invisible in a text is spelt out."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
