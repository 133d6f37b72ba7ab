"""The repository: prompt files by name, in folders of which the first that has a name wins.

`team/summary` is the file `team/summary.prompt`, its variant `short` the file `team/summary.short.prompt`. A partial
is a file that starts with `_`, beside the prompt or at the top of a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiapp.core.errors import InvalidInput
from aiapp.core.request import Tool
from aiapp.prompts.front_matter import description_of
from aiapp.prompts.history import Revision, revisions, text_at
from aiapp.prompts.parsing import Partial
from aiapp.prompts.picoschema import Schemas
from aiapp.prompts.position import Position
from aiapp.prompts.prompt import Prompt

_PACKAGE = Path(__file__).parents[1]
_ENDING = ".prompt"
FOLDERS = "AIAPP_PROMPTS"
"""The environment variable that names folders whose prompts stand before those that ship."""


def packaged_prompts() -> Path:
    """The folder of the prompts that ship with aiapp: in the package of a wheel, else at the top of the checkout."""
    shipped = _PACKAGE / "_prompts"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "prompts"


@dataclass(frozen=True, slots=True)
class PromptFile:
    """Where a prompt lies; `overrides` tells that a folder behind this one has the same name and variant."""

    name: str
    variant: str | None
    path: Path
    packaged: bool
    overrides: bool = False

    @property
    def description(self) -> str:
        """What the prompt is for, as the file says."""
        return description_of(read_text(self.path)) or ""

    @property
    def full_name(self) -> str:
        """The name, with the variant where it is one."""
        return self.name if self.variant is None else f"{self.name}.{self.variant}"


class PromptRepository:
    """The prompts of folders, the first folder first, then of those that `AIAPP_PROMPTS` names, then of aiapp.

    Files are read when they are asked for, so what changes on the disk is seen at once.
    """

    def __init__(self, *folders: str | Path, packaged: bool = True) -> None:
        named = [Path(folder) for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder] if packaged else []
        for folder in (*map(Path, folders), *named):
            if not folder.is_dir():
                raise InvalidInput("folder of prompts", str(folder), "a folder that exists")
        own = [packaged_prompts()] if packaged else []
        self.folders = (*map(Path, folders), *named, *own)

    def __iter__(self) -> Iterator[PromptFile]:
        """The files that a name can mean, by name; those that are overridden are not among them."""
        found: dict[tuple[str, str], PromptFile] = {}
        for folder in reversed(self.folders):
            packaged = folder == packaged_prompts()
            for path, relative in _files(str(folder), ""):
                name, variant = _name(relative)
                if not _is_partial(name):
                    key = (name, variant or "")
                    found[key] = PromptFile(name, variant, Path(path), packaged, key in found)
        yield from (found[key] for key in sorted(found))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all prompts."""
        return tuple(dict.fromkeys(file.name for file in self))

    def variants(self, name: str) -> tuple[str, ...]:
        """The variants of a prompt."""
        return tuple(file.variant for file in self if file.name == name and file.variant is not None)

    def path(self, name: str, variant: str | None = None) -> Path:
        """The file of a prompt."""
        full = name if variant is None else f"{name}.{variant}"
        found = self._find(full)
        if found is None:
            known = self.variants(name) if variant is not None else (file.full_name for file in self)
            what = f"variant of {name}" if variant is not None else "prompt"
            raise InvalidInput(what, variant or name, ", ".join(known) or "none, for there is none")
        return found

    def load(
        self,
        name: str,
        *,
        variant: str | None = None,
        revision: str | None = None,
        schemas: Schemas | None = None,
        tools: Iterable[Tool] = (),
    ) -> Prompt:
        """The prompt of a name, such as `quote` or `team/summary`, as it is or as it was at a revision of git."""
        path = self.path(name, variant)
        name, kind = _name(f"{name}{_ENDING}")

        def read(file: Path) -> Partial:
            if revision is None:
                return Partial(read_text(file), str(file))
            return Partial(text_at(file, revision), f"{file}@{revision}")

        def partial(wanted: str) -> Partial:
            return read(self._partial(wanted, name, path))

        own = read(path)
        return Prompt(
            own.text, name=name, variant=variant or kind, partials=partial, schemas=schemas, tools=tools, file=own.file
        )

    def history(self, name: str, variant: str | None = None) -> tuple[Revision, ...]:
        """The changes of a prompt's file, the latest first; none where it lies in no git repository."""
        return revisions(self.path(name, variant))

    def find(self, hash: str) -> PromptFile | None:
        """The prompt whose content has this hash, or one that begins with it, as a receipt or ledger names it."""
        return next((file for file in self if self._hash(file).startswith(hash)), None) if hash else None

    def _hash(self, file: PromptFile) -> str:
        try:
            return self.load(file.name, variant=file.variant).hash
        except InvalidInput:
            return ""

    def _find(self, name: str) -> Path | None:
        for folder in self.folders:
            file = folder / f"{name}{_ENDING}"
            if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
                return file
        return None

    def _partial(self, wanted: str, name: str, prompt: Path) -> Path:
        """The file of a partial: beside the prompt that holds it, else at the top of a folder."""
        above, _, last = wanted.rpartition("/")
        file = f"{above}/_{last}" if above else f"_{last}"
        here = name.rpartition("/")[0]
        found = self._find(f"{here}/{file}" if here else file) or self._find(file)
        if found is None:
            known = sorted({path.name[1 : -len(_ENDING)] for path in prompt.parent.glob(f"_*{_ENDING}")})
            raise InvalidInput("partial", wanted, ", ".join(known) or f"a file {file}{_ENDING} beside the prompt")
        return found


def read_text(file: Path) -> str:
    """The text of a prompt file."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        wrong, place = error.object[error.start : error.end], Position.of_byte(str(file), error.object, error.start)
        raise InvalidInput(str(place), wrong, "a file in UTF-8") from None


def _files(folder: str, below: str) -> Iterator[tuple[str, str]]:
    """The path of every prompt file, and its path in the folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_ENDING):
                yield entry.path, f"{below}{entry.name}"
            elif not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{below}{entry.name}/")


def _name(relative: str) -> tuple[str, str | None]:
    """The name and the variant of a file."""
    folder, slash, last = relative.removesuffix(_ENDING).rpartition("/")
    name, _, variant = last.partition(".")
    return f"{folder}{slash}{name}", variant or None


def _is_partial(name: str) -> bool:
    return name.rpartition("/")[2].startswith("_")
