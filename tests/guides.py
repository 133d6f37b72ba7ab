"""The commands that the guides in `examples/` show, with what they print: `python tests/guides.py` writes it anew.

A block of a guide is fenced as `console`: each line after `$ ` is a command, and what stands under it is its output.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDES = sorted((ROOT / "examples").glob("*.md"))
_PROGRAMS = {"python": [sys.executable], "aiapp": [sys.executable, "-c", "from aiapp.cli.main import main; main()"]}
_BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)


def rewritten(text: str) -> str:
    """The guide with the output that its commands have now."""
    return _BLOCK.sub(lambda block: "\n".join(map(_shown, _commands(block.group()))), text)


def _commands(block: str) -> list[str]:
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def _shown(command: str) -> str:
    program, *words = shlex.split(command)
    env = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*_PROGRAMS[program], *words], cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    return f"$ {command}\n{done.stdout}{done.stderr}"


if __name__ == "__main__":
    for guide in GUIDES:
        before = guide.read_text(encoding="utf-8")
        guide.write_text(rewritten(before), encoding="utf-8")
        print(f"{guide.relative_to(ROOT)}: {'as it was' if rewritten(before) == before else 'written anew'}")
