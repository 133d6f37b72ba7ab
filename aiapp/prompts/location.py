"""Where the packaged prompt files lie: beside the package in a wheel, at the top of the repository in a checkout."""

from __future__ import annotations

from pathlib import Path

from aiapp.core.errors import InvalidInput

_PACKAGE = Path(__file__).parents[1]


def packaged_prompts() -> Path:
    """The folder of the prompts that ship with aiapp."""
    shipped = _PACKAGE / "_prompts"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "prompts"


def read_prompt(name: str, folder: Path | None = None) -> str:
    """The source of a prompt by its name, such as `quote` or `team/summary`; the user's folder comes first."""
    folders = [packaged_prompts()] if folder is None else [folder, packaged_prompts()]
    for place in folders:
        file = place / f"{name}.prompt"
        if file.is_file() and file.resolve().is_relative_to(place.resolve()):
            return _text(file)
    files = {
        path.relative_to(place).with_suffix("").as_posix() for place in folders for path in place.rglob("*.prompt")
    }
    wanted = sorted(known for known in files if _is_partial(known) == _is_partial(name))
    raise InvalidInput("prompt", name, ", ".join(wanted) or "a prompt of one of the folders")


def partial_name(name: str, prompt: str) -> str:
    """The name of the file of a partial: it lies beside the prompt that holds it, and starts with `_`."""
    return "/".join([*prompt.split("/")[:-1], f"_{name}"])


def _is_partial(name: str) -> bool:
    return name.rpartition("/")[2].startswith("_")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(str(file), error.object[error.start : error.end], "a file in UTF-8") from None
