"""Where the packaged prompt files lie: beside the package in a wheel, at the top of the repository in a checkout."""

from __future__ import annotations

from pathlib import Path

from aiapp.core.errors import InvalidInput

_PACKAGE = Path(__file__).parents[1]


def packaged_prompts() -> Path:
    """The folder of the prompts that ship with aiapp."""
    shipped = _PACKAGE / "_prompts"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "prompts"


def find_prompt(name: str, folder: Path | None = None) -> Path:
    """The file of a prompt by its name, such as `quote` or `team/summary`; the user's folder comes first."""
    folders = [packaged_prompts()] if folder is None else [folder, packaged_prompts()]
    for place in folders:
        file = place / f"{name}.prompt"
        if file.is_file() and file.resolve().is_relative_to(place.resolve()):
            return file
    known = sorted(
        {path.relative_to(place).with_suffix("").as_posix() for place in folders for path in place.rglob("*.prompt")}
    )
    raise InvalidInput("prompt", name, ", ".join(known) or "a prompt of one of the folders")
