"""`aiapp prompts list`: the prompts there are, and what each is for."""

from __future__ import annotations

import json

from aiapp.cli.prompts.sources import AsJson, Folders, repository
from aiapp.core.errors import InvalidInput


def list_prompts(folder: Folders = None, as_json: AsJson = False) -> None:
    """List prompts by name, with their variants; + marks one that stands before another of its name."""
    from aiapp.cli.screen import screen_width

    files = list(repository(folder))
    described: list[str] = []
    for file in files:
        try:
            described.append(file.description)
        except InvalidInput as error:
            described.append(f"cannot be read: {error}")
    if as_json:
        found = [
            {
                "name": file.name,
                "variant": file.variant,
                "path": str(file.path),
                "packaged": file.packaged,
                "overrides": file.overrides,
                "description": about,
            }
            for file, about in zip(files, described, strict=True)
        ]
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    names = [f"{file.full_name}{' +' if file.overrides else ''}" for file in files]
    width = max(map(len, names), default=0)
    room = max(20, screen_width() - width - 2)
    for name, about in zip(names, described, strict=True):
        print(f"{name:<{width}}  {_cut(about, room)}")


def _cut(text: str, room: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= room else f"{line[: room - 1]}…"
